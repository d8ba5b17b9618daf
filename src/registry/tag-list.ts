import { LRUCache } from 'lru-cache';
import type { Told } from './answer.ts';
import type { Asker, Question } from './asker.ts';
import { Unavailable } from './failure.ts';
import { identityKey } from './identity.ts';
import { createKeptLists, fingerprintOf, type KeptList, type KeptPage } from './kept-lists.ts';
import { PageSizeRefused, readTagPage } from './tag-page.ts';

export interface ListQuestion extends Pick<Question, 'address' | 'identity' | 'signal'> {
  /** More tags are not read. */
  readonly budget: number;
}

export type TagList =
  | {
      readonly kind: 'complete';
      readonly tags: readonly string[];
      /** The same tags as when it was last asked for in this place by this identity. */
      readonly unchanged: boolean;
    }
  | { readonly kind: 'over-budget'; readonly read: number };

export interface TagLists {
  /** Reads a list to its last page. Throws Unavailable where any page is not to be had: half a list is none. */
  read(question: ListQuestion): Promise<Told<TagList>>;
  /** What the kept lists take, in bytes, roughly. */
  keptBytes(): number;
}

/** How many entries a page is asked to have; the next of them where the registry refuses, at last none. */
const PAGE_SIZES: readonly (number | undefined)[] = [1000, 100, undefined];
/** ECR and Harbor filter after they cut pages: some may be empty, but not for ever. */
const MAX_IDLE_PAGES = 20;
const MAX_HOSTS = 500;

/** Reads tag lists, and keeps what lets the next question for the same list be a conditional one. */
export function createTagLists(asker: Asker, kept = createKeptLists()): TagLists {
  // By host: an index into PAGE_SIZES.
  const sizesRefused = new LRUCache<string, number>({ max: MAX_HOSTS });

  const readList = async (question: ListQuestion, pageSize: number | undefined): Promise<Told<TagList>> => {
    const { address, identity } = question;
    // With the identity in it, so that what one namespace may see is never told to another.
    const key = JSON.stringify([address.base.href, identityKey(identity)]);
    const before = kept.get(key);
    const read = await readPages({ asker, question, pageSize, before });
    if (read.kind !== 'told') return read;
    const { tags, pages } = read.value;
    if (tags.size > question.budget) {
      kept.delete(key);
      return { kind: 'told', value: { kind: 'over-budget', read: tags.size } };
    }
    const fingerprint = fingerprintOf(tags);
    kept.set(key, { fingerprint, pages });
    const unchanged = before?.fingerprint === fingerprint;
    return { kind: 'told', value: { kind: 'complete', tags: [...tags], unchanged } };
  };

  return {
    keptBytes: () => kept.size(),
    read: async (question) => {
      const { host } = question.address.base;
      for (let index = sizesRefused.get(host) ?? 0; ; index += 1) {
        try {
          return await readList(question, PAGE_SIZES[index]);
        } catch (error) {
          if (!(error instanceof PageSizeRefused)) throw error;
          if (index + 1 >= PAGE_SIZES.length) throw error.answer;
          sizesRefused.set(host, index + 1);
        }
      }
    },
  };
}

interface Reading {
  readonly asker: Asker;
  readonly question: ListQuestion;
  readonly pageSize: number | undefined;
  /** What the same list was. */
  readonly before: KeptList | undefined;
}

/** Reads page after page, to the last one or until there are more tags than the budget. */
async function readPages({ asker, question, pageSize, before }: Reading): Promise<
  Told<{
    readonly tags: ReadonlySet<string>;
    readonly pages: ReadonlyMap<string, KeptPage>;
  }>
> {
  const { host } = question.address.base;
  const tags = new Set<string>();
  const pages = new Map<string, KeptPage>();
  const asked = new Set<string>();
  let idle = 0;
  let next: string | undefined = pageSize === undefined ? 'tags/list' : `tags/list?n=${pageSize}`;
  while (next !== undefined && tags.size <= question.budget) {
    const path: string = next;
    if (asked.has(path)) throw new Unavailable(`${host} lists its pages in a circle`);
    const kept = before?.pages.get(path);
    const page = await readTagPage(asker, { ...question, path, pageSize, kept, isFirst: asked.size === 0 });
    if (page.kind !== 'told') return page;
    asked.add(path);
    const sizeBefore = tags.size;
    for (const tag of page.value.tags) tags.add(tag);
    idle = tags.size > sizeBefore ? 0 : idle + 1;
    if (idle > MAX_IDLE_PAGES) throw new Unavailable(`${host} lists page after page without a new tag`);
    const { etag } = page.value;
    if (etag !== undefined) pages.set(path, { ...page.value, etag });
    next = page.value.next;
  }
  return { kind: 'told', value: { tags, pages } };
}
