import type { IncomingMessage } from 'node:http';
import { isTag } from '../../core/image-reference.ts';
import type { Answer } from './answer.ts';
import type { Content, StoredManifest } from './content.ts';
import { isSha256, sha256Of } from './digest.ts';
import { readManifest } from './manifest.ts';
import { RegistryError } from './registry-error.ts';
import type { Uploads } from './uploads.ts';

/** What the specification asks registries to accept at least. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface UploadTarget {
  readonly repository: string;
  readonly id: string;
}

/** Begins an upload; or mounts a known blob; or takes a whole blob in one request. */
export async function beginUpload(
  stores: { readonly content: Content; readonly uploads: Uploads },
  repository: string,
  request: { readonly query: URLSearchParams; readonly body: IncomingMessage },
): Promise<Answer> {
  const { query, body } = request;
  const mount = query.get('mount');
  const from = query.get('from');
  if (mount != null && from != null && stores.content.mount(repository, mount, from))
    return blobCreated(repository, mount);
  const target = { repository, id: stores.uploads.begin(repository) };
  const digest = query.get('digest');
  if (digest == null) return uploadState(202, target, 0);
  return finishUpload(stores.uploads, target, { digest, body });
}

/** Takes the next chunk, or a stream of unknown length. */
export async function appendToUpload(
  uploads: Uploads,
  target: UploadTarget,
  body: IncomingMessage,
): Promise<Answer> {
  const startsAt = startOf(body.headers['content-range']);
  const size = await uploads.append(target.repository, target.id, { bytes: body, startsAt });
  return uploadState(202, target, size);
}

/** How far an upload came. */
export function uploadStatus(uploads: Uploads, target: UploadTarget): Answer {
  return uploadState(204, target, uploads.size(target.repository, target.id));
}

/** Ends an upload, with its last chunk if the request has one. */
export async function finishUpload(
  uploads: Uploads,
  target: UploadTarget,
  end: { readonly digest: string; readonly body: IncomingMessage },
): Promise<Answer> {
  if (!isSha256(end.digest)) throw new RegistryError('DIGEST_INVALID', 'a digest is sha256: and 64 digits');
  const startsAt = startOf(end.body.headers['content-range']);
  await uploads.append(target.repository, target.id, { bytes: end.body, startsAt });
  uploads.finish(target.repository, target.id, end.digest);
  return blobCreated(target.repository, end.digest);
}

/** Drops an upload. */
export function cancelUpload(uploads: Uploads, target: UploadTarget): Answer {
  uploads.size(target.repository, target.id);
  uploads.cancel(target.id);
  return { status: 204 };
}

export interface PutManifest {
  readonly answer: Answer;
  readonly manifest: StoredManifest;
  /** Absent when it was pushed by digest. */
  readonly tag: string | undefined;
}

/** Keeps a manifest under a tag, or under its own digest, which is verified. */
export async function putManifest(
  content: Content,
  where: { readonly repository: string; readonly reference: string },
  request: IncomingMessage,
): Promise<PutManifest> {
  const { repository, reference } = where;
  const byDigest = reference.includes(':');
  if (!byDigest && !isTag(reference)) throw new RegistryError('TAG_INVALID', `"${reference}" is not a tag`);
  const bytes = await readAll(request, MAX_MANIFEST_BYTES);
  if (byDigest && sha256Of(bytes) !== reference)
    throw new RegistryError('DIGEST_INVALID', 'the manifest does not have the digest that was given');
  const facts = readManifest(bytes, request.headers['content-type'] ?? '');
  const tag = byDigest ? undefined : reference;
  const manifest = content.addManifest(repository, bytes, { facts, ...(tag === undefined ? {} : { tag }) });
  const headers = {
    location: `/v2/${repository}/manifests/${manifest.digest}`,
    'docker-content-digest': manifest.digest,
  };
  return { answer: { status: 201, headers }, manifest, tag };
}

function blobCreated(repository: string, digest: string): Answer {
  const headers = { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest };
  return { status: 201, headers };
}

function uploadState(status: number, target: UploadTarget, size: number): Answer {
  return {
    status,
    headers: {
      location: `/v2/${target.repository}/blobs/uploads/${target.id}`,
      // An empty upload is written 0-0 as well: the form has no other way to say it.
      range: `0-${Math.max(0, size - 1)}`,
      'docker-upload-uuid': target.id,
    },
  };
}

/** The first byte's position in a `Content-Range` of the distribution specification: `<start>-<end>`. */
function startOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const match = /^(?:bytes )?(\d{1,15})-\d{1,15}(?:\/.{1,20})?$/.exec(header);
  if (match?.[1] === undefined)
    throw new RegistryError('BLOB_UPLOAD_INVALID', 'Content-Range must be <start>-<end>');
  return Number(match[1]);
}

async function readAll(request: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> = request;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limitBytes)
      throw new RegistryError('SIZE_INVALID', `a manifest may have at most ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
