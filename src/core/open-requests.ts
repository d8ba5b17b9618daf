import { requestedTag } from './artifact-reference.ts';
import { proposedAtMs } from './new-request.ts';
import { compareForPolicy, type Policy } from './policy.ts';
import { APPROVED_BY_POLICY, type UpdateRequest } from './update-request.ts';

/** Whether the request may still change its workload. */
export function isOpen(request: UpdateRequest): boolean {
  return request.status.phase === 'Pending' || request.status.phase === 'Approved';
}

/**
 * Whether a newer candidate may take the request's place: nobody has put their name under it yet. A rollback neither takes
 * another's place nor gives its own away.
 */
export function isReplaceable(request: UpdateRequest): boolean {
  const { phase, approvedBy } = request.status;
  if (request.spec.rollback === true) return false;
  return phase === 'Pending' || (phase === 'Approved' && approvedBy === APPROVED_BY_POLICY);
}

/**
 * The open request, among those of the same artifact, that takes this one's place; undefined if none does. One that
 * starts from another image is not comparable: of those two, one no longer fits what runs, and ends by itself.
 */
export function findSuccessor(
  request: UpdateRequest,
  siblings: readonly UpdateRequest[],
): UpdateRequest | undefined {
  if (!isReplaceable(request)) return undefined;
  return siblings.find(
    (other) =>
      other.metadata.uid !== request.metadata.uid &&
      other.spec.currentImage === request.spec.currentImage &&
      other.spec.rollback !== true &&
      isOpen(other) &&
      isNewerRequest(other, request),
  );
}

/**
 * The open request for a version above `tag`; where the two cannot be ordered there is none. Under `force` what was
 * pushed last wins, so that no version is above another.
 */
export function findNewerOpen(
  requests: readonly UpdateRequest[],
  tag: string,
  policy: Policy,
): UpdateRequest | undefined {
  if (policy === 'force') return undefined;
  return requests.find(
    (request) =>
      isOpen(request) && request.spec.rollback !== true && (orderOf(tagOf(request), tag, policy) ?? 0) > 0,
  );
}

/** The open request that asks for exactly this; an unknown digest on either side does not tell two apart. */
export function findSameOpen(
  requests: readonly UpdateRequest[],
  wanted: { readonly newImage: string; readonly newDigest: string | undefined },
): UpdateRequest | undefined {
  return requests.find((request) => {
    if (!isOpen(request) || request.spec.newImage !== wanted.newImage) return false;
    const known = request.spec.newDigest;
    return known === undefined || wanted.newDigest === undefined || known === wanted.newDigest;
  });
}

/**
 * Whether `done` brought a version above that of `held`, so that policy itself keeps the held one away. Under `force`
 * nothing is above anything.
 */
export function isOutgrown(held: UpdateRequest, done: UpdateRequest): boolean {
  const { policy } = held.spec;
  if (policy === 'force' || done.status.phase !== 'Completed') return false;
  return (orderOf(tagOf(done), tagOf(held), policy) ?? 0) > 0;
}

/** The higher version is the newer request; where versions say nothing, the one that was made later. */
function isNewerRequest(a: UpdateRequest, b: UpdateRequest): boolean {
  const { policy } = a.spec;
  const byVersion = policy === 'force' ? 0 : (orderOf(tagOf(a), tagOf(b), policy) ?? 0);
  if (byVersion !== 0) return byVersion > 0;
  const byAge = proposedAtMs(a) - proposedAtMs(b);
  // Two of the same instant: the name decides, so that every replica decides alike.
  return byAge === 0 ? a.metadata.name > b.metadata.name : byAge > 0;
}

function orderOf(a: string | undefined, b: string | undefined, policy: Policy): number | undefined {
  return a === undefined || b === undefined ? undefined : compareForPolicy(a, b, policy);
}

function tagOf(request: UpdateRequest): string | undefined {
  return requestedTag(request.spec);
}
