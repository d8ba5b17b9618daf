import { parseAnnotations } from '../core/annotations.ts';
import type { Clock } from '../core/clock.ts';
import type { Rollout } from '../core/rollout.ts';
import type { UpdateRequest, UpdateRequestStatus } from '../core/update-request.ts';
import { baselineOf, isPlanned, planVerification } from '../core/verification-plan.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import { artifactKey, type RequestStore } from './request-store.ts';

export interface VerificationPlanner {
  /**
   * The status that has to stand in the request before its workload is patched; undefined where nothing is missing: it is
   * there, or the rollout is not going to be watched. Throws when Kubernetes cannot answer.
   */
  plan(
    request: UpdateRequest,
    workload: Workload,
    artifact: Artifact,
  ): Promise<UpdateRequestStatus | undefined>;
}

/** Looks at how a workload is before it is updated, since afterwards nobody can tell. */
export function createVerificationPlanner(options: {
  readonly requests: Pick<RequestStore, 'ofArtifact'>;
  readonly readRollout: (workload: Workload) => Promise<Rollout | undefined>;
  readonly clock: Clock;
}): VerificationPlanner {
  const { requests, readRollout, clock } = options;
  return {
    async plan(request, workload, artifact) {
      const { settings } = parseAnnotations(workload.annotations);
      if (!settings.autoRollback || request.spec.rollback === true) return undefined;
      if (isPlanned(request, clock.now())) return undefined;
      const rollout = await readRollout(workload);
      if (rollout === undefined) return undefined;
      const others = workload.artifacts
        .flatMap(({ name }) => requests.ofArtifact(artifactKey(workload, name)))
        .filter(({ metadata }) => metadata.uid !== request.metadata.uid);
      const baseline = baselineOf(rollout, clock.now());
      const verification = planVerification({ artifact, others, baseline });
      return { ...request.status, verification };
    },
  };
}
