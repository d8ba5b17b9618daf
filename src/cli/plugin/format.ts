import { dump } from 'js-yaml';
import { formatDuration } from '../../core/duration.ts';
import { GROUP, type UpdateRequest } from '../../core/update-request.ts';
import { visible } from '../../core/visible.ts';
import { formatTable } from '../table.ts';

export const OUTPUTS = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Output = (typeof OUTPUTS)[number];

export interface FormatOptions {
  readonly output: Output;
  /** For the age of requests. */
  readonly nowMs: number;
  /** Whether the namespace is a column. */
  readonly withNamespace: boolean;
  readonly colours: boolean;
  /** Whether tables have a first line with titles. */
  readonly headers: boolean;
}

const REQUEST_COLUMNS = ['NAME', 'WORKLOAD', 'CONTAINER', 'CURRENT', 'NEW', 'PHASE', 'AGE'];

const COLOURS: Readonly<Record<UpdateRequest['status']['phase'], number>> = {
  Pending: 33,
  Approved: 36,
  Completed: 32,
  Failed: 31,
  Rejected: 31,
  Expired: 90,
  Superseded: 90,
  RolledBack: 35,
};

/** A list of requests in the wanted form, as lines. */
export function formatList(requests: readonly UpdateRequest[], options: FormatOptions): readonly string[] {
  switch (options.output) {
    case 'json':
      return [JSON.stringify(toList(requests), undefined, 2)];
    case 'yaml':
      return [toYaml(toList(requests))];
    case 'name':
      return requests.map(nameOf);
    case 'table':
    case 'wide':
      return formatRequestTable(requests, options);
    default:
      return options.output satisfies never;
  }
}

/** Requests that were named, as JSON, YAML or names: one is itself, several are a list. Undefined where sentences say more. */
export function formatNamed(requests: readonly UpdateRequest[], output: Output): string | undefined {
  const [first, ...others] = requests;
  if (first === undefined) return undefined;
  const whole = others.length === 0 ? first : toList(requests);
  return formatObject(whole, () => requests.map(nameOf), output);
}

/** Anything as JSON, YAML or names; undefined where tables or sentences say more. */
export function formatObject(
  value: object,
  names: () => readonly string[],
  output: Output,
): string | undefined {
  switch (output) {
    case 'json':
      return JSON.stringify(value, undefined, 2);
    case 'yaml':
      return toYaml(value);
    case 'name':
      return names().join('\n');
    case 'table':
    case 'wide':
      return undefined;
    default:
      return output satisfies never;
  }
}

/** Whether the output is for people, so that sentences may stand around it. */
export function isForPeople(output: Output): boolean {
  return output === 'table' || output === 'wide';
}

/** A table; cells cannot steer the terminal. */
export function toTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { headers }: Pick<FormatOptions, 'headers'>,
): readonly string[] {
  const lines = formatTable(
    header,
    rows.map((row) => row.map(visible)),
  );
  return headers ? lines : lines.slice(1);
}

/** What it is about, in one line: `Deployment/web container app: nginx:1.25 -> nginx:1.26`. */
export function describeUpdate({ spec }: UpdateRequest): string {
  const container = spec.containerName === undefined ? '' : ` container ${spec.containerName}`;
  return visible(
    `${spec.targetRef.kind}/${spec.targetRef.name}${container}: ${spec.currentImage} -> ${spec.newImage}`,
  );
}

function formatRequestTable(requests: readonly UpdateRequest[], options: FormatOptions): readonly string[] {
  const wide = options.output === 'wide';
  const header = [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...REQUEST_COLUMNS,
    ...(wide ? ['POLICY', 'BY', 'MESSAGE'] : []),
  ];
  const rows = requests.map(({ metadata, spec, status }) => [
    ...(options.withNamespace ? [metadata.namespace] : []),
    metadata.name,
    `${spec.targetRef.kind}/${spec.targetRef.name}`,
    spec.containerName ?? '-',
    spec.currentImage,
    spec.newImage,
    status.phase,
    formatAge(options.nowMs - Date.parse(metadata.creationTimestamp)),
    ...(wide ? [spec.policy, status.approvedBy ?? status.rejectedBy ?? '-', status.message ?? '-'] : []),
  ]);
  const lines = toTable(header, rows, options);
  if (!options.colours) return lines;
  const first = options.headers ? 1 : 0;
  return lines.map((line, index) => paintPhase(line, requests[index - first]?.status.phase));
}

/** Colours after the columns are laid out: escape sequences have no width. */
function paintPhase(line: string, phase: UpdateRequest['status']['phase'] | undefined): string {
  if (phase === undefined) return line;
  const cell = `   ${phase}   `;
  const at = line.lastIndexOf(cell) < 0 ? -1 : line.lastIndexOf(cell) + 3;
  if (at < 0) return line;
  return `${line.slice(0, at)}\u001b[${COLOURS[phase]}m${phase}\u001b[0m${line.slice(at + phase.length)}`;
}

/** How long ago something was, as kubectl writes it: the largest unit alone, two of them while the first is small. */
export function formatAge(ageMs: number): string {
  const full = formatDuration(Math.floor(Math.max(0, ageMs) / 1000) * 1000);
  const [first = '0s', second = ''] = full.match(/\d+[a-z]+/g) ?? [];
  return Number.parseInt(first, 10) < 10 ? `${first}${second}` : first;
}

/** A request as `kubectl get -o name` writes it. */
export function nameOf({ metadata }: { readonly metadata: { readonly name: string } }): string {
  return `updaterequest.${GROUP}/${metadata.name}`;
}

function toList(items: readonly UpdateRequest[]): object {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items };
}

/** YAML as kubectl writes it, without the last line's end. */
export function toYaml(value: object): string {
  return dump(value, { noRefs: true, lineWidth: -1 }).trimEnd();
}
