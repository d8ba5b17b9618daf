import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import type { SlackSigner, SlackTrust } from '../config/slack-trust.ts';
import type { Clock } from '../core/clock.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { verifySlackDelivery, type SlackDelivery } from '../notifications/slack-interaction.ts';
import { problem, type Problem } from './problem.ts';

/** Tells whether Slack has sent something, and for which apps it speaks. */
export interface SlackProof {
  /** Before the body is read: whether anybody is believed at all. */
  isOpen(): boolean;
  /** The signers, or the 401 to answer. What was believed once is not believed again. */
  check(delivery: SlackDelivery): Result<readonly SlackSigner[], Problem>;
}

const MAX_SEEN = 10_000;
/** A delivery counts five minutes before and after its time. */
const KEPT_MS = 10 * 60_000;

export function createSlackProof({
  trust,
  clock,
}: {
  readonly trust: () => Pick<SlackTrust, 'signers'>;
  readonly clock: Pick<Clock, 'now'>;
}): SlackProof {
  const seen = new LRUCache<string, true>({
    ...atMost(MAX_SEEN),
    ttl: KEPT_MS,
    ttlResolution: 0,
    perf: clock,
  });
  return {
    isOpen: () => trust().signers.length > 0,
    check(delivery) {
      const { signers } = trust();
      const now = clock.now();
      const verdicts = signers.map((signer) => ({
        signer,
        verdict: verifySlackDelivery(delivery, [signer.secret], now),
      }));
      const believed = verdicts.filter(({ verdict }) => verdict.ok).map(({ signer }) => signer);
      if (believed.length === 0) {
        const [why] = verdicts.flatMap(({ verdict }) => (verdict.ok ? [] : [verdict.error]));
        return fail(notProven(why ?? NOBODY_IS_BELIEVED));
      }
      // It fits, so it is these digits; they may come in either case.
      const key = (delivery.signature ?? '').toLowerCase();
      if (seen.has(key)) return fail(notProven('This has been received before'));
      seen.set(key, true);
      return ok(believed);
    },
  };
}

const NOBODY_IS_BELIEVED =
  'No signing secret of Slack is configured (HEADWIND_SLACK_SIGNING_SECRET), so nobody is believed here';

/** The 401 where nobody is believed. */
export function slackIsClosed(): Problem {
  return notProven(NOBODY_IS_BELIEVED);
}

function notProven(why: string): Problem {
  return problem('HW_NOT_PROVEN', `${why}.`);
}
