import { ANNOTATION, parseAnnotations } from './annotations.ts';
import { isAbout } from './new-request.ts';
import type { UpdateRequest } from './update-request.ts';
import type { Workload } from './workload.ts';

/** Why nobody but a person may go on with a workload whose rollout was being watched. */
export interface TakenOver {
  /** One word in CamelCase, for conditions. */
  readonly reason: string;
  readonly message: string;
}

export interface TakenOverQuestion {
  readonly request: UpdateRequest;
  /** As it is now; undefined if it is gone, or has no policy any more. */
  readonly workload: Workload | undefined;
  /** The other requests of the same artifact. */
  readonly siblings: readonly UpdateRequest[];
}

/**
 * Whether somebody has taken over since the update was applied: then the watch over it ends, and nothing is rolled back,
 * however the rollout goes on. Undefined if nobody has.
 */
export function takenOver({ request, workload, siblings }: TakenOverQuestion): TakenOver | undefined {
  const annotated = workload?.annotations[ANNOTATION.policy] !== undefined;
  if (workload === undefined || !annotated || !isAbout(request, workload))
    return {
      reason: 'WorkloadGone',
      message: 'The workload is gone, or no longer carries headwind.sh/policy',
    };
  // What a release runs cannot be said while its source is not known: that is not somebody's doing.
  if (workload.artifacts.some(({ release }) => release?.unresolved === true)) return undefined;
  const artifact = workload.artifacts.find(({ name }) => name === request.spec.containerName);
  if (artifact === undefined)
    return { reason: 'ImageChanged', message: `${request.spec.containerName ?? ''} is no longer there` };
  if (artifact.image !== request.spec.newImage) return changed(artifact.image, siblings);
  const { settings } = parseAnnotations(workload.annotations);
  if (settings.paused)
    return { reason: 'Paused', message: `${ANNOTATION.paused} was set: the workload is left as it is` };
  if (!settings.autoRollback)
    return { reason: 'AutoRollbackOff', message: `${ANNOTATION.autoRollback} is no longer "true"` };
  return undefined;
}

function changed(image: string, siblings: readonly UpdateRequest[]): TakenOver {
  const next = siblings.find(
    ({ spec, status }) =>
      spec.newImage === image && (status.phase === 'Completed' || status.phase === 'Approved'),
  );
  if (next === undefined)
    return { reason: 'ImageChanged', message: `Somebody changed the image to ${image}` };
  const message = `UpdateRequest ${next.metadata.name} has brought ${image} since`;
  return { reason: 'Superseded', message };
}
