import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDigest } from '../core/image-reference.ts';
import { absence, undecided, type Told } from './answer.ts';
import type { Asker, Question, Reply } from './asker.ts';
import { parseJson, Unavailable } from './failure.ts';
import type { HttpResponse } from './http.ts';

export interface TagQuestion extends Pick<Question, 'address' | 'identity' | 'signal' | 'urgent'> {
  readonly tag: string;
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
export async function findTag(asker: Asker, question: TagQuestion): Promise<Told<string>> {
  const head = await askManifest(asker, question, 'HEAD');
  if (head.kind === 'refused') return head;
  const { status, headers } = head.response;
  if (status === 200) {
    const digest = headers.get('docker-content-digest') ?? '';
    if (isDigest(digest)) return { kind: 'told', value: digest };
  } else if (status !== 404 && status !== 405) {
    throw undecided(head);
  }
  const get = await askManifest(asker, question, 'GET');
  if (get.kind === 'refused') return get;
  if (get.response.status === 200) return { kind: 'told', value: digestOf(get.response) };
  const { path } = question.address;
  if (get.response.status === 404)
    return absence(get, {
      inRepository: `no tag ${question.tag} of ${path}`,
      repository: `no repository ${path}`,
    });
  throw undecided(get);
}

function askManifest(asker: Asker, question: TagQuestion, method: 'GET' | 'HEAD'): Promise<Reply> {
  const { tag, ...rest } = question;
  return asker.ask({
    ...rest,
    purpose: 'manifest',
    method,
    path: `manifests/${tag}`,
    // The digest is that of the bytes as stored, so they must not come compressed.
    headers: { accept: MANIFEST_TYPES, 'accept-encoding': 'identity' },
    maxBodyBytes: MAX_MANIFEST_BYTES,
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
