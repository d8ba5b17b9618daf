import { fail, ok, type Result } from './result.ts';

/** Where an image lives: the registry's host and the path in it, both normalised so that they can be compared. */
export interface Repository {
  /** Lower-case, with the port if it is not 443; `docker.io` for every spelling of Docker Hub. */
  readonly host: string;
  /** Without the host; `library/nginx` for Docker Hub's `nginx`. */
  readonly path: string;
}

export interface ImageReference {
  /** As written in the workload. */
  readonly text: string;
  /** As written, without tag and digest: what stays when the version changes. */
  readonly name: string;
  readonly repository: Repository;
  /** Absent when none is written, which registries read as `latest`. */
  readonly tag: string | undefined;
  /** `sha256:…`, when the reference is pinned. */
  readonly digest: string | undefined;
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_HOSTS = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
  'hub.docker.com',
]);

const COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
/** Components with slashes between them: asked first, since nearly every path is one. */
const PATH = /^[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([0-9a-fA-F]{32,})$/;
/** Registered algorithms have one length each, in lower case (https://github.com/opencontainers/image-spec, "Digests"). */
const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);
const MAX_NAME_LENGTH = 255;
const MAX_HOST_LENGTH = 255;
const MAX_DIGEST_LENGTH = 255;
const MAX_PORT = 65_535;
// A reason may quote two texts, the reference and what is wrong in it.
const MAX_SHOWN_LENGTH = 200;

/**
 * Reads an image reference as container runtimes do (github.com/distribution/reference): the first component is a
 * host if it holds a dot or a colon or is `localhost`; everything else lives on Docker Hub.
 */
export function parseImageReference(text: string): Result<ImageReference> {
  const bad = (why: string): Result<ImageReference> =>
    fail(`"${shorten(text)}" is not an image reference: ${why}`);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest))
    return bad('what follows @ is not a digest such as sha256:…');
  const beforeDigest = at < 0 ? text : text.slice(0, at);
  const colon = beforeDigest.lastIndexOf(':');
  const hasTag = colon > beforeDigest.lastIndexOf('/') && !beforeDigest.slice(0, colon).endsWith('[');
  const tag = hasTag ? beforeDigest.slice(colon + 1) : undefined;
  if (tag !== undefined && !isTag(tag)) return bad(`"${shorten(tag)}" is not a tag`);
  const name = hasTag ? beforeDigest.slice(0, colon) : beforeDigest;
  const repository = parseRepository(name);
  if (!repository.ok) return bad(repository.error);
  return ok({ text, name, repository: repository.value, tag, digest });
}

/** Reads a repository name, with or without a host and in any of Docker Hub's spellings. */
export function parseRepository(name: string): Result<Repository> {
  if (!namesHost(name)) return toRepository(DOCKER_HUB, name);
  const slash = name.indexOf('/');
  return toRepository(name.slice(0, slash), name.slice(slash + 1));
}

/** Whether the first component of a repository name is a registry's host. */
export function namesHost(name: string): boolean {
  const first = name.slice(0, Math.max(name.indexOf('/'), 0));
  return first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
}

/** The repository `path` on `host`, both normalised; for senders that tell them apart. */
export function toRepository(host: string, path: string): Result<Repository> {
  if (!isHost(host)) return fail(`"${shorten(host)}" is not a registry host`);
  if (path === '' || path.length > MAX_NAME_LENGTH)
    return fail(`a repository has 1 to ${MAX_NAME_LENGTH} characters`);
  const wrong = PATH.test(path) ? undefined : path.split('/').find((component) => !COMPONENT.test(component));
  if (wrong !== undefined)
    return fail(`"${shorten(wrong)}" is not a repository path component (lower-case letters, digits, . _ -)`);
  const normalHost = normaliseHost(host);
  return ok({
    host: normalHost,
    path: normalHost === DOCKER_HUB && !path.includes('/') ? `library/${path}` : path,
  });
}

/** One spelling for each registry: lower-case, Docker Hub's aliases folded, the default port dropped. */
export function normaliseHost(host: string): string {
  const folded = host.toLowerCase();
  const lower = folded.endsWith(':443') ? folded.slice(0, -4) : folded;
  return DOCKER_HUB_HOSTS.has(lower) ? DOCKER_HUB : lower;
}

/** The key under which two spellings of a repository are the same, e.g. `docker.io/library/nginx`. */
export function repositoryKey(repository: Repository): string {
  return `${repository.host}/${repository.path}`;
}

/** Whether `text` may be a tag (https://github.com/opencontainers/distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether `text` is a digest such as `sha256:…`. */
export function isDigest(text: string): boolean {
  if (text.length > MAX_DIGEST_LENGTH) return false;
  const [, algorithm = '', hex = ''] = DIGEST.exec(text) ?? [];
  const length = HEX_LENGTHS.get(algorithm);
  return length === undefined ? hex !== '' : hex.length === length && hex === hex.toLowerCase();
}

/** The same image (or chart) in the same spelling, with another version. */
export function withVersion(reference: Pick<ImageReference, 'name'>, tag: string, digest?: string): string {
  return digest === undefined ? `${reference.name}:${tag}` : `${reference.name}:${tag}@${digest}`;
}

/** The tag that a registry is asked for: `latest` where none is written. */
export function effectiveTag(reference: Pick<ImageReference, 'tag'>): string {
  return reference.tag ?? 'latest';
}

function isHost(text: string): boolean {
  return (
    text.length <= MAX_HOST_LENGTH && HOST.test(text) && Number(/:(\d+)$/.exec(text)?.[1] ?? 0) <= MAX_PORT
  );
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}
