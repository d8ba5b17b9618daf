import { sha256Of } from './digest.ts';
import type { ManifestFacts } from './manifest.ts';
import { RegistryError } from './registry-error.ts';

export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly config: string | undefined;
}

interface RepositoryContent {
  /** Digests of the blobs that were pushed to, or mounted into, this repository. */
  readonly blobs: Set<string>;
  readonly manifests: Map<string, StoredManifest>;
  /** Tag → digest of a manifest in `manifests`. */
  readonly tags: Map<string, string>;
}

export interface ContentLimits {
  /** Of all blobs, manifests and unfinished uploads together, in bytes. */
  readonly totalBytes: number;
  readonly repositories: number;
}

/** What the registry holds, in memory: blobs once each, and per repository which of them it has. */
export class Content {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #repositories = new Map<string, RepositoryContent>();
  readonly #limits: ContentLimits;
  #bytes = 0;

  constructor(limits: ContentLimits) {
    this.#limits = limits;
  }

  /**
   * Reserves room; every byte that is kept has been reserved before.
   * @throws RegistryError SIZE_INVALID when the registry is full
   */
  reserve(bytes: number): void {
    if (this.#bytes + bytes > this.#limits.totalBytes)
      throw new RegistryError('SIZE_INVALID', `this registry keeps at most ${this.#limits.totalBytes} bytes`);
    this.#bytes += bytes;
  }

  /** Gives back room that was reserved. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Keeps a blob whose room is reserved already; the room is given back when the blob is known. */
  addBlob(repository: string, digest: string, bytes: Uint8Array): void {
    const content = this.#open(repository);
    if (this.#blobs.has(digest)) this.release(bytes.byteLength);
    else this.#blobs.set(digest, bytes);
    content.blobs.add(digest);
  }

  /** Lets `repository` have a blob of another one; false when `from` has no such blob. */
  mount(repository: string, digest: string, from: string): boolean {
    if (this.#repositories.get(from)?.blobs.has(digest) !== true) return false;
    this.#open(repository).blobs.add(digest);
    return true;
  }

  blob(repository: string, digest: string): Uint8Array | undefined {
    if (this.#repositories.get(repository)?.blobs.has(digest) !== true) return undefined;
    return this.#blobs.get(digest);
  }

  /**
   * Keeps a manifest, under `tag` when one is given.
   * @throws RegistryError MANIFEST_BLOB_UNKNOWN when something that it refers to is missing, SIZE_INVALID when full
   */
  addManifest(
    repository: string,
    bytes: Uint8Array,
    options: { readonly facts: ManifestFacts; readonly tag?: string },
  ): StoredManifest {
    const { facts, tag } = options;
    const content = this.#open(repository);
    const missing =
      facts.blobs.find((digest) => !content.blobs.has(digest)) ??
      facts.manifests.find((digest) => !content.manifests.has(digest));
    if (missing !== undefined)
      throw new RegistryError('MANIFEST_BLOB_UNKNOWN', 'the manifest refers to what was not pushed', {
        digest: missing,
      });
    const digest = sha256Of(bytes);
    const known = content.manifests.get(digest);
    if (known === undefined) this.reserve(bytes.byteLength);
    const stored = known ?? { digest, mediaType: facts.mediaType, bytes, config: facts.config };
    content.manifests.set(digest, stored);
    if (tag !== undefined) content.tags.set(tag, digest);
    return stored;
  }

  /** The manifest under a tag or a digest. */
  manifest(repository: string, reference: string): StoredManifest | undefined {
    const content = this.#repositories.get(repository);
    return content?.manifests.get(content.tags.get(reference) ?? reference);
  }

  /** Removes a tag, or a manifest with all its tags; false when there is none. */
  removeManifest(repository: string, reference: string): boolean {
    const content = this.#repositories.get(repository);
    if (content === undefined) return false;
    if (content.tags.delete(reference)) return true;
    const stored = content.manifests.get(reference);
    if (stored === undefined) return false;
    content.manifests.delete(reference);
    for (const [tag, digest] of content.tags) if (digest === reference) content.tags.delete(tag);
    this.release(stored.bytes.byteLength);
    return true;
  }

  /** The repository's tags in lexical order, as the specification asks; undefined when there is no such repository. */
  tags(repository: string): readonly string[] | undefined {
    const content = this.#repositories.get(repository);
    return content === undefined ? undefined : sorted(content.tags.keys());
  }

  has(repository: string): boolean {
    return this.#repositories.has(repository);
  }

  repositories(): readonly string[] {
    return sorted(this.#repositories.keys());
  }

  #open(repository: string): RepositoryContent {
    const known = this.#repositories.get(repository);
    if (known !== undefined) return known;
    if (this.#repositories.size >= this.#limits.repositories)
      throw new RegistryError(
        'SIZE_INVALID',
        `this registry keeps at most ${this.#limits.repositories} repositories`,
      );
    const content: RepositoryContent = { blobs: new Set(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(repository, content);
    return content;
  }
}

function sorted(names: Iterable<string>): readonly string[] {
  return [...names].sort((a, b) => (a < b ? -1 : 1));
}
