import { parseAnnotations, type WorkloadSettings } from './annotations.ts';
import { effectiveTag, parseImageReference, type ImageReference } from './image-reference.ts';
import { selectsArtifact } from './selection.ts';
import { parseVersion } from './version.ts';
import type { Artifact, Workload } from './workload.ts';

/** What one artifact wants to know from its registry, and how often. */
export interface PollWish {
  readonly reference: ImageReference;
  readonly settings: WorkloadSettings;
  readonly intervalMs: number;
  /** Whether the list of tags can hold anything for it: of a tag without an order nothing in a list is newer. */
  readonly wantsList: boolean;
  /** The tag whose digest is followed; absent where digests do not matter. */
  readonly digestOf: string | undefined;
}

/** What a poll has to find out for this artifact; undefined where polling may not move it. */
export function pollWish(
  workload: Pick<Workload, 'annotations'>,
  artifact: Artifact,
  defaultIntervalMs: number,
): PollWish | undefined {
  if (artifact.type === 'chart') return undefined;
  const { settings, problems } = parseAnnotations(workload.annotations);
  if (problems.length > 0 || settings.policy === 'none' || !listensToPolling(settings)) return undefined;
  const reference = parseImageReference(artifact.image);
  if (!reference.ok || !selectsArtifact(settings.images, artifact.name, reference.value)) return undefined;
  const { tag, digest } = reference.value;
  // `nginx@sha256:…` follows no tag: whoever wrote it wants these very bytes.
  const follows = settings.trackDigest && (tag !== undefined || digest === undefined);
  return {
    reference: reference.value,
    settings,
    intervalMs: settings.pollingIntervalMs ?? defaultIntervalMs,
    wantsList: parseVersion(effectiveTag(reference.value)).ok,
    digestOf: follows ? effectiveTag(reference.value) : undefined,
  };
}

/** Whether only its event source keeps a workload from being polled. */
export function isLeftOutBySource(workload: Pick<Workload, 'annotations'>): boolean {
  const { settings } = parseAnnotations(workload.annotations);
  return settings.policy !== 'none' && !listensToPolling(settings);
}

function listensToPolling({ eventSource }: WorkloadSettings): boolean {
  return eventSource === 'polling' || eventSource === 'both';
}
