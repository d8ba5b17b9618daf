import {
  parseImageReference,
  repositoryKey,
  type ImageReference,
  type Repository,
} from './image-reference.ts';
import { fail, ok, type Result } from './result.ts';
import type { UpdateRequestSpec } from './update-request.ts';
import type { Artifact } from './workload.ts';

/** A chart in one version, as workloads and requests write it: `<chart>:<version>`. */
export interface ChartReference {
  readonly type: 'chart';
  /** As written. */
  readonly text: string;
  /** The chart's name: what stays when the version changes. */
  readonly name: string;
  /** The version, which may hold a `+`; absent where none is written. */
  readonly tag: string | undefined;
  /** A chart is never pinned to a digest here. */
  readonly digest: undefined;
  /** Known where the chart comes from a registry. */
  readonly repository: Repository | undefined;
}

/** What an artifact runs: an image or a chart, each with its version as `tag`. */
export type ArtifactReference = ImageReference | ChartReference;

const CHART_NAME = /^[A-Za-z0-9_.](?:[A-Za-z0-9._/-]{0,253}[A-Za-z0-9._-])?$/;
const MAX_VERSION_LENGTH = 256;
const MAX_SHOWN_LENGTH = 300;

/** Reads what an artifact runs; the only place that tells how images and charts are written. */
export function parseArtifact({
  type,
  image,
  release,
}: Pick<Artifact, 'type' | 'image' | 'release'>): Result<ArtifactReference> {
  return type === 'chart' ? parseChart(image, release?.repository) : parseImageReference(image);
}

/** Reads `currentImage` or `newImage` of a request. */
export function parseRequested(
  { updateType }: Pick<UpdateRequestSpec, 'updateType'>,
  text: string,
): Result<ArtifactReference> {
  return updateType === 'helmChart' ? parseChart(text, undefined) : parseImageReference(text);
}

/** The version that a request asks for; undefined where it cannot be read, or names none. */
export function requestedTag(spec: Pick<UpdateRequestSpec, 'updateType' | 'newImage'>): string | undefined {
  const wanted = parseRequested(spec, spec.newImage);
  return wanted.ok ? wanted.value.tag : undefined;
}

/** Whether a reference is to a chart. */
export function isChart(reference: ArtifactReference): reference is ChartReference {
  return 'type' in reference;
}

/** Whether two references are versions of one and the same thing. */
export function isSameArtifact(a: ArtifactReference, b: ArtifactReference): boolean {
  if (isChart(a) || isChart(b)) return isChart(a) && isChart(b) && a.name === b.name;
  return repositoryKey(a.repository) === repositoryKey(b.repository);
}

/** The key of the repository that an artifact comes from; undefined where it comes from none, or from one not known. */
export function repositoryKeyOf(artifact: Pick<Artifact, 'type' | 'image' | 'release'>): string | undefined {
  // A release's version may be one that nobody can read (a range); the chart's repository is known all the same.
  if (artifact.type === 'chart') {
    const repository = artifact.release?.repository;
    return repository === undefined ? undefined : repositoryKey(repository);
  }
  const reference = parseImageReference(artifact.image);
  return reference.ok ? repositoryKey(reference.value.repository) : undefined;
}

function parseChart(text: string, repository: Repository | undefined): Result<ChartReference> {
  const colon = text.lastIndexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const tag = colon < 0 ? undefined : text.slice(colon + 1);
  if (!CHART_NAME.test(name))
    return fail(`"${shorten(text)}" is not a chart in a version (<chart>:<version>)`);
  if (tag !== undefined && (tag === '' || tag.length > MAX_VERSION_LENGTH))
    return fail(
      `"${shorten(text)}" has no version of 1 to ${MAX_VERSION_LENGTH} characters behind the colon`,
    );
  return ok({ type: 'chart', text, name, tag, digest: undefined, repository });
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}
