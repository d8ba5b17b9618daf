import {
  countsBuilds,
  judge,
  type JudgeContext,
  type PolicyRule,
  type TagSubject,
  type Verdict,
} from './policy.ts';
import { createTagSieve } from './tag-sieve.ts';
import { compareBuildText, compareRelated } from './version-order.ts';
import { createVersionParser, parseVersion, type Version } from './version.ts';

export interface TagVerdict {
  readonly tag: string;
  readonly verdict: 'selected' | 'admitted' | 'refused';
  readonly reason: string;
}

export interface Choice {
  /** Absent when no tag of the list is an update. */
  readonly selected?: string | undefined;
  /** One entry for each different tag, in the list's order. */
  readonly tags: readonly TagVerdict[];
}

/** So many tags may pass a sieve in vain before one is made for the best that is known by then. */
const MAX_IN_VAIN = 32;

/**
 * The newest tag of a complete list that the rule admits, and that `isBarred` is not true for. Never one below the
 * running version, never one without an order, and the same one in whatever order the list comes. Most tags are not
 * read at all: of ten thousand some hundred are.
 */
export function newestTag(
  rule: PolicyRule,
  currentTag: string,
  tags: readonly string[],
  isBarred: (tag: string) => boolean = () => false,
): string | undefined {
  const version = parseVersion(currentTag);
  // Out of a list only that is taken which is newer, and nothing is newer than what has no order.
  if (!version.ok) return undefined;
  const context: JudgeContext = { rule, running: { tag: currentTag, version }, pushed: false };
  let best: Version | undefined;
  let sieve = createTagSieve(rule, version.value);
  let inVain = 0;
  const stride = Math.max(1, Math.floor(Math.sqrt(tags.length)));
  // Lists mostly come in an order, upwards or downwards: looked through in strides, few tags are the best so far.
  for (let offset = stride - 1; offset >= 0; offset -= 1) {
    for (let index = offset; index < tags.length; index += stride) {
      const tag = tags[index] ?? '';
      if (!sieve.test(tag) || rule.pattern?.matches(tag) === false) continue;
      best = better(context, best, tag, isBarred);
      inVain += 1;
      if (inVain < MAX_IN_VAIN || best === undefined) continue;
      sieve = createTagSieve(rule, version.value, best);
      inVain = 0;
    }
  }
  return best?.text;
}

/** `newestTag`, and of every tag why it was taken or not. */
export function chooseFromList(rule: PolicyRule, currentTag: string, tags: Iterable<string>): Choice {
  const different = [...new Set(tags)];
  const selected = newestTag(rule, currentTag, different);
  const parse = createVersionParser();
  const context = { rule, running: { tag: currentTag, version: parse(currentTag) }, pushed: false };
  const verdictOn = (tag: string): TagVerdict =>
    toTagVerdict(tag, judge(context, { tag, version: parse(tag) }), selected);
  return { selected, tags: different.map(verdictOn) };
}

/** The tag's version where it is admitted and preferred to the best so far, else that one. */
function better(
  context: JudgeContext,
  best: Version | undefined,
  tag: string,
  isBarred: (tag: string) => boolean,
): Version | undefined {
  const version = parseVersion(tag);
  if (!version.ok) return best;
  if (best !== undefined && comparePreference(context, version.value, best) <= 0) return best;
  return judge(context, { tag, version }).admitted && !isBarred(tag) ? version.value : best;
}

/** A total order of the admitted versions: newer first, then the running tag's form, then the text. */
function comparePreference({ rule, running }: JudgeContext, a: Version, b: Version): number {
  const builds = compareBuildText(a.suffix.build, b.suffix.build);
  return (
    compareRelated(a, b) ||
    (countsBuilds(rule.policy) ? builds : 0) ||
    Number(hasPrefixOf(running, a)) - Number(hasPrefixOf(running, b)) ||
    builds ||
    compareText(a.text, b.text)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function hasPrefixOf(running: TagSubject, version: Version): boolean {
  return running.version.ok && running.version.value.prefix === version.prefix;
}

function toTagVerdict(tag: string, verdict: Verdict, selected: string | undefined): TagVerdict {
  if (!verdict.admitted) return { tag, verdict: 'refused', reason: verdict.reason };
  return tag === selected
    ? { tag, verdict: 'selected', reason: verdict.reason }
    : { tag, verdict: 'admitted', reason: `${verdict.reason}, but ${selected ?? ''} is preferred` };
}
