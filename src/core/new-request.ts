import type { WorkloadSettings } from './annotations.ts';
import { toTimestamp } from './clock.ts';
import { requestLabels, requestName } from './request-name.ts';
import type { Signal } from './signal.ts';
import type { UpdateRequest, UpdateRequestSpec } from './update-request.ts';
import type { Artifact, Workload } from './workload.ts';

/** On an UpdateRequest: which trigger it came from, so that it can be proposed again from where the workload is then. */
const SOURCE_ANNOTATION = 'headwind.sh/source';
const SOURCES: readonly Signal['source'][] = ['webhook', 'polling', 'discovery'];
/** On an UpdateRequest: when it was proposed, finer than creationTimestamp, which knows whole seconds only. */
export const PROPOSED_AT_ANNOTATION = 'headwind.sh/proposed-at';

/** An UpdateRequest as it is sent to the API server for creation. */
export interface NewRequest {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly { apiVersion: string; kind: string; name: string; uid: string }[];
  };
  readonly spec: UpdateRequestSpec;
}

export interface Proposal {
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly settings: WorkloadSettings;
  readonly source: Signal['source'];
  readonly newImage: string;
  readonly newDigest: string | undefined;
  readonly reason: string;
  /** Counts the earlier requests for the same update that have ended. */
  readonly attempt: number;
  readonly nowMs: number;
  /** 0: it never expires. */
  readonly expiryMs: number;
}

/** The request that stands for a proposal; the same proposal always has the same name. */
export function toNewRequest(proposal: Proposal): NewRequest {
  const { workload, artifact, settings, newImage, newDigest, reason, attempt, nowMs, expiryMs } = proposal;
  const { kind, apiVersion, namespace, name, uid } = workload;
  const currentImage = artifact.image;
  return {
    metadata: {
      name: requestName({
        target: workload,
        artifact: artifact.name,
        currentImage,
        newImage,
        newDigest,
        attempt,
      }),
      namespace,
      labels: requestLabels(workload, artifact.name),
      annotations: {
        [SOURCE_ANNOTATION]: proposal.source,
        [PROPOSED_AT_ANNOTATION]: new Date(nowMs).toISOString(),
      },
      ownerReferences: [{ apiVersion, kind, name, uid }],
    },
    spec: {
      targetRef: { apiVersion, kind, name, namespace },
      updateType: artifact.type === 'chart' ? 'helmChart' : 'image',
      containerName: artifact.name,
      currentImage,
      newImage,
      policy: settings.policy,
      reason,
      requireApproval: settings.requireApproval,
      ...(expiryMs > 0 ? { expiresAt: toTimestamp(nowMs + expiryMs) } : {}),
      ...(newDigest === undefined ? {} : { newDigest }),
    },
  };
}

/** The trigger that a request came from; undefined for one that a person wrote. */
export function sourceOf({ metadata }: UpdateRequest): Signal['source'] | undefined {
  const source = metadata.annotations?.[SOURCE_ANNOTATION];
  return SOURCES.find((known) => known === source);
}

/** When a request was proposed, in milliseconds since the Unix epoch. */
export function proposedAtMs({ metadata }: UpdateRequest): number {
  const created = Date.parse(metadata.creationTimestamp);
  const proposed = Date.parse(metadata.annotations?.[PROPOSED_AT_ANNOTATION] ?? '');
  return Number.isNaN(proposed) ? created : proposed;
}

/** Whether a request is about this very workload, and not about an earlier one of the same name. */
export function isAbout(request: UpdateRequest, workload: Pick<Workload, 'uid'>): boolean {
  const owners = request.metadata.ownerReferences ?? [];
  return owners.length === 0 || owners.some(({ uid }) => uid === workload.uid);
}
