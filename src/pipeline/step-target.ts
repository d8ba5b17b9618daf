import { ANNOTATION, settingsOf } from '../core/annotations.ts';
import { isSameRollout, parseHistory, wasAppliedBy } from '../core/history.ts';
import type { Target } from '../core/next-step.ts';
import { applicationId } from '../core/release-chart.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Artifact, Workload } from '../core/workload.ts';

/** A release whose source is not known has a chart without a name: it may be the one that is meant. */
function artifactOf({ spec }: UpdateRequest, { artifacts }: Workload): Artifact | undefined {
  const named = artifacts.find(({ name }) => name === spec.containerName);
  return named ?? artifacts.find(({ release }) => release?.unresolved === true);
}

/** What of a workload decides about the next step of one of its requests. */
export function toTarget(request: UpdateRequest, workload: Workload): Target {
  const { annotations } = workload;
  const history = parseHistory(annotations[ANNOTATION.updateHistory]);
  const artifact = artifactOf(request, workload);
  const appliedBy = artifact?.release?.sourceState?.appliedBy;
  return {
    ...settingsOf(workload),
    annotated: annotations[ANNOTATION.policy] !== undefined,
    artifact,
    appliedByThis: wasAppliedBy(history, request.metadata.name),
    sameRollout: isSameRollout(history, request.spec),
    ...(appliedBy === undefined ? {} : { halfAppliedByThis: appliedBy === applicationId(request) }),
    ...(workload.suspended === undefined ? {} : { suspended: workload.suspended }),
  };
}
