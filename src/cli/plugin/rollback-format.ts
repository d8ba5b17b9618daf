import { visible } from '../../core/visible.ts';
import { FailedError } from '../exit.ts';
import type { PlacedHold, RollbackReport, WorkloadHistory } from './backend.ts';
import { formatAge, formatObject, nameOf, toTable, type FormatOptions, type Output } from './format.ts';
import { formatWorkloadName } from './names.ts';

const HOLD_COLUMNS = ['REQUEST', 'WORKLOAD', 'CONTAINER', 'HELD', 'WHY', 'BY', 'AGE'];

/** What the history of a workload, or of one of its containers, looks like in the wanted form, as lines. */
export function formatHistory(
  history: WorkloadHistory,
  {
    output,
    container,
    headers,
  }: Pick<FormatOptions, 'output' | 'headers'> & { readonly container: string | undefined },
): readonly string[] {
  const narrowed = ofContainer(history, container);
  const names = (): readonly string[] => [formatWorkloadName(narrowed)];
  const text = formatObject(narrowed, names, output);
  return text === undefined ? historyTable(narrowed, { headers }) : [text];
}

/** What a rollback does in the wanted form; undefined where sentences say more. */
export function formatRollback(report: RollbackReport, output: Output, dryRun: boolean): string | undefined {
  const { request, ...plan } = report;
  const status =
    request === undefined ? {} : { updateRequest: request.metadata.name, status: request.status };
  const told = { ...plan, dryRun, ...status };
  return formatObject(told, () => (request === undefined ? [] : [nameOf(request)]), output);
}

/** `Deployment/web container app: nginx:1.26 -> nginx:1.25`, and what that takes back. */
export function describeRollback(report: RollbackReport): readonly string[] {
  const { kind, workload, container, previousImage, image, takesBack } = report;
  const what = `${kind}/${workload} container ${container}: ${previousImage} -> ${image}`;
  return [what, ...(takesBack.length === 0 ? [] : [`takes back ${takesBack.join(', ')}`])].map(visible);
}

/** All holds in the wanted form, as lines. */
export function formatHolds(holds: readonly PlacedHold[], options: FormatOptions): readonly string[] {
  const names = (): readonly string[] => holds.map(({ request }) => nameOf({ metadata: { name: request } }));
  const text = formatObject(holds, names, options.output);
  return text === undefined ? holdsTable(holds, options) : text === '' ? [] : [text];
}

function ofContainer(history: WorkloadHistory, container: string | undefined): WorkloadHistory {
  if (container === undefined) return history;
  const containers = history.containers.filter((one) => one.container === container);
  const entries = history.entries.filter((entry) => entry.container === container);
  if (containers.length > 0 || entries.length > 0) return { ...history, containers, entries };
  const names = history.containers.map((one) => one.container).join(', ');
  throw new FailedError(`${history.kind}/${history.name} has no container ${container}; it has ${names}`);
}

function historyTable(
  { entries, containers }: WorkloadHistory,
  options: Pick<FormatOptions, 'headers'>,
): readonly string[] {
  const header = ['INDEX', 'CONTAINER', 'IMAGE', 'TIMESTAMP', 'APPROVED BY', 'UPDATE REQUEST'];
  const recorded = new Set(entries.filter(({ index }) => index === 0).map(({ container }) => container));
  const byHand = containers
    .filter(({ container }) => !recorded.has(container))
    .map(({ container, image }) => ['0', container, image, 'not by Headwind', 'N/A', 'N/A']);
  const rows = entries.map(({ index, container, image, timestamp, approvedBy, updateRequestName }) => [
    String(index),
    container,
    image,
    timestamp,
    approvedBy ?? 'N/A',
    updateRequestName ?? 'N/A',
  ]);
  return toTable(header, [...byHand, ...rows], options);
}

function holdsTable(holds: readonly PlacedHold[], options: FormatOptions): readonly string[] {
  const wide = options.output === 'wide';
  const header = [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...HOLD_COLUMNS,
    ...(wide ? ['MESSAGE'] : []),
  ];
  const rows = holds.map((hold) => [
    ...(options.withNamespace ? [hold.namespace] : []),
    hold.request,
    `${hold.kind}/${hold.workload}`,
    hold.artifact,
    hold.image,
    hold.why,
    hold.by ?? '-',
    hold.at === undefined ? '-' : formatAge(options.nowMs - Date.parse(hold.at)),
    ...(wide ? [hold.message ?? '-'] : []),
  ]);
  return toTable(header, rows, options);
}
