import { z } from 'zod';
import { isTag } from '../core/image-reference.ts';
import { absence, undecided, type Answered, type Told } from './answer.ts';
import type { Asker, Question } from './asker.ts';
import { parseJson, Unavailable } from './failure.ts';
import type { HttpResponse } from './http.ts';
import type { KeptPage } from './kept-lists.ts';
import { nextPage } from './next-page.ts';

export interface PageQuestion extends Pick<Question, 'address' | 'identity' | 'signal'> {
  /** Relative to the repository's API. */
  readonly path: string;
  readonly isFirst: boolean;
  /** How many entries it was asked to have; undefined where that was left to the registry. */
  readonly pageSize: number | undefined;
  /** What the same page was, for a conditional question. */
  readonly kept: KeptPage | undefined;
}

export interface TagPage {
  readonly tags: readonly string[];
  /** The path of the page that follows. */
  readonly next: string | undefined;
  /** Undefined where the registry gives none, or where it would not vouch for the whole page. */
  readonly etag: string | undefined;
}

/** The registry wants another page size. */
export class PageSizeRefused extends Error {
  /** What this is where there is no other. */
  readonly answer: Unavailable;

  constructor(answer: Unavailable) {
    super(answer.message, { cause: answer });
    this.answer = answer;
  }
}

/**
 * How registries refuse a page size: Amazon's ECR says 405, distribution 3 and GitLab say 400 with
 * PAGINATION_NUMBER_INVALID.
 */
const REFUSALS_OF_SIZE = [400, 405, 416, 422];
/** Google's registry adds facts about each image to each list. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const MAX_ETAG_LENGTH = 300;

/** `{"name":"library/nginx","tags":["1.25","latest"]}`; `null` for none, in whatever is written in Go. */
const Page = z.object({ tags: z.array(z.unknown()).nullable() });

/** Asks for one page of a tag list. Throws Unavailable where it is not to be had, PageSizeRefused where it asks too much. */
export async function readTagPage(asker: Asker, question: PageQuestion): Promise<Told<TagPage>> {
  const { address, identity, signal, path, pageSize, kept } = question;
  const asked = { address, identity, signal, path, purpose: 'tags', urgent: false, method: 'GET' } as const;
  const conditional = kept === undefined ? {} : { 'if-none-match': kept.etag };
  const headers = { accept: 'application/json', 'accept-encoding': 'identity', ...conditional };
  const reply = await asker.ask({ ...asked, headers, maxBodyBytes: MAX_PAGE_BYTES });
  if (reply.kind === 'refused') return reply;
  const { response } = reply;
  if (response.status !== 200 && response.status !== 304) return otherwise(reply, question);
  const header = response.headers.get('link');
  const link = nextPage({ header, from: response.url, base: address.base, pageSize });
  if (!link.ok) throw new Unavailable(`${response.url.host} ${link.error}`);
  if (response.status === 200) return { kind: 'told', value: readPage(response, link.value) };
  if (kept === undefined) throw undecided(reply);
  return { kind: 'told', value: { ...kept, next: link.value ?? kept.next } };
}

function otherwise(reply: Answered, { isFirst, address }: PageQuestion): Told<TagPage> {
  const { status } = reply.response;
  // A list that vanishes between two pages is no list.
  if (!isFirst) throw undecided(reply);
  if (REFUSALS_OF_SIZE.includes(status)) throw new PageSizeRefused(undecided(reply));
  if (status !== 404) throw undecided(reply);
  const none = `no repository ${address.path}`;
  return absence(reply, { inRepository: none, repository: none });
}

/** Entries that are no tags are left out, and the page is as good as without them. */
function readPage(response: HttpResponse, next: string | undefined): TagPage {
  const { host } = response.url;
  if (response.truncated) throw new Unavailable(`${host} answered with a page of tags of more than 16 MiB`);
  const parsed = Page.safeParse(parseJson(response.body));
  if (!parsed.success) throw new Unavailable(`${host} answered with something that is no list of tags`);
  const entries = parsed.data.tags ?? [];
  const etag = response.headers.get('etag') ?? '';
  const isUsable = /^[\x21-\x7e]+$/.test(etag) && etag.length <= MAX_ETAG_LENGTH;
  const vouches = isUsable && (next !== undefined || !mayBeFull(entries.length));
  return { tags: entries.filter(isTagText), next, etag: vouches ? etag : undefined };
}

/**
 * What an ETag is worth. It stands for one page: the first page's says nothing about the others, where a new tag may
 * have come, so each page is asked about with its own. A page that is unchanged still begins and ends with the same
 * tags, so the page after it still has the same address and its own ETag. What an ETag need not cover is the Link
 * header: when a tag comes after a last page that was just full, its bytes, and so perhaps its ETag, stay the same. A
 * 304 that carries a Link is therefore believed about it, and the ETag of a last page that may be full is not used at
 * all. Full pages have round sizes: those that we ask for, and those that registries have of their own (50, 100, 500).
 */
function mayBeFull(entries: number): boolean {
  return entries > 0 && entries % 10 === 0;
}

function isTagText(entry: unknown): entry is string {
  return typeof entry === 'string' && isTag(entry);
}
