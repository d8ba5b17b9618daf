import { parseImageReference } from './image-reference.ts';
import type { UpdateRequest } from './update-request.ts';

/** On an UpdateRequest that is a hold: a person said that the version may be proposed again. */
export const HOLD_RELEASED_ANNOTATION = 'headwind.sh/hold-released';

/** Whether this request keeps its version from being proposed again: a person or a failed rollout said no to it. */
export function isHold(request: UpdateRequest): boolean {
  const refused = request.status.phase === 'Rejected' || request.status.phase === 'RolledBack';
  return refused && request.metadata.annotations?.[HOLD_RELEASED_ANNOTATION] !== 'true';
}

export interface VersionInQuestion {
  /** The image that runs, as written. */
  readonly currentImage: string;
  readonly tag: string;
  /** As confirmed by the registry, once it has been asked. */
  readonly digest: string | undefined;
}

/**
 * The request that holds this version back, among all requests of the artifact. Where the tag changes, the tag is the
 * version, so that pushing a refused tag anew does not bring it back; under an unchanged tag the digest is.
 */
export function findHold(
  requests: readonly UpdateRequest[],
  version: VersionInQuestion,
): UpdateRequest | undefined {
  return requests.find(
    (request) => (isHold(request) && concerns(request, version)) || wasTakenBack(request, version),
  );
}

function concerns(request: UpdateRequest, version: VersionInQuestion): boolean {
  const refused = parseImageReference(request.spec.newImage);
  const before = parseImageReference(request.spec.currentImage);
  if (!refused.ok || !before.ok || refused.value.tag !== version.tag) return false;
  const tagChanged = refused.value.tag !== before.value.tag;
  return tagChanged || (version.digest !== undefined && version.digest === digestOf(request));
}

/** Somebody moved the workload back by hand after this request had been completed: as good as a no. */
function wasTakenBack(request: UpdateRequest, version: VersionInQuestion): boolean {
  if (request.status.phase !== 'Completed' || request.spec.rollback === true) return false;
  if (request.metadata.annotations?.[HOLD_RELEASED_ANNOTATION] === 'true') return false;
  if (request.spec.currentImage !== version.currentImage || !concerns(request, version)) return false;
  const digest = digestOf(request);
  return digest === undefined || version.digest === undefined || digest === version.digest;
}

function digestOf(request: UpdateRequest): string | undefined {
  const reference = parseImageReference(request.spec.newImage);
  return request.spec.newDigest ?? (reference.ok ? reference.value.digest : undefined);
}
