import type { ArtifactReference } from './artifact-reference.ts';
import { normaliseHost, parseImageReference, parseRepository, repositoryKey } from './image-reference.ts';
import type { Repository } from './image-reference.ts';
import { compileGlob } from './pattern.ts';

/**
 * Whether `headwind.sh/images` covers an artifact: an entry is the container's (or chart's) name or the image's
 * repository in any spelling, or a glob over these. No entries cover everything.
 */
export function selectsArtifact(
  images: readonly string[],
  artifactName: string,
  reference: ArtifactReference,
): boolean {
  if (images.length === 0) return true;
  return images.some((entry) =>
    isGlob(entry) ? matchesGlob(entry, artifactName, reference) : matchesName(entry, artifactName, reference),
  );
}

/** Says what is wrong with the first entry that can never select anything; undefined when all are sound. */
export function findMalformedEntry(images: readonly string[]): string | undefined {
  if (images.length > MAX_ENTRIES) return `at most ${MAX_ENTRIES} entries are allowed`;
  for (const entry of images) {
    const why = explainMalformed(entry);
    if (why !== undefined) return why;
  }
  return undefined;
}

const MAX_ENTRIES = 100;
const DOCKER_HUB = 'docker.io';
const LIBRARY = 'library/';

function explainMalformed(entry: string): string | undefined {
  if (isGlob(entry)) {
    const glob = compileGlob(entry);
    return glob.ok ? undefined : `"${entry}": ${glob.error}`;
  }
  const reference = parseImageReference(entry);
  if (!reference.ok) return reference.error;
  const { tag, digest } = reference.value;
  return tag === undefined && digest === undefined ? undefined : `"${entry}" has a tag or digest`;
}

function isGlob(entry: string): boolean {
  return /[*?[]/.test(entry);
}

function matchesName(entry: string, artifactName: string, reference: ArtifactReference): boolean {
  if (entry === artifactName) return true;
  if (reference.repository === undefined) return false;
  const repository = parseRepository(entry);
  return repository.ok && repositoryKey(repository.value) === repositoryKey(reference.repository);
}

function matchesGlob(entry: string, artifactName: string, reference: ArtifactReference): boolean {
  const glob = compileGlob(withNormalHost(entry));
  if (!glob.ok) return false;
  const names = [artifactName, reference.name, ...spellings(reference.repository)];
  return names.some((name) => glob.value.matches(name));
}

/** `index.docker.io/acme/*` and `GHCR.io/acme/*` as the spellings below have them. */
function withNormalHost(entry: string): string {
  const slash = entry.indexOf('/');
  const host = entry.slice(0, Math.max(slash, 0));
  return !/[.:]/.test(host) || isGlob(host) ? entry : normaliseHost(host) + entry.slice(slash);
}

function spellings(repository: Repository | undefined): readonly string[] {
  if (repository === undefined) return [];
  const { host, path } = repository;
  if (host !== DOCKER_HUB) return [`${host}/${path}`];
  const short = path.startsWith(LIBRARY) ? [path.slice(LIBRARY.length)] : [];
  return [path, ...short].flatMap((name) => [name, `${host}/${name}`]);
}
