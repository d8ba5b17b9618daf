import { ANNOTATION } from '../core/annotations.ts';
import { toTimestamp, type Clock } from '../core/clock.ts';
import { formatHistory, parseHistory, recordUpdate } from '../core/history.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isAbsent, KubernetesError, lacksRight } from '../kubernetes/errors.ts';
import { WORKLOAD_KINDS, type WorkloadKindDescriptor } from '../kubernetes/kinds.ts';
import { isStatus } from './request-store.ts';

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly previousImage: string; readonly atMs: number }
  /** Somebody changed the workload since it was read: read it again and decide again. */
  | { readonly kind: 'conflict' }
  /** The API server, or an admission webhook behind it, refuses for good. */
  | { readonly kind: 'refused'; readonly message: string };

export interface Applier {
  /** Reads the workload that a request is about; undefined if there is none. Throws when the API server cannot answer. */
  read(request: UpdateRequest): Promise<Workload | undefined>;
  /** Gives one container of the workload, exactly as it was read, the request's new image. Throws when it is not known whether it worked. */
  apply(request: UpdateRequest, workload: Workload, artifact: Artifact): Promise<ApplyOutcome>;
}

/** Statuses after which trying the same again cannot help: a malformed patch, a refusing admission webhook. */
const REFUSALS = [400, 403, 404, 405, 415, 422];

/** The only place that patches a workload. */
export function createApplier(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
}): Applier {
  const { client, clock } = options;
  return {
    async read({ spec }) {
      const kind = kindOf(spec.targetRef.kind);
      if (kind === undefined) return undefined;
      try {
        const path = kind.objectPath(spec.targetRef.namespace, spec.targetRef.name);
        return kind.read(await client.request({ method: 'GET', path }));
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    async apply(request, workload, artifact) {
      const kind = kindOf(workload.kind);
      if (kind === undefined) return { kind: 'refused', message: `${workload.kind} is not handled` };
      const atMs = clock.now();
      const annotations = annotationsAfter(request, workload, artifact, atMs);
      const { resourceVersion } = workload;
      const patch = kind.patch({ artifact, image: request.spec.newImage, annotations, resourceVersion });
      try {
        const path = kind.objectPath(workload.namespace, workload.name);
        await client.request({ method: 'PATCH', path, contentType: patch.contentType, body: patch.body });
        return { kind: 'applied', previousImage: artifact.image, atMs };
      } catch (error) {
        if (isStatus(error, 409)) return { kind: 'conflict' };
        if (error instanceof KubernetesError && REFUSALS.includes(error.status) && !lacksRight(error)) {
          return { kind: 'refused', message: error.message };
        }
        throw error;
      }
    },
  };
}

/** Written in the same patch as the image, so that whoever reads the workload later knows that this request did it. */
function annotationsAfter(
  request: UpdateRequest,
  workload: Workload,
  artifact: Artifact,
  atMs: number,
): Record<string, string> {
  const timestamp = toTimestamp(atMs);
  const { approvedBy } = request.status;
  const history = recordUpdate(parseHistory(workload.annotations[ANNOTATION.updateHistory]), artifact.image, {
    container: artifact.name,
    image: request.spec.newImage,
    timestamp,
    updateRequestName: request.metadata.name,
    ...(approvedBy === undefined ? {} : { approvedBy }),
  });
  return { [ANNOTATION.lastUpdate]: timestamp, [ANNOTATION.updateHistory]: formatHistory(history) };
}

function kindOf(name: string): WorkloadKindDescriptor | undefined {
  return WORKLOAD_KINDS.find(({ kind }) => kind === name);
}
