import { randomUUID } from 'node:crypto';
import type { Content } from './content.ts';
import { sha256Of } from './digest.ts';
import { RegistryError } from './registry-error.ts';

/** More unfinished uploads than this, and the one that has been idle longest is dropped. */
const MAX_OPEN_UPLOADS = 64;

interface Upload {
  readonly repository: string;
  readonly chunks: Uint8Array[];
  size: number;
}

/** Blob uploads that have begun and not ended. What they have received counts as kept until they end. */
export class Uploads {
  /** Ordered by last use. */
  readonly #open = new Map<string, Upload>();
  readonly #content: Content;
  readonly #maxBlobBytes: number;

  constructor(content: Content, maxBlobBytes: number) {
    this.#content = content;
    this.#maxBlobBytes = maxBlobBytes;
  }

  /** Begins an upload and returns its id. */
  begin(repository: string): string {
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN_UPLOADS && oldest !== undefined) this.cancel(oldest);
    const id = randomUUID();
    this.#open.set(id, { repository, chunks: [], size: 0 });
    return id;
  }

  /** How many bytes the upload has; throws BLOB_UPLOAD_UNKNOWN when there is none. */
  size(repository: string, id: string): number {
    return this.#find(repository, id).size;
  }

  /**
   * Appends what the client sends and returns the size after it. What breaks off in the middle stays, as the client
   * can ask how far it came.
   * @throws RegistryError RANGE_INVALID when `startsAt` is not where the upload ends, SIZE_INVALID over the limits
   */
  async append(
    repository: string,
    id: string,
    body: { readonly bytes: AsyncIterable<Uint8Array>; readonly startsAt?: number | undefined },
  ): Promise<number> {
    const upload = this.#find(repository, id);
    if (body.startsAt !== undefined && body.startsAt !== upload.size)
      throw new RegistryError('RANGE_INVALID', 'chunks must be sent in order', { received: upload.size });
    for await (const chunk of body.bytes) {
      if (!this.#open.has(id)) throw unknownUpload(id);
      this.#reserve(id, upload, chunk.byteLength);
      upload.chunks.push(chunk);
      upload.size += chunk.byteLength;
    }
    return upload.size;
  }

  /** An upload that does not fit is dropped: the client cannot end it. */
  #reserve(id: string, upload: Upload, bytes: number): void {
    try {
      if (upload.size + bytes > this.#maxBlobBytes)
        throw new RegistryError('SIZE_INVALID', `a blob may have at most ${this.#maxBlobBytes} bytes`);
      this.#content.reserve(bytes);
    } catch (error) {
      this.cancel(id);
      throw error;
    }
  }

  /** Ends the upload: its bytes become the blob `digest`. Throws DIGEST_INVALID when they have another one. */
  finish(repository: string, id: string, digest: string): void {
    const upload = this.#find(repository, id);
    const bytes = Buffer.concat(upload.chunks);
    const actual = sha256Of(bytes);
    if (actual !== digest) {
      this.cancel(id);
      throw new RegistryError('DIGEST_INVALID', 'the content does not have the digest that was given', {
        given: digest,
        actual,
      });
    }
    this.#content.addBlob(repository, digest, bytes);
    this.#open.delete(id);
  }

  /** Drops an upload and what it received. */
  cancel(id: string): void {
    const upload = this.#open.get(id);
    if (upload === undefined) return;
    this.#open.delete(id);
    this.#content.release(upload.size);
  }

  #find(repository: string, id: string): Upload {
    const upload = this.#open.get(id);
    if (upload?.repository !== repository) throw unknownUpload(id);
    this.#open.delete(id);
    this.#open.set(id, upload);
    return upload;
  }
}

function unknownUpload(id: string): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'there is no such upload', { id });
}
