import { parseImageReference, parseRepository, repositoryKey } from '../../core/image-reference.ts';
import { repositoryKeyOf } from '../../core/artifact-reference.ts';
import { versionOfTag } from '../../core/release-chart.ts';
import type { Artifact } from '../../core/workload.ts';
import { UsageError } from '../exit.ts';

/** What is asked about the artifacts of one repository, or about all of them. */
export interface Question {
  /** As given, for messages. */
  readonly text: string;
  /** Undefined for all; `name` is what charts whose repository is no registry are called by. */
  readonly about: { readonly repository: string; readonly name: string } | undefined;
  readonly tags: readonly string[];
}

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,255}$/;
const MAX_TAGS = 100_000;

/** Reads a value of `--pushed`: an image, or a chart in a registry, with its tag. Throws UsageError. */
export function readPushed(text: string): Question {
  const reference = parseImageReference(text.replace(/^oci:\/\//, ''));
  if (!reference.ok) throw new UsageError(`--pushed "${text}": ${reference.error}`);
  const { name, tag, repository } = reference.value;
  if (tag === undefined) throw new UsageError(`--pushed "${text}": expected a tag too, such as nginx:1.27.0`);
  return { text, about: { repository: repositoryKey(repository), name }, tags: [tag] };
}

/** Reads a value of `--tags`: `1.2.4,1.3.0`, or `nginx=1.27.0,1.28.0`. Throws UsageError. */
export function readTags(text: string): Question {
  const [, image, list = ''] = /^(?:([^=]*)=)?([^=]*)$/.exec(text) ?? [];
  const tags = list.split(/[\s,]+/).filter((tag) => tag !== '');
  const wrong = tags.find((tag) => !TAG.test(tag));
  if (wrong !== undefined) throw new UsageError(`--tags: "${wrong}" is not a tag`);
  if (tags.length === 0 || tags.length > MAX_TAGS)
    throw new UsageError(
      `--tags "${text.slice(0, 100)}": expected tags separated by commas, or <image>=<tags>`,
    );
  if (image === undefined) return { text, about: undefined, tags };
  const repository = parseRepository(image.replace(/^oci:\/\//, ''));
  if (!repository.ok) throw new UsageError(`--tags "${image}": ${repository.error}`);
  return { text, about: { repository: repositoryKey(repository.value), name: image }, tags };
}

/** The tags that a question is about for an artifact, as it writes them; undefined where it is not meant. */
export function tagsFor({ about, tags }: Question, artifact: Artifact): readonly string[] | undefined {
  const isMeant = about === undefined || isAbout(about, artifact);
  if (!isMeant) return undefined;
  return artifact.type === 'chart' ? tags.map(versionOfTag) : tags;
}

function isAbout({ repository, name }: NonNullable<Question['about']>, artifact: Artifact): boolean {
  const key = repositoryKeyOf(artifact);
  // A chart of an HTTP repository is in no registry: its name is all there is.
  if (key === undefined) return artifact.type === 'chart' && artifact.name === name;
  return key === repository;
}
