import type { Credential } from '../../core/credential.ts';
import type { Repository } from '../../core/image-reference.ts';
import type { PollGroup } from './groups.ts';

/** What a registry says about a repository's tags. */
export type TagListing =
  | { readonly outcome: 'complete'; readonly tags: readonly string[]; readonly unchanged: boolean }
  /** There are more tags than may be read: what was read decides nothing. */
  | { readonly outcome: 'over-budget'; readonly message: string }
  | { readonly outcome: 'missing'; readonly message: string }
  | Unavailable;

/** What a registry says about one tag. */
export type TagDigest =
  | { readonly outcome: 'found'; readonly digest: string }
  | { readonly outcome: 'missing'; readonly message: string }
  | Unavailable;

interface Unavailable {
  readonly outcome: 'unavailable';
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  /** The registry answered, and refused whoever asked. */
  readonly denied?: boolean | undefined;
}

interface Question {
  readonly repository: Repository;
  readonly credentials: () => Promise<readonly Credential[]>;
  readonly signal?: AbortSignal | undefined;
}

/** The registries, as far as a poll needs them. Neither rejects but for the signal. */
export interface PolledRegistry {
  listTags(question: Question): Promise<TagListing>;
  digestOf(question: Question & { readonly tag: string }): Promise<TagDigest>;
}

/** Why a poll does not know what it wants to know. */
export interface PollTrouble {
  readonly kind: 'denied' | 'unavailable' | 'missing' | 'over-budget';
  /** One sentence for a person. */
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

/** All that one poll found out. */
export interface PollAnswers {
  /** Absent where nobody wants the list, or it could not be had as a whole. */
  readonly list: { readonly tags: readonly string[]; readonly unchanged: boolean } | undefined;
  /** By tag. */
  readonly digests: ReadonlyMap<string, string>;
  readonly listTrouble: PollTrouble | undefined;
  /** By tag. */
  readonly digestTroubles: ReadonlyMap<string, PollTrouble>;
}

/** Asks all that the members of a group want to know: the list once, and each tag's digest once. */
export async function askFor(
  group: PollGroup,
  registry: PolledRegistry,
  signal: AbortSignal,
): Promise<PollAnswers> {
  const { repository, members } = group;
  const credentials = (): Promise<readonly Credential[]> => Promise.resolve(group.credentials);
  const question = { repository, credentials, signal };
  const tags = [...new Set(members.flatMap(({ wish }) => wish.digestOf ?? []))];
  const [listing, ...answers] = await Promise.all([
    members.some(({ wish }) => wish.wantsList) ? registry.listTags(question) : undefined,
    ...tags.map(async (tag) => ({ tag, answer: await registry.digestOf({ ...question, tag }) })),
  ]);
  const digests = new Map<string, string>();
  const digestTroubles = new Map<string, PollTrouble>();
  for (const { tag, answer } of answers) {
    if (answer.outcome === 'found') digests.set(tag, answer.digest);
    else digestTroubles.set(tag, toTrouble(answer));
  }
  if (listing === undefined) return { list: undefined, listTrouble: undefined, digests, digestTroubles };
  if (listing.outcome !== 'complete')
    return { list: undefined, listTrouble: toTrouble(listing), digests, digestTroubles };
  const { tags: listed, unchanged } = listing;
  return { list: { tags: listed, unchanged }, listTrouble: undefined, digests, digestTroubles };
}

function toTrouble(
  answer: Exclude<TagListing, { outcome: 'complete' }> | Exclude<TagDigest, { outcome: 'found' }>,
): PollTrouble {
  const { message } = answer;
  if (answer.outcome !== 'unavailable') return { kind: answer.outcome, message, retryAfterMs: undefined };
  const kind = answer.denied === true ? 'denied' : 'unavailable';
  return { kind, message, retryAfterMs: answer.retryAfterMs };
}
