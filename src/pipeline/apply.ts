import { ANNOTATION } from '../core/annotations.ts';
import { toTimestamp, type Clock } from '../core/clock.ts';
import { formatHistory, parseHistory, recordUpdate } from '../core/history.ts';
import { applicationId } from '../core/release-chart.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isAbsent, KubernetesError, lacksRight } from '../kubernetes/errors.ts';
import type { TargetKind, WorkloadWrite } from '../kubernetes/kinds.ts';
import { isStatus } from './request-store.ts';

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly previousImage: string; readonly atMs: number }
  /** Somebody changed the workload since it was read: read it again and decide again. */
  | { readonly kind: 'conflict' }
  /** The API server, or an admission webhook behind it, refuses for good. */
  | { readonly kind: 'refused'; readonly message: string };

/** As much of a request as tells what it is about. */
interface ReadableRequest {
  readonly spec: Pick<UpdateRequest['spec'], 'targetRef'>;
}

export interface Applier {
  /** Reads the workload that a request is about; undefined if there is none. Throws when the API server cannot answer. */
  read(request: ReadableRequest): Promise<Workload | undefined>;
  /** Gives one container (or the chart) of the workload, exactly as it was read, the request's new image. Throws when it is not known whether it worked. */
  apply(request: UpdateRequest, workload: Workload, artifact: Artifact): Promise<ApplyOutcome>;
  /** Changes annotations of the workload, exactly as it was read (null takes one away). Throws as `apply` does. */
  annotate(
    workload: Workload,
    annotations: Readonly<Record<string, string | null>>,
  ): Promise<{ readonly kind: 'written' } | Exclude<ApplyOutcome, { readonly kind: 'applied' }>>;
}

/** Statuses after which trying the same again cannot help: a malformed patch, a refusing admission webhook. */
const REFUSALS = [400, 403, 404, 405, 415, 422];

/** The only place that patches a workload. */
export function createApplier(options: {
  readonly client: Pick<KubernetesClient, 'request'>;
  /** Those that can be changed. */
  readonly kinds: readonly TargetKind[];
  readonly clock: Clock;
}): Applier {
  const { client, kinds, clock } = options;
  const kindOf = (name: string): TargetKind | undefined => kinds.find(({ kind }) => kind === name);
  const get = (path: string): Promise<unknown> => client.request({ method: 'GET', path });
  const patchAll = async (
    writes: readonly WorkloadWrite[],
  ): Promise<Exclude<ApplyOutcome, { readonly kind: 'applied' }> | undefined> => {
    try {
      for (const write of writes) await client.request({ method: 'PATCH', ...write });
      return undefined;
    } catch (error) {
      if (isStatus(error, 409)) return { kind: 'conflict' };
      if (error instanceof KubernetesError && REFUSALS.includes(error.status) && !lacksRight(error)) {
        return { kind: 'refused', message: error.message };
      }
      throw error;
    }
  };
  return {
    async read({ spec }) {
      const kind = kindOf(spec.targetRef.kind);
      if (kind === undefined) return undefined;
      try {
        return await kind.fetch(get, spec.targetRef.namespace, spec.targetRef.name);
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
      const image = request.spec.newImage;
      const appliedBy = applicationId(request);
      const change = { artifact, image, annotations, resourceVersion, appliedBy };
      const failed = await patchAll(kind.writes(workload, change));
      return failed ?? { kind: 'applied', previousImage: request.spec.currentImage, atMs };
    },
    async annotate(workload, annotations) {
      const kind = kindOf(workload.kind);
      if (kind === undefined) return { kind: 'refused', message: `${workload.kind} is not handled` };
      return (await patchAll([kind.annotate(workload, { annotations })])) ?? { kind: 'written' };
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
  const before = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
  // What the artifact runs is what the request starts from, unless half of the change has been made already.
  const history = recordUpdate(before, request.spec.currentImage, {
    container: artifact.name,
    image: request.spec.newImage,
    timestamp,
    updateRequestName: request.metadata.name,
    ...(approvedBy === undefined ? {} : { approvedBy }),
  });
  return { [ANNOTATION.lastUpdate]: timestamp, [ANNOTATION.updateHistory]: formatHistory(history) };
}
