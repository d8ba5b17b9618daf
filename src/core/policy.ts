import type { BlockerCode } from './blocker.ts';
import type { Pattern } from './pattern.ts';
import type { Result } from './result.ts';
import {
  compareBuilds,
  compareVersions,
  explainUnrelated,
  levelOfChange,
  type ChangeLevel,
} from './version-order.ts';
import { isAttachment, parseVersion, type Version } from './version.ts';

/** How far an artifact may move by itself (`headwind.sh/policy`). */
export const POLICIES = ['none', 'patch', 'minor', 'major', 'all', 'glob', 'force'] as const;
export type Policy = (typeof POLICIES)[number];

export interface PolicyRule {
  readonly policy: Policy;
  /** Needed by `glob`; a filter under every other policy. */
  readonly pattern?: Pattern | undefined;
  /** Whether pre-releases are admitted when the running version is none. */
  readonly prerelease: boolean;
}

/** `digest`: the same tag again; `unordered`: no order, taken because it was pushed; `downgrade`: lower, by force. */
export type UpdateLevel = ChangeLevel | 'digest' | 'unordered' | 'downgrade';

export type Verdict =
  | { readonly admitted: true; readonly level: UpdateLevel; readonly reason: string }
  | { readonly admitted: false; readonly code: BlockerCode; readonly reason: string };

/** Judges one tag that was just pushed: only then may something be taken that has no order. */
export function judgePushed(rule: PolicyRule, currentTag: string, pushedTag: string): Verdict {
  const running = { tag: currentTag, version: parseVersion(currentTag) };
  return judge({ rule, running, pushed: true }, { tag: pushedTag, version: parseVersion(pushedTag) });
}

/** Judges one tag as one of a list: what has no order is not taken. */
export function judgeListed(rule: PolicyRule, currentTag: string, tag: string): Verdict {
  const running = { tag: currentTag, version: parseVersion(currentTag) };
  return judge({ rule, running, pushed: false }, { tag, version: parseVersion(tag) });
}

/**
 * Whether a candidate is newer than another one, e.g. that of an open request: negative, 0, positive, or undefined
 * where they have no order. Build metadata counts under `all` and `force` only.
 */
export function compareForPolicy(a: string, b: string, policy?: Policy): number | undefined {
  if (a === b) return 0;
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (!left.ok || !right.ok) return undefined;
  return compareFor(policy, left.value, right.value);
}

/** A tag, and what it is as a version. */
export interface TagSubject {
  readonly tag: string;
  readonly version: Result<Version>;
}

/** What a tag is judged by. */
export interface JudgeContext {
  readonly rule: PolicyRule;
  readonly running: TagSubject;
  readonly pushed: boolean;
}

type Refusal = Extract<Verdict, { admitted: false }>;

const RANK: Readonly<Record<ChangeLevel, number>> = { build: 0, prerelease: 1, patch: 1, minor: 2, major: 3 };
const BOUND: Readonly<Record<Policy, number>> = {
  none: -1,
  patch: RANK.patch,
  minor: RANK.minor,
  major: RANK.major,
  all: RANK.major,
  glob: RANK.major,
  force: RANK.major,
};
const PRERELEASE_IN_PATTERN =
  /(?<![a-z])(?:alpha|beta|rc|preview|pre|dev|snapshot|nightly|canary|milestone)(?![a-z])/i;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;

/** Judges one tag. */
export function judge(context: JudgeContext, candidate: TagSubject): Verdict {
  const { rule, running, pushed } = context;
  const { tag } = candidate;
  if (rule.policy === 'none') return refuse('policy-none', 'policy none admits nothing');
  if (rule.policy === 'glob' && rule.pattern === undefined)
    return refuse('pattern', 'policy glob admits nothing without a pattern');
  if (!TAG.test(tag)) return refuse('policy', `"${tag}" is not a tag`);
  if (isAttachment(tag)) return refuse('policy', `${tag} is attached to an image (signature or the like)`);
  if (tag === running.tag) return judgeSameTag(context);
  const forced = rule.policy === 'force' && pushed;
  const verdict = forced ? force(running, candidate) : judgeByOrder(context, candidate);
  return verdict.admitted ? filter(rule, tag, verdict) : verdict;
}

function judgeSameTag({ rule, running, pushed }: JudgeContext): Verdict {
  return rule.policy === 'force' && pushed
    ? admit('digest', `${running.tag} was pushed again`)
    : refuse('up-to-date', `${running.tag} is the running tag`);
}

/** The pattern is asked last: it costs most, and of most tags in a list the order has already disposed. */
function filter({ pattern }: PolicyRule, tag: string, verdict: Verdict): Verdict {
  return pattern === undefined || pattern.matches(tag)
    ? verdict
    : refuse('pattern', `${tag} does not match the pattern ${pattern.text}`);
}

function judgeByOrder(context: JudgeContext, candidate: TagSubject): Verdict {
  const { rule, running } = context;
  if (candidate.version.ok) {
    const early = refusePreRelease(context, candidate.version.value);
    if (running.version.ok) return judgeVersions(context, running.version.value, candidate.version.value);
    return early ?? judgeUnordered(context, refuseUnversioned(rule, running, candidate));
  }
  return judgeUnordered(context, refuseUnversioned(rule, running, candidate));
}

function judgeVersions(context: JudgeContext, running: Version, candidate: Version): Verdict {
  const { policy } = context.rule;
  const unrelated = explainUnrelated(running, candidate);
  if (unrelated !== undefined) return refuse('policy', unrelated);
  const order = compareFor(policy, candidate, running);
  if (order === undefined) {
    const why = `${candidate.text} and the running ${running.text} differ only in a hash, which has no order`;
    return judgeUnordered(context, refuse('policy', why));
  }
  if (order < 0) return refuse('up-to-date', `${candidate.text} is older than the running ${running.text}`);
  if (order === 0) return refuse('up-to-date', explainSame(running, candidate));
  const level = levelOfChange(running, candidate);
  if (RANK[level] > BOUND[policy]) {
    return refuse('policy', `${candidate.text} is a ${level} change, policy ${policy} admits less`);
  }
  const early = refusePreRelease(context, candidate);
  return early ?? admit(level, `${candidate.text} is newer than the running ${running.text} (${level})`);
}

function compareFor(policy: Policy | undefined, a: Version, b: Version): number | undefined {
  const order = compareVersions(a, b);
  return order === 0 && countsBuilds(policy) ? compareBuilds(a, b) : order;
}

/** Whether build metadata makes a version newer. */
export function countsBuilds(policy: Policy | undefined): boolean {
  return policy === 'all' || policy === 'force';
}

function explainSame(running: Version, candidate: Version): string {
  return running.suffix.build === candidate.suffix.build
    ? `${candidate.text} is the running version ${running.text}, written otherwise`
    : `${candidate.text} differs from the running ${running.text} only in build metadata, which makes it no newer`;
}

function refusePreRelease({ rule, running }: JudgeContext, candidate: Version): Refusal | undefined {
  if (candidate.suffix.prerelease === undefined) return undefined;
  if (admitsPreReleases(rule, running.version.ok ? running.version.value : undefined)) return undefined;
  return refuse('policy', `${candidate.text} is a pre-release, the running ${running.tag} is none`);
}

/** Whether pre-releases are candidates at all. A glob that spells out a pre-release word asks for them. */
export function admitsPreReleases(rule: PolicyRule, running: Version | undefined): boolean {
  if (rule.prerelease || running?.suffix.prerelease !== undefined) return true;
  return rule.policy === 'glob' && PRERELEASE_IN_PATTERN.test(rule.pattern?.text ?? '');
}

function refuseUnversioned({ policy }: PolicyRule, running: TagSubject, candidate: TagSubject): Refusal {
  if (!running.version.ok) {
    const why = `the running tag ${running.tag} ${running.version.error}`;
    return refuse('current-unversioned', `${why}: nothing is newer under policy ${policy}`);
  }
  const why = candidate.version.ok ? 'has no order' : candidate.version.error;
  return refuse('policy', `${candidate.tag} ${why}`);
}

/** What has no order is taken only because it was just pushed, and only where the policy asks for no level. */
function judgeUnordered({ rule, pushed }: JudgeContext, refusal: Refusal): Verdict {
  const open = rule.policy === 'all' || rule.policy === 'glob' || rule.policy === 'force';
  if (!open) return refusal;
  return pushed
    ? admit('unordered', 'it has no order against the running tag, but was just pushed')
    : refuse(refusal.code, `${refusal.reason}; without an order only a tag that was just pushed is taken`);
}

function force(running: TagSubject, candidate: TagSubject): Verdict {
  const unordered = admit('unordered', `${candidate.tag} was just pushed, and policy force takes any tag`);
  if (!running.version.ok || !candidate.version.ok) return unordered;
  const [from, to] = [running.version.value, candidate.version.value];
  const order = compareFor('force', to, from);
  if (order === undefined || order === 0) return unordered;
  return order < 0
    ? admit('downgrade', `${to.text} is older than the running ${from.text}, but policy force takes any tag`)
    : admit(levelOfChange(from, to), `${to.text} is newer than the running ${from.text}`);
}

function admit(level: UpdateLevel, reason: string): Verdict {
  return { admitted: true, level, reason };
}

function refuse(code: BlockerCode, reason: string): Refusal {
  return { admitted: false, code, reason };
}
