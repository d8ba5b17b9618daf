import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDigest, type Repository } from '../core/image-reference.ts';
import type { Asker, Reply } from './asker.ts';
import { parseJson, registryErrors, remoteText, Unavailable } from './failure.ts';
import type { HttpResponse } from './http.ts';
import type { Identity } from './identity.ts';

/** What one identity is told about a tag. */
export type Finding =
  | { readonly kind: 'found'; readonly digest: string }
  /** The registry's own word that there is no such tag, or no such repository. */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

export interface TagQuestion {
  readonly repository: Repository;
  readonly tag: string;
  readonly identity: Identity;
  readonly signal: AbortSignal;
}

/** Every form of manifest that has a digest of its own; without them Docker's registry converts to its oldest one. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Registries must take manifests of 4 MiB (OCI distribution specification, "Pushing Manifests"); none is larger. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

const Manifest = z.object({ schemaVersion: z.literal(2) });

/** Codes in a 404 that speak of permission, not of absence. */
const NOT_ABOUT_ABSENCE = new Set(['UNAUTHORIZED', 'DENIED', 'TOOMANYREQUESTS', 'UNSUPPORTED']);

/**
 * Asks for a tag's digest: one HEAD, which Docker Hub does not count as a pull. A registry answers it with
 *
 *   HTTP/1.1 200 OK
 *   Content-Type: application/vnd.oci.image.index.v1+json
 *   Docker-Content-Digest: sha256:6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b
 *   Docker-Distribution-Api-Version: registry/2.0
 *
 * Where the digest is absent, or the answer is 404 (which in a HEAD cannot say what is missing) or 405, a GET follows.
 * Throws Unavailable where the answers decide nothing.
 */
export async function findTag(asker: Asker, question: TagQuestion): Promise<Finding> {
  const head = await askManifest(asker, question, 'HEAD');
  if (head.kind === 'refused') return head;
  const { status, headers } = head.response;
  if (status === 200) {
    const digest = headers.get('docker-content-digest') ?? '';
    if (isDigest(digest)) return { kind: 'found', digest };
  } else if (status !== 404 && status !== 405) {
    throw undecided(head);
  }
  const get = await askManifest(asker, question, 'GET');
  if (get.kind === 'refused') return get;
  if (get.response.status === 200) return { kind: 'found', digest: digestOf(get.response) };
  if (get.response.status === 404) return missing(get, question);
  throw undecided(get);
}

function askManifest(asker: Asker, question: TagQuestion, method: 'GET' | 'HEAD'): Promise<Reply> {
  const { repository, tag, identity, signal } = question;
  return asker.ask({
    repository,
    method,
    path: `manifests/${tag}`,
    // The digest is that of the bytes as stored, so they must not come compressed.
    headers: { accept: MANIFEST_TYPES, 'accept-encoding': 'identity' },
    maxBodyBytes: MAX_MANIFEST_BYTES,
    identity,
    signal,
  });
}

/** The digest is by definition that of the manifest's bytes. A sign-in page with status 200 has none. */
function digestOf(response: HttpResponse): string {
  const { host } = response.url;
  if (response.truncated) throw new Unavailable(`${host} answered with a manifest of more than 4 MiB`);
  const encoding = response.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new Unavailable(`${host} answered in an encoding that was not asked for`);
  if (!Manifest.safeParse(parseJson(response.body)).success)
    throw new Unavailable(`${host} answered with something that is no image manifest`);
  return `sha256:${createHash('sha256').update(response.body).digest('hex')}`;
}

/**
 * A 404 counts if a registry gave it, which its errors or its API version tell:
 *
 *   HTTP/1.1 404 Not Found
 *   Docker-Distribution-Api-Version: registry/2.0
 *   {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":"unknown tag=9.9"}]}
 *
 * A proxy's or a load balancer's 404, mostly HTML, only says that the registry was not reached.
 */
function missing(reply: Answered, { repository, tag }: TagQuestion): Finding {
  const { response } = reply;
  const codes = registryErrors(response).map(({ code }) => code.toUpperCase());
  if (codes.some((code) => NOT_ABOUT_ABSENCE.has(code)))
    return {
      kind: 'refused',
      message: `${response.url.host} answered 404${remoteText(response, reply.secrets)}`,
    };
  if (codes.length === 0 && !response.headers.has('docker-distribution-api-version'))
    throw new Unavailable(`${response.url.host} answered 404, but not as a registry does`);
  const what = codes.includes('NAME_UNKNOWN')
    ? `no repository ${repository.path}`
    : `no tag ${tag} of ${repository.path}`;
  return { kind: 'missing', message: `${response.url.host} has ${what}` };
}

type Answered = Extract<Reply, { kind: 'answered' }>;

function undecided({ response, secrets }: Answered): Unavailable {
  return new Unavailable(`${response.url.host} answered ${response.status}${remoteText(response, secrets)}`);
}
