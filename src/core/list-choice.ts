import { requestedTag } from './artifact-reference.ts';
import type { Blocker } from './blocker.ts';
import { findHold, heldBy } from './holds.ts';
import { newestTag } from './newest-tag.ts';
import { compareForPolicy, judgeListed, type PolicyRule, type UpdateLevel } from './policy.ts';
import type { UpdateRequest } from './update-request.ts';
import { parseVersion } from './version.ts';

export interface ListQuestion {
  readonly rule: PolicyRule;
  /** As written in the workload. */
  readonly currentImage: string;
  readonly currentTag: string;
  /** A complete list. */
  readonly tags: readonly string[];
  /** All requests of the artifact, open and finished. */
  readonly requests: readonly UpdateRequest[];
}

/** The tag that is to be proposed, or why there is none. */
export type ListChoice = { readonly selected: string } | { readonly blocker: Blocker };

interface Hold {
  readonly tag: string;
  readonly reach: number;
  readonly request: UpdateRequest;
}

/** How far a change goes; a no to one is a no to what goes as far or farther, and lies below it. */
const REACH: Readonly<Record<UpdateLevel, number>> = {
  digest: 0,
  unordered: 0,
  downgrade: 0,
  build: 1,
  prerelease: 1,
  patch: 1,
  minor: 2,
  major: 3,
};

/**
 * Chooses from a complete list what is to be proposed. Where the newest is held, a version below it is chosen only if
 * it is the smaller step: with 1.2.3 running and 1.3.0 rejected, 1.2.9 is still an update (that it is older than
 * 1.3.0 says nothing about it), but 1.2.8 after 1.2.9 was rejected is not. Otherwise every "no", and every rollout
 * that failed, would bring the next lower version, one after the other, down to the running one. What is above a
 * held version is not touched by the hold.
 */
export function chooseUnheld(question: ListQuestion): ListChoice {
  const { rule, currentTag, tags } = question;
  const newest = newestTag(rule, currentTag, tags);
  if (newest === undefined) return { blocker: nothingNewer(question) };
  const holds = holdsAmong(question);
  const inTheWay = (tag: string): Hold | undefined => holds.find((hold) => keepsBack(hold, tag, question));
  const hold = inTheWay(newest);
  if (hold === undefined) return { selected: newest };
  const selected = newestTag(rule, currentTag, tags, (tag) => inTheWay(tag) !== undefined);
  return selected === undefined ? { blocker: heldBy(hold.request) } : { selected };
}

/** The held versions that the rule would admit: others are in nobody's way. */
function holdsAmong({ rule, currentImage, currentTag, requests }: ListQuestion): readonly Hold[] {
  const tags = new Set(requests.flatMap(({ spec }) => requestedTag(spec) ?? []));
  return [...tags].flatMap((tag) => {
    const request = findHold(requests, { currentImage, tag, digest: undefined });
    const verdict = judgeListed(rule, currentTag, tag);
    return request === undefined || !verdict.admitted ? [] : [{ tag, request, reach: REACH[verdict.level] }];
  });
}

function keepsBack(hold: Hold, tag: string, { rule, currentTag }: ListQuestion): boolean {
  if (hold.tag === tag) return true;
  const order = compareForPolicy(tag, hold.tag, rule.policy);
  if (order === undefined || order > 0) return false;
  const verdict = judgeListed(rule, currentTag, tag);
  return verdict.admitted && REACH[verdict.level] >= hold.reach;
}

function nothingNewer({ rule, currentTag, tags }: ListQuestion): Blocker {
  const running = parseVersion(currentTag);
  if (!running.ok) {
    const message = `the running tag ${currentTag} ${running.error}: a list does not tell what is newer`;
    return { code: 'current-unversioned', message };
  }
  const count = tags.length === 1 ? 'the only tag is not' : `none of the ${tags.length} tags is`;
  return {
    code: 'up-to-date',
    message: `${count} newer than ${currentTag} and admitted by policy ${rule.policy}${withPattern(rule)}`,
  };
}

function withPattern({ pattern }: PolicyRule): string {
  return pattern === undefined ? '' : ` with pattern ${pattern.text}`;
}
