import { settingsOf, type WorkloadSettings } from './annotations.ts';
import { parseArtifact, type ArtifactReference } from './artifact-reference.ts';
import { effectiveTag, parseImageReference, type ImageReference } from './image-reference.ts';
import { selectsArtifact } from './selection.ts';
import { parseVersion } from './version.ts';
import type { Artifact, Workload } from './workload.ts';

/** What one artifact wants to know of what there is. */
export interface ListWish {
  readonly reference: ArtifactReference;
  readonly settings: WorkloadSettings;
  /** Whether the list of versions can hold anything for it: of a tag without an order nothing in a list is newer. */
  readonly wantsList: boolean;
  /** The tag whose digest is followed; absent where digests do not matter. */
  readonly digestOf: string | undefined;
}

/** What one image wants to know from its registry, and how often. */
export interface PollWish extends ListWish {
  readonly reference: ImageReference;
  readonly intervalMs: number;
}

/** What a poll has to find out for this artifact; undefined where polling may not move it, and for every chart. */
export function pollWish(
  workload: Pick<Workload, 'annotations' | 'kind'>,
  artifact: Artifact,
  defaultIntervalMs: number,
): PollWish | undefined {
  if (artifact.type === 'chart') return undefined;
  const settings = listeningSettings(workload);
  if (settings === undefined) return undefined;
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

/** What there is to find out about a chart; undefined where discovery may not move it, and for every image. */
export function chartWish(
  workload: Pick<Workload, 'annotations' | 'kind'>,
  artifact: Artifact,
): ListWish | undefined {
  if (artifact.type !== 'chart' || artifact.release?.source === undefined) return undefined;
  if (artifact.release.obstacle !== undefined) return undefined;
  const settings = listeningSettings(workload);
  if (settings === undefined) return undefined;
  const reference = parseArtifact(artifact);
  if (!reference.ok || !selectsArtifact(settings.images, artifact.name, reference.value)) return undefined;
  const wantsList = parseVersion(effectiveTag(reference.value)).ok;
  return { reference: reference.value, settings, wantsList, digestOf: undefined };
}

/** Whether only its event source keeps a workload from being polled. */
export function isLeftOutBySource(workload: Pick<Workload, 'annotations' | 'kind'>): boolean {
  const { settings } = settingsOf(workload);
  return settings.policy !== 'none' && !listensToPolling(settings);
}

function listeningSettings(workload: Pick<Workload, 'annotations' | 'kind'>): WorkloadSettings | undefined {
  const { settings, problems } = settingsOf(workload);
  if (problems.length > 0 || settings.policy === 'none') return undefined;
  return listensToPolling(settings) ? settings : undefined;
}

function listensToPolling({ eventSource }: WorkloadSettings): boolean {
  return eventSource === 'polling' || eventSource === 'both';
}
