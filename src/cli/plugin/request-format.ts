import type { UpdateRequest } from '../../core/update-request.ts';
import { visible } from '../../core/visible.ts';
import { formatAge } from './format.ts';

type Fact = readonly [title: string, value: string | undefined];

/** All there is to know about a request, for people: one line for each fact. */
export function describeRequest(request: UpdateRequest, nowMs: number): readonly string[] {
  const { metadata, spec, status } = request;
  const when = (timestamp: string | undefined): string | undefined =>
    timestamp === undefined ? undefined : `${timestamp} (${distance(Date.parse(timestamp), nowMs)})`;
  const facts: readonly Fact[] = [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
    ['Workload', `${spec.targetRef.kind}/${spec.targetRef.name}`],
    [spec.updateType === 'helmChart' ? 'Chart' : 'Container', spec.containerName],
    ['Current', spec.currentImage],
    ['New', spec.newImage],
    ['Digest', spec.newDigest ?? 'not confirmed by the registry'],
    ['Policy', `${spec.policy}, ${spec.requireApproval ? 'a person approves' : 'approved by policy'}`],
    ['Rollback', spec.rollback === true ? `yes${undone(spec.undoes)}` : undefined],
    ['Reason', spec.reason],
    ['Created', when(metadata.creationTimestamp)],
    ['Expires', status.phase === 'Pending' ? when(spec.expiresAt) : undefined],
    ['Not before', when(spec.notBefore)],
    ['Phase', status.phase],
    ['Approved', decided(status.approvedBy, when(status.approvedAt))],
    ['Rejected', decided(status.rejectedBy, when(status.rejectedAt))],
    ['Message', status.message],
    ['Watch', watchOf(status.verification)],
  ];
  const conditions = (status.conditions ?? []).map(({ type, status: holds, reason, message }): Fact => [
    type,
    `${holds} (${reason}): ${message}`,
  ]);
  return layOut([...facts, ...conditions]);
}

/** Facts below each other, those without a value left out. */
export function layOut(facts: readonly Fact[]): readonly string[] {
  const known = facts.flatMap(([title, value]) =>
    value === undefined || value === '' ? [] : [{ title, value }],
  );
  const width = Math.max(0, ...known.map(({ title }) => title.length)) + 1;
  return known.map(({ title, value }) => `${`${title}:`.padEnd(width)}  ${visible(value)}`);
}

function distance(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${formatAge(atMs - nowMs)}` : `${formatAge(nowMs - atMs)} ago`;
}

function decided(by: string | undefined, at: string | undefined): string | undefined {
  if (by === undefined) return undefined;
  return at === undefined ? `by ${by}` : `by ${by} at ${at}`;
}

function undone(undoes: readonly string[] | undefined): string {
  return undoes === undefined || undoes.length === 0 ? '' : `, takes back ${undoes.join(', ')}`;
}

function watchOf(verification: UpdateRequest['status']['verification']): string | undefined {
  if (verification === undefined) return undefined;
  const { outcome, failedChecks, restoreImage } = verification;
  return outcome ?? `under way, ${failedChecks} bad checks in a row; a failure restores ${restoreImage}`;
}
