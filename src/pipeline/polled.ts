import pLimit from 'p-limit';
import type { Blocker } from '../core/blocker.ts';
import type { Clock } from '../core/clock.ts';
import { toPolicyRule, type Confirmation } from '../core/decision.ts';
import { recentFailure } from '../core/holds.ts';
import type { ChartFindings } from '../core/chart-source.ts';
import { effectiveTag } from '../core/image-reference.ts';
import { chooseUnheld } from '../core/list-choice.ts';
import { isAbout } from '../core/new-request.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Log } from '../telemetry/log.ts';
import type { PollResult } from '../triggers/poller/poller.ts';
import type { AskerOptions } from './ask.ts';
import { fromCharts, fromPoll, type Finding, type FindingMember, type FindingTrouble } from './finding.ts';
import type { Outcome } from './outcome.ts';
import type { Proposer } from './propose.ts';
import type { RequestStore } from './request-store.ts';

export interface PolledOptions {
  readonly requests: Pick<RequestStore, 'ofArtifact'>;
  readonly proposer: Pick<Proposer, 'consider' | 'stay'>;
  /** Asks the registry for one tag's digest. */
  readonly confirm: Parameters<typeof fromPoll>[1]['confirm'];
  readonly confirmChart: AskerOptions['confirmChart'];
  readonly explainCredentials: AskerOptions['explainCredentials'];
  readonly clock: Clock;
  readonly log: Log;
}

export interface PolledOutcome {
  /** Requests that did not exist before. */
  readonly created: number;
  /** Artifacts for which it has to be tried again. */
  readonly unresolved: number;
}

/** Where polls, and looks at sources of charts, hand in what they found. */
export interface PolledIntake {
  /** Decides for each artifact of the poll; resolves when what came of it is durable. Never rejects. */
  deliver(result: PollResult): Promise<PolledOutcome>;
  /** The same for the releases of a chart. */
  deliverCharts(findings: ChartFindings, by: Finding['source']): Promise<PolledOutcome>;
  /** Why the last look there told nothing about the artifact; empty where it did. `origin` is as of `originOf`. */
  troublesOf(artifact: string, origin: () => string | undefined): readonly Blocker[];
  /** Drops what is known of these artifacts. */
  forget(artifacts: readonly string[]): void;
}

const DECISIONS_AT_ONCE = 16;
/**
 * Lists may name tags that are gone, and images for other machines: so many are passed over for the next best one. Of
 * charts more, since their repository may hold the images of what they install; the next look goes on behind these.
 */
const MAX_PASSED_OVER = 5;
const MAX_CHARTS_PASSED_OVER = 32;
const PASSED_OVER: ReadonlySet<Blocker['code']> = new Set(['tag-missing', 'platform']);
/** What may lift without anything changing that a poll would notice: decided anew by every poll. */
const FLEETING: ReadonlySet<Blocker['code']> = new Set([
  'tag-missing',
  'platform',
  'registry',
  'registry-auth',
  'not-before',
  'cluster',
]);

const TROUBLES: Readonly<Record<Exclude<FindingTrouble['kind'], 'denied'>, Blocker['code']>> = {
  'over-budget': 'tag-budget',
  missing: 'tag-missing',
  unavailable: 'registry',
  suspended: 'suspended',
};

interface Judgement {
  readonly outcome: Outcome;
  /** Whether the same facts would lead to the same decision at any other time. */
  readonly settled: boolean;
}

/** Makes the intake. Of each artifact it remembers what it last decided on, so that the same facts cost nothing twice. */
export function createPolledIntake(options: PolledOptions): PolledIntake {
  const { requests, proposer, clock, log } = options;
  // By artifact: the facts of its last decision. Dropped with the workload, like the troubles.
  const decidedOn = new Map<string, string>();
  const troubles = new Map<string, { readonly origin: string; readonly blockers: readonly Blocker[] }>();
  const limit = pLimit(DECISIONS_AT_ONCE);

  const requestsOf = ({ key, workload }: FindingMember): readonly UpdateRequest[] =>
    requests.ofArtifact(key).filter((request) => isAbout(request, workload));

  async function decideFor(member: FindingMember, finding: Finding, confirm: Confirm): Promise<Outcome> {
    await note(member, finding);
    const facts = factsOf(member, finding, requestsOf(member));
    if (facts === undefined || decidedOn.get(member.key) === facts) return { kind: 'stay', blockers: [] };
    decidedOn.delete(member.key);
    const { outcome, settled } = await judge(member, finding, confirm);
    if (settled) decidedOn.set(member.key, facts);
    return outcome;
  }

  /** A newer version first; where there is none, another digest of the one that runs. */
  async function judge(member: FindingMember, finding: Finding, confirm: Confirm): Promise<Judgement> {
    const { wish } = member;
    const fromList = await judgeList(member, finding, confirm);
    if (fromList !== undefined && !('nothing' in fromList)) return fromList;
    const digest = wish.digestOf === undefined ? undefined : finding.digests.get(wish.digestOf);
    if (wish.digestOf !== undefined && digest !== undefined)
      return consider(member, finding.source, wish.digestOf, async () => ({ outcome: 'found', digest }));
    const blocker = fromList?.nothing;
    if (blocker === undefined) return { outcome: { kind: 'stay', blockers: [] }, settled: true };
    const outcome = proposer.stay(member.workload, member.artifact, effectiveTag(wish.reference), [blocker]);
    return { outcome, settled: true };
  }

  /** Undefined where the list could not be had; `nothing` where it holds no update. */
  async function judgeList(
    member: FindingMember,
    finding: Finding,
    confirm: Confirm,
  ): Promise<Judgement | { readonly nothing: Blocker } | undefined> {
    const { wish, artifact } = member;
    const { list, listTrouble } = finding;
    if (wish.wantsList && listTrouble !== undefined) return undefined;
    const passedOver = new Set<string>();
    let first: Judgement | undefined;
    for (;;) {
      const choice = chooseUnheld({
        rule: toPolicyRule(wish.settings),
        currentImage: artifact.image,
        currentTag: effectiveTag(wish.reference),
        tags: (wish.wantsList ? (list?.tags ?? []) : []).filter((tag) => !passedOver.has(tag)),
        requests: requestsOf(member),
      });
      if ('blocker' in choice) return first ?? { nothing: choice.blocker };
      const judgement = await consider(member, finding.source, choice.selected, () =>
        confirm(choice.selected, member),
      );
      if (!isPassedOver(judgement.outcome)) return judgement;
      // What is told is why the best one was not taken, unless another one is.
      first ??= judgement;
      if (passedOver.add(choice.selected).size >= mostPassedOver(artifact)) return first;
    }
  }

  async function consider(
    { workload, artifact, key }: FindingMember,
    source: Finding['source'],
    tag: string,
    confirm: () => Promise<Confirmation>,
  ): Promise<Judgement> {
    const failed = recentFailure(
      requests.ofArtifact(key),
      { currentImage: artifact.image, tag },
      clock.now(),
    );
    if (failed !== undefined)
      return { outcome: proposer.stay(workload, artifact, tag, [failed]), settled: false };
    const outcome = await proposer.consider(workload, artifact, { tag, source, confirm });
    return { outcome, settled: isSettled(outcome) };
  }

  /** Keeps, beside the last decision, what kept this poll from finding out more. */
  async function note(member: FindingMember, finding: Finding): Promise<void> {
    const { key, wish } = member;
    const ofDigest = wish.digestOf === undefined ? undefined : finding.digestTroubles.get(wish.digestOf);
    const ofList = wish.wantsList ? finding.listTrouble : undefined;
    const found = [ofList, ofDigest].filter((trouble) => trouble !== undefined);
    if (found.length === 0) {
      troubles.delete(key);
      return;
    }
    const blockers = await Promise.all(
      found.map((trouble) => toBlocker(trouble, () => finding.explain(member))),
    );
    troubles.set(key, { origin: finding.origin, blockers });
  }

  async function take(finding: Finding): Promise<PolledOutcome> {
    const confirm = askOnce(finding);
    const decide = async (member: FindingMember): Promise<Outcome> => {
      try {
        return await decideFor(member, finding, confirm);
      } catch (error) {
        log.warn({ artifact: member.key, error }, 'could not decide about what was found');
        return { kind: 'unresolved' };
      }
    };
    const outcomes = await Promise.all(finding.members.map((member) => limit(() => decide(member))));
    return {
      created: outcomes.filter(({ kind }) => kind === 'created').length,
      unresolved: outcomes.filter(({ kind }) => kind === 'unresolved').length,
    };
  }

  return {
    deliver: (result) => take(fromPoll(result, options)),
    deliverCharts: (findings, by) => take(fromCharts(findings, by, options.confirmChart)),
    troublesOf(artifact, origin) {
      const known = troubles.get(artifact);
      return known !== undefined && known.origin === origin() ? known.blockers : [];
    },
    forget(artifacts) {
      for (const artifact of artifacts) {
        decidedOn.delete(artifact);
        troubles.delete(artifact);
      }
    },
  };
}

function mostPassedOver({ type }: FindingMember['artifact']): number {
  return type === 'chart' ? MAX_CHARTS_PASSED_OVER : MAX_PASSED_OVER;
}

type Confirm = (tag: string, member: FindingMember) => Promise<Confirmation>;

/** The members see the same with the same credentials: each version is asked for once, whoever asks first. */
function askOnce(finding: Finding): Confirm {
  const asked = new Map<string, Promise<Confirmation>>();
  return (tag, member) => {
    const answer = asked.get(tag) ?? finding.confirm(tag, member);
    asked.set(tag, answer);
    return answer;
  };
}

async function toBlocker(
  { kind, message }: FindingTrouble,
  explain: () => Promise<string>,
): Promise<Blocker> {
  if (kind === 'denied') {
    const source = await explain().catch(() => '');
    return { code: 'registry-auth', message: source === '' ? message : `${message}; ${source}` };
  }
  return { code: TROUBLES[kind], message };
}

/** All that a decision depends on; undefined where the poll found out nothing to decide on. */
function factsOf(
  { workload, artifact, wish }: FindingMember,
  { list, digests, listTrouble }: Finding,
  requests: readonly UpdateRequest[],
): string | undefined {
  const digest = wish.digestOf === undefined ? undefined : digests.get(wish.digestOf);
  const knowsList = listTrouble === undefined || !wish.wantsList;
  if (!knowsList && digest === undefined) return undefined;
  const versions = requests.map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`).sort();
  const { annotations, placement, uid } = workload;
  const { image, release } = artifact;
  return JSON.stringify([uid, image, release, annotations, placement, versions, list?.version, digest]);
}

function isPassedOver(outcome: Outcome): boolean {
  return outcome.kind === 'stay' && outcome.blockers.some(({ code }) => PASSED_OVER.has(code));
}

function isSettled(outcome: Outcome): boolean {
  if (outcome.kind === 'unresolved') return false;
  return (
    outcome.kind !== 'stay' ||
    (outcome.unsure !== true && !outcome.blockers.some(({ code }) => FLEETING.has(code)))
  );
}
