import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** One page of a tag list as the registry last gave it. */
export interface KeptPage {
  readonly tags: readonly string[];
  /** Of the page that follows, relative to the repository's API. */
  readonly next: string | undefined;
  /** What the registry calls this state of the page. */
  readonly etag: string;
}

/** What is remembered of a tag list between two questions. */
export interface KeptList {
  readonly fingerprint: string;
  /** By path. Only pages that the registry can be asked about conditionally. */
  readonly pages: ReadonlyMap<string, KeptPage>;
}

export interface KeptLists {
  get(key: string): KeptList | undefined;
  set(key: string, list: KeptList): void;
  delete(key: string): void;
  /** What they take, in bytes, roughly. */
  size(): number;
}

const MAX_LISTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** Of a string and of its place in an array, beside its characters; and of a list or a page beside its tags. */
const BYTES_PER_TAG = 24;
const BYTES_PER_OBJECT = 400;

/** Keeps the lists asked for most recently, up to 16 MiB. */
export function createKeptLists(maxBytes = MAX_BYTES): KeptLists {
  const lists = new LRUCache<string, KeptList>({
    max: MAX_LISTS,
    maxSize: maxBytes,
    sizeCalculation: (list, key) => key.length + sizeOf(list),
  });
  return {
    get: (key) => lists.get(key),
    set: (key, list) => void lists.set(key, list),
    delete: (key) => void lists.delete(key),
    size: () => lists.calculatedSize,
  };
}

/** Equal for equal sets of tags, in whatever order the registry lists them. */
export function fingerprintOf(tags: Iterable<string>): string {
  return createHash('sha256')
    .update([...tags].sort().join('\n'))
    .digest('base64url');
}

function sizeOf({ pages }: KeptList): number {
  let bytes = BYTES_PER_OBJECT;
  for (const [path, { tags, etag }] of pages) {
    bytes += BYTES_PER_OBJECT + path.length + etag.length;
    for (const tag of tags) bytes += BYTES_PER_TAG + tag.length;
  }
  return bytes;
}
