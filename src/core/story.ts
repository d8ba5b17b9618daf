import { proposedAtMs, sourceOf } from './new-request.ts';
import { APPROVED_BY_POLICY, type UpdateRequest } from './update-request.ts';

/** One thing that happened to a request. */
export interface StoryEvent {
  /** RFC 3339. */
  readonly at: string;
  readonly what:
    | 'proposed'
    | 'verified'
    | 'unverified'
    | 'approved'
    | 'waits'
    | 'applied'
    | 'healthy'
    | 'unhealthy'
    | 'watched'
    | 'ended';
  readonly title: string;
  readonly detail?: string | undefined;
}

const SOURCES: Readonly<Record<string, string>> = {
  webhook: 'Told by a webhook',
  polling: 'Found by polling',
  discovery: 'Found in the chart repository',
};

/** What happened to a request, in order, as far as it says so itself. */
export function storyOf(request: UpdateRequest): readonly StoryEvent[] {
  return [
    proposed(request),
    verified(request),
    approved(request),
    waits(request),
    applied(request),
    health(request),
    ended(request),
  ].flatMap((event) => event ?? []);
}

function proposed(request: UpdateRequest): StoryEvent {
  const source = sourceOf(request);
  const origin = source === undefined ? 'Written by somebody' : (SOURCES[source] ?? source);
  const title = request.spec.rollback === true ? 'Rollback ordered' : origin;
  return {
    at: new Date(proposedAtMs(request)).toISOString(),
    what: 'proposed',
    title,
    detail: request.spec.reason,
  };
}

function verified(request: UpdateRequest): StoryEvent | undefined {
  const { newDigest, updateType, rollback } = request.spec;
  if (rollback === true || updateType === 'helmChart') return undefined;
  const at = new Date(proposedAtMs(request)).toISOString();
  return newDigest === undefined
    ? { at, what: 'unverified', title: 'Not verified by the registry' }
    : { at, what: 'verified', title: 'Verified by the registry', detail: newDigest };
}

function approved({ status }: UpdateRequest): StoryEvent | undefined {
  const { approvedAt: at, approvedBy } = status;
  if (at === undefined) return undefined;
  const byPolicy = approvedBy === APPROVED_BY_POLICY;
  return {
    at,
    what: 'approved',
    title: byPolicy ? 'Approved by policy' : `Approved by ${approvedBy ?? 'somebody'}`,
    detail: byPolicy ? 'No approval is required.' : undefined,
  };
}

function waits({ status }: UpdateRequest): StoryEvent | undefined {
  const applied = status.conditions?.find(({ type }) => type === 'Applied');
  if (status.phase !== 'Approved' || applied === undefined || applied.status === 'True') return undefined;
  return { at: applied.lastTransitionTime, what: 'waits', title: 'Waits', detail: applied.message };
}

function applied({ status, spec }: UpdateRequest): StoryEvent | undefined {
  if (status.startedAt === undefined) return undefined;
  const before = status.previousImage ?? spec.currentImage;
  return {
    at: status.startedAt,
    what: 'applied',
    title: 'Workload patched',
    detail: `${before} → ${spec.newImage}`,
  };
}

function health({ status }: UpdateRequest): StoryEvent | undefined {
  const condition = status.conditions?.find(({ type }) => type === 'Healthy');
  if (condition === undefined || status.phase === 'RolledBack') return undefined;
  const at = condition.lastTransitionTime;
  const detail = condition.message;
  if (condition.status === 'True') return { at, what: 'healthy', title: 'Rollout healthy', detail };
  if (condition.status === 'False') return { at, what: 'unhealthy', title: 'Rollout unhealthy', detail };
  return { at, what: 'watched', title: 'Rollout under watch', detail };
}

const ENDINGS: Partial<Record<UpdateRequest['status']['phase'], string>> = {
  Failed: 'Failed',
  Expired: 'Expired',
  Superseded: 'Superseded',
  RolledBack: 'Rolled back',
};

function ended({ status }: UpdateRequest): StoryEvent | undefined {
  if (status.phase === 'Rejected' && status.rejectedAt !== undefined) {
    const title = `Rejected by ${status.rejectedBy ?? 'somebody'}`;
    return { at: status.rejectedAt, what: 'ended', title, detail: status.message };
  }
  const title = ENDINGS[status.phase];
  if (title === undefined || status.lastUpdated === undefined) return undefined;
  return { at: status.lastUpdated, what: 'ended', title, detail: status.message };
}
