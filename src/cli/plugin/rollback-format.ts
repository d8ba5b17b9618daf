import { GROUP } from '../../core/update-request.ts';
import { visible } from '../../core/visible.ts';
import { FailedError, UsageError } from '../exit.ts';
import { formatTable } from '../table.ts';
import type { PlacedHold, RollbackReport, WorkloadHistory } from './backend.ts';
import { formatAge, toYaml, type FormatOptions, type Output } from './format.ts';

const HOLD_COLUMNS = ['REQUEST', 'WORKLOAD', 'CONTAINER', 'HELD', 'WHY', 'BY', 'AGE'];

/** What the history of a workload, or of one of its containers, looks like in the wanted form, as lines. */
export function formatHistory(
  history: WorkloadHistory,
  { output, container }: { readonly output: Output; readonly container: string | undefined },
): readonly string[] {
  const narrowed = ofContainer(history, container);
  switch (output) {
    case 'json':
      return [JSON.stringify(narrowed, undefined, 2)];
    case 'yaml':
      return [toYaml(narrowed)];
    case 'name':
      throw new UsageError('--output name does not go with history');
    case 'table':
    case 'wide':
      return historyTable(narrowed);
    default:
      return output satisfies never;
  }
}

/** What a rollback does in the wanted form; undefined where sentences say more. */
export function formatRollback(report: RollbackReport, output: Output, dryRun: boolean): string | undefined {
  const { request, ...plan } = report;
  const status =
    request === undefined ? {} : { updateRequest: request.metadata.name, status: request.status };
  const told = { ...plan, dryRun, ...status };
  if (output === 'json') return JSON.stringify(told, undefined, 2);
  if (output === 'yaml') return toYaml(told);
  if (output !== 'name') return undefined;
  return request === undefined ? '' : `updaterequest.${GROUP}/${request.metadata.name}`;
}

/** `Deployment/web container app: nginx:1.26 -> nginx:1.25`, and what that takes back. */
export function describeRollback(report: RollbackReport): readonly string[] {
  const { kind, workload, container, previousImage, image, takesBack } = report;
  const what = `${kind}/${workload} container ${container}: ${previousImage} -> ${image}`;
  return [what, ...(takesBack.length === 0 ? [] : [`takes back ${takesBack.join(', ')}`])].map(visible);
}

/** All holds in the wanted form, as lines. */
export function formatHolds(holds: readonly PlacedHold[], options: FormatOptions): readonly string[] {
  switch (options.output) {
    case 'json':
      return [JSON.stringify(holds, undefined, 2)];
    case 'yaml':
      return [toYaml(holds)];
    case 'name':
      return holds.map(({ request }) => `updaterequest.${GROUP}/${request}`);
    case 'table':
    case 'wide':
      return holdsTable(holds, options);
    default:
      return options.output satisfies never;
  }
}

function ofContainer(history: WorkloadHistory, container: string | undefined): WorkloadHistory {
  if (container === undefined) return history;
  const containers = history.containers.filter((one) => one.container === container);
  const entries = history.entries.filter((entry) => entry.container === container);
  if (containers.length > 0 || entries.length > 0) return { ...history, containers, entries };
  const names = history.containers.map((one) => one.container).join(', ');
  throw new FailedError(`${history.kind}/${history.name} has no container ${container}; it has ${names}`);
}

function historyTable({ entries, containers }: WorkloadHistory): readonly string[] {
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
  return formatTable(
    header,
    [...byHand, ...rows].map((row) => row.map(visible)),
  );
}

function holdsTable(holds: readonly PlacedHold[], options: FormatOptions): readonly string[] {
  const wide = options.output === 'wide';
  const header = [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...HOLD_COLUMNS,
    ...(wide ? ['MESSAGE'] : []),
  ];
  const rows = holds.map((hold) =>
    [
      ...(options.withNamespace ? [hold.namespace] : []),
      hold.request,
      `${hold.kind}/${hold.workload}`,
      hold.artifact,
      hold.image,
      hold.why,
      hold.by ?? '-',
      hold.at === undefined ? '-' : formatAge(options.nowMs - Date.parse(hold.at)),
      ...(wide ? [hold.message ?? '-'] : []),
    ].map(visible),
  );
  return formatTable(header, rows);
}
