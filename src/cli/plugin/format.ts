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

/** One request as JSON, YAML or its name; undefined where a sentence says more. */
export function formatOne(request: UpdateRequest, output: Output): string | undefined {
  switch (output) {
    case 'json':
      return JSON.stringify(request, undefined, 2);
    case 'yaml':
      return toYaml(request);
    case 'name':
      return nameOf(request);
    case 'table':
    case 'wide':
      return undefined;
    default:
      return output satisfies never;
  }
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
  const rows = requests.map(({ metadata, spec, status }) =>
    [
      ...(options.withNamespace ? [metadata.namespace] : []),
      metadata.name,
      `${spec.targetRef.kind}/${spec.targetRef.name}`,
      spec.containerName ?? '-',
      spec.currentImage,
      spec.newImage,
      status.phase,
      formatAge(options.nowMs - Date.parse(metadata.creationTimestamp)),
      ...(wide ? [spec.policy, status.approvedBy ?? status.rejectedBy ?? '-', status.message ?? '-'] : []),
    ].map(visible),
  );
  const [top = '', ...lines] = formatTable(header, rows);
  if (!options.colours) return [top, ...lines];
  return [top, ...lines.map((line, index) => paintPhase(line, requests[index]?.status.phase))];
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

function nameOf({ metadata }: UpdateRequest): string {
  return `updaterequest.${GROUP}/${metadata.name}`;
}

function toList(items: readonly UpdateRequest[]): object {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items };
}

/** YAML as kubectl writes it, without the last line's end. */
export function toYaml(value: object): string {
  return dump(value, { noRefs: true, lineWidth: -1 }).trimEnd();
}
