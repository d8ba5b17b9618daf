import { visible } from '../../core/visible.ts';
import type { WorkloadView } from '../../http/api-shapes.ts';
import { FailedError, UsageError } from '../exit.ts';
import type { Explanation, WorkloadName } from './backend.ts';
import { formatAge, formatObject, toTable, type FormatOptions } from './format.ts';
import { formatWorkloadName } from './names.ts';
import type { Session } from './session.ts';

type ArtifactView = WorkloadView['artifacts'][number];

/** Says why workloads do not update: those that are named in detail, others as a table. */
export async function explain(session: Session, names: readonly WorkloadName[]): Promise<void> {
  const { backend, terminal, options, scope, format } = session;
  const { selector, container } = options;
  if (names.length > 0 && (options.allNamespaces || selector !== undefined))
    throw new UsageError('name workloads, or select them with -A and -l, not both');
  const told = await backend.explain({ namespace: scope, names, selector });
  const workloads = ofContainer(told.workloads, container);
  const explanation: Explanation = { ...told, workloads };
  const text = formatObject(explanation, () => workloads.map(formatWorkloadName), format.output);
  if (text !== undefined) {
    if (text !== '') terminal.out(text);
    return;
  }
  if (workloads.length === 0) {
    const where = scope === undefined ? 'in any namespace' : `in namespace "${scope}"`;
    terminal.err(`No workloads with headwind.sh/policy ${where}.`);
  } else {
    const lines = names.length > 0 ? inDetail(workloads, format.nowMs) : asTable(workloads, format);
    for (const line of lines) terminal.out(line);
  }
  for (const note of told.notes) terminal.err(`Note: ${visible(note)}.`);
}

function ofContainer(
  workloads: readonly WorkloadView[],
  container: string | undefined,
): readonly WorkloadView[] {
  if (container === undefined) return workloads;
  const narrowed = workloads.flatMap((workload) => {
    const artifacts = workload.artifacts.filter(({ name }) => name === container);
    return artifacts.length === 0 ? [] : [{ ...workload, artifacts }];
  });
  if (narrowed.length === 0 && workloads.length > 0)
    throw new FailedError(`no workload here has a container ${container}`);
  return narrowed;
}

function asTable(workloads: readonly WorkloadView[], options: FormatOptions): readonly string[] {
  const wide = options.output === 'wide';
  const header = [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    'WORKLOAD',
    'CONTAINER',
    'RUNS',
    'POLICY',
    'REQUEST',
    'WAITS FOR',
    ...(wide ? ['WHY'] : []),
  ];
  const rows = workloads.flatMap((workload) =>
    workload.artifacts.map((artifact) => [
      ...(options.withNamespace ? [workload.namespace] : []),
      `${workload.kind}/${workload.name}`,
      artifact.name,
      artifact.image,
      workload.policy,
      artifact.openRequest ?? '-',
      artifact.blockers.map(({ code }) => code).join(',') || waitsForNothing(artifact),
      ...(wide ? [artifact.blockers.map(({ message }) => message).join('; ') || '-'] : []),
    ]),
  );
  return toTable(header, rows, options);
}

function waitsForNothing({ openRequest }: ArtifactView): string {
  return openRequest === undefined ? 'a new version' : 'its turn';
}

function inDetail(workloads: readonly WorkloadView[], nowMs: number): readonly string[] {
  return workloads.flatMap((workload, index) => [
    ...(index === 0 ? [] : ['']),
    ...describeWorkload(workload, nowMs),
  ]);
}

function describeWorkload(workload: WorkloadView, nowMs: number): readonly string[] {
  const { kind, namespace, name, policy, paused, artifacts } = workload;
  const first = `${kind} ${namespace}/${name}: policy ${policy}${paused ? ', paused' : ''}`;
  const lines = artifacts.flatMap((artifact) => describeArtifact(artifact, nowMs));
  return [first, ...(lines.length === 0 ? ['  it has nothing to update'] : lines)].map(visible);
}

function describeArtifact(artifact: ArtifactView, nowMs: number): readonly string[] {
  const { type, name, image, running, blockers, openRequest, decision, holds } = artifact;
  const what = type === 'chart' ? 'chart' : type === 'initContainer' ? 'init container' : 'container';
  const runs = running === undefined ? `runs ${image}` : `is set to ${image}, runs ${running}`;
  const waits =
    blockers.length === 0
      ? [`    waits for ${waitsForNothing(artifact)}`]
      : blockers.map((blocker) => `    waits: ${describeBlocker(blocker, nowMs)}`);
  return [
    `  ${what} ${name} ${runs}`,
    ...(openRequest === undefined ? [] : [`    open request: ${openRequest}`]),
    ...waits,
    ...holds.map(
      ({ version, why, by, request }) =>
        `    held: ${version} was ${why}${by === undefined ? '' : ` by ${by}`} (${request})`,
    ),
    ...(decision === undefined ? [] : [`    last decision: ${describeDecision(decision)}`]),
  ];
}

function describeBlocker(
  { code, message, liftsAt }: ArtifactView['blockers'][number],
  nowMs: number,
): string {
  if (liftsAt === undefined) return `${code}: ${message}`;
  const inMs = Date.parse(liftsAt) - nowMs;
  return `${code}: ${message}; until ${liftsAt}${inMs > 0 ? ` (in ${formatAge(inMs)})` : ''}`;
}

function describeDecision({
  at,
  action,
  candidate,
  verified,
  reason,
}: NonNullable<ArtifactView['decision']>): string {
  const about = candidate === undefined ? '' : ` on ${candidate}`;
  const unverified = action === 'update' && verified === false ? ', not verified' : '';
  return `${at}${about}: ${action}${unverified}; ${reason}`;
}
