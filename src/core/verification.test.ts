import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../test/builders.ts';
import { aBaseline, aVerification } from '../../test/rollouts.ts';
import type { Verdict } from './health.ts';
import type { Verification } from './update-request.ts';
import {
  CHECK_INTERVAL_MS,
  endOfWatch,
  isUnderWatch,
  nextOfWatch,
  watchedStatus,
  type Settling,
  type WatchStep,
} from './verification.ts';

const HEALTHY: Verdict = {
  health: 'healthy',
  message: '1 new pods are ready',
  restarts: 0,
  settleMs: 10_000,
};
const STARTING: Verdict = { health: 'progressing', message: '0 of 1 new pods are ready', missing: 1 };
const CRASHING: Verdict = {
  health: 'failing',
  reason: 'CrashLoopBackOff',
  message: 'Container web crashes',
  containers: ['web'],
};
const UNSEEN: Verdict = { health: 'unseen', message: 'The controller has not seen the update yet' };
const TIMEOUT_S = 300;

interface Watched {
  readonly step: WatchStep;
  /** When each bad check was counted, in seconds since the rollout began. */
  readonly countedAt: readonly number[];
  /** When the last look was, in seconds since the rollout began. */
  readonly endedAt: number;
  readonly writes: number;
}

interface Given {
  readonly verification?: Verification;
  readonly retries?: number;
}

/** Looks whenever something changes and whenever it is time, as the pipeline does, until the watch ends or `untilS` is over. */
function watch(verdictAt: (second: number) => Verdict, given: Given = {}, untilS = 400): Watched {
  let verification = given.verification ?? aVerification();
  let settling: Settling | undefined;
  let writes = 0;
  let last: WatchStep | undefined;
  const countedAt: number[] = [];
  for (let second = 0; second <= untilS; second += 1) {
    const step = nextOfWatch({
      verification,
      verdict: verdictAt(second),
      settling,
      settings: { rollbackTimeoutMs: TIMEOUT_S * 1000, healthCheckRetries: given.retries ?? 3 },
      startedAtMs: NOON,
      nowMs: NOON + second * 1000,
    });
    if (step.verification !== verification) writes += 1;
    if (step.counted) countedAt.push(second);
    ({ verification, settling } = step);
    last = step;
    if (step.wakeAtMs === undefined) return { step, countedAt, endedAt: second, writes };
  }
  if (last === undefined) throw new Error('nothing was looked at');
  return { step: last, countedAt, endedAt: untilS, writes };
}

function endOf(verdictAt: (second: number) => Verdict, given: Given = {}): object {
  const { step, endedAt } = watch(verdictAt, given);
  const { status, reason } = step.condition;
  return { outcome: step.verification.outcome, status, reason, endedAt };
}

describe('a watch ends', () => {
  it.each<[string, (second: number) => Verdict, object]>([
    [
      'well when the new pods have been ready for ten seconds',
      (second) => (second < 20 ? STARTING : HEALTHY),
      { outcome: 'Healthy', status: 'True', reason: 'Healthy', endedAt: 30 },
    ],
    [
      'well however slow the pods are, as long as they are in time',
      (second) => (second < 299 ? STARTING : HEALTHY),
      { outcome: 'Healthy', status: 'True', reason: 'Healthy', endedAt: 309 },
    ],
    [
      'at once when scaled to zero',
      () => ({ health: 'healthy', message: 'Scaled to zero', restarts: 0, settleMs: 0 }),
      { outcome: 'Healthy', status: 'True', reason: 'Healthy', endedAt: 0 },
    ],
    [
      'with a rollback after as many bad checks as the annotation says',
      (second) => (second < 5 ? STARTING : CRASHING),
      { outcome: 'RollingBack', status: 'False', reason: 'CrashLoopBackOff', endedAt: 25 },
    ],
    [
      'with a rollback when the pods are not ready in time',
      () => STARTING,
      { outcome: 'RollingBack', status: 'False', reason: 'NotReadyInTime', endedAt: 300 },
    ],
    [
      'with a rollback when a pod begins to fail at the very end',
      (second) => (second < 295 ? STARTING : CRASHING),
      { outcome: 'RollingBack', status: 'False', reason: 'CrashLoopBackOff', endedAt: 300 },
    ],
    [
      'without a rollback when new pods do not come by themselves',
      () => ({ ...STARTING, stalled: { reason: 'OnDelete', message: '' } }),
      { outcome: 'Unknown', status: 'Unknown', reason: 'OnDelete', endedAt: 300 },
    ],
    [
      'without a rollback when the controller never saw the update',
      () => UNSEEN,
      { outcome: 'Unknown', status: 'Unknown', reason: 'NotObserved', endedAt: 300 },
    ],
  ])('%s', (_, verdictAt, expected) => {
    expect(endOf(verdictAt)).toEqual(expected);
  });

  it('without a rollback where as many pods were missing before the update', () => {
    const verification = aVerification({ baseline: aBaseline({ missing: 1 }) });
    expect(endOf(() => STARTING, { verification })).toMatchObject({
      outcome: 'Unknown',
      reason: 'NoWorseThanBefore',
    });
    expect(endOf(() => ({ ...STARTING, missing: 2 }), { verification })).toMatchObject({
      outcome: 'RollingBack',
    });
  });

  it('without a rollback where it was not healthy before either', () => {
    const verification = aVerification({ baseline: aBaseline({ healthy: false, message: 'it crashed' }) });
    expect(endOf(() => CRASHING, { verification })).toEqual({
      outcome: 'Unhealthy',
      status: 'False',
      reason: 'CrashLoopBackOff',
      endedAt: 300,
    });
  });

  it('well where the update has mended what was unhealthy before', () => {
    const verification = aVerification({ baseline: aBaseline({ healthy: false }) });
    const mended = (second: number): Verdict => (second < 60 ? CRASHING : HEALTHY);
    expect(endOf(mended, { verification })).toMatchObject({ outcome: 'Healthy', endedAt: 70 });
  });
});

describe('bad checks', () => {
  it('are counted ten seconds apart, however often something changes', () => {
    expect(watch(() => CRASHING, { retries: 4 })).toMatchObject({ countedAt: [0, 10, 20, 30], writes: 4 });
  });

  it('decide at once where one is enough', () => {
    expect(watch(() => CRASHING, { retries: 1 })).toMatchObject({ countedAt: [0], endedAt: 0 });
  });

  it('are forgotten when a check is not bad: an image that could be pulled after all', () => {
    const flaky = (second: number): Verdict => {
      if (second < 15) return CRASHING;
      return second < 30 ? STARTING : HEALTHY;
    };
    const { step, countedAt } = watch(flaky);
    expect(countedAt).toEqual([0, 10]);
    expect(step.verification).toMatchObject({ outcome: 'Healthy', failedChecks: 0 });
  });

  it('are not forgotten because a container looks healthy for a while between two crashes', () => {
    const verdictAt = (second: number): Verdict =>
      second % 14 < 6 ? CRASHING : { ...HEALTHY, restarts: second };
    expect(watch(verdictAt)).toMatchObject({ countedAt: [0, 14, 28], endedAt: 28 });
  });

  it('are not forgotten where nothing could be seen in between', () => {
    const blinking = (second: number): Verdict => (second % 10 < 5 ? CRASHING : UNSEEN);
    expect(watch(blinking)).toMatchObject({ countedAt: [0, 10, 20], endedAt: 20 });
  });

  it('go on counting where they stood after a restart', () => {
    const verification = aVerification({ failedChecks: 2, lastFailedAt: '2026-01-01T11:59:55Z' });
    expect(watch(() => CRASHING, { verification })).toMatchObject({ countedAt: [5], endedAt: 5 });
  });

  it('in a healthy rollout cost no write at all but the last', () => {
    expect(watch((second) => (second < 100 ? STARTING : HEALTHY)).writes).toBe(1);
  });
});

describe('what looks healthy', () => {
  it('is not believed before it has lasted: a crash seconds after the first readiness is caught', () => {
    const late = (second: number): Verdict => (second < 8 ? HEALTHY : CRASHING);
    expect(endOf(late)).toMatchObject({ outcome: 'RollingBack', endedAt: 28 });
  });

  it('has to begin anew when a container has restarted', () => {
    const restarted = (second: number): Verdict => ({ ...HEALTHY, restarts: second < 6 ? 0 : 1 });
    expect(endOf(restarted)).toMatchObject({ outcome: 'Healthy', endedAt: 16 });
  });
});

describe('never', () => {
  const calm = fc.constantFrom<Verdict>(STARTING, UNSEEN, HEALTHY);
  const any = fc.constantFrom<Verdict>(STARTING, UNSEEN, HEALTHY, CRASHING);
  const story = (verdict: fc.Arbitrary<Verdict>): fc.Arbitrary<readonly Verdict[]> =>
    fc.array(verdict, { minLength: 400, maxLength: 401, size: 'max' });

  it('is a rollout rolled back whose pods never fail and are ready in time', () => {
    fc.assert(
      fc.property(story(calm), (verdicts) => {
        const { step } = watch((second) => (second < TIMEOUT_S ? (verdicts[second] ?? HEALTHY) : HEALTHY));
        expect(step.verification.outcome).toBe('Healthy');
      }),
    );
  });

  it('is one rolled back that was unhealthy before', () => {
    const verification = aVerification({ baseline: aBaseline({ healthy: false }) });
    fc.assert(
      fc.property(story(any), (verdicts) => {
        const { step } = watch((second) => verdicts[second] ?? HEALTHY, { verification });
        expect(step.verification.outcome).not.toBe('RollingBack');
      }),
    );
  });

  it('is one rolled back with fewer bad checks in a row than the annotation says, before its time is over', () => {
    fc.assert(
      fc.property(story(any), fc.integer({ min: 1, max: 5 }), (verdicts, retries) => {
        const { step, endedAt, countedAt } = watch((second) => verdicts[second] ?? HEALTHY, { retries });
        if (step.verification.outcome !== 'RollingBack' || endedAt >= TIMEOUT_S) return;
        expect(step.verification.failedChecks).toBe(retries);
        const spaced = countedAt.slice(-retries);
        expect((spaced.at(-1) ?? 0) - (spaced[0] ?? 0)).toBeGreaterThanOrEqual(
          ((retries - 1) * CHECK_INTERVAL_MS) / 1000,
        );
      }),
    );
  });

  it('does a watch go on for ever: pods that fail or are not ready end it when the time is over', () => {
    const bad = fc.constantFrom<Verdict>(STARTING, UNSEEN, CRASHING);
    fc.assert(
      fc.property(story(bad), (verdicts) => {
        expect(watch((second) => verdicts[second] ?? STARTING).endedAt).toBeLessThanOrEqual(TIMEOUT_S);
      }),
    );
  });
});

describe('what stands in the request', () => {
  const completed = aRequest({ status: { phase: 'Completed', verification: aVerification() } });

  it('is the watch and the condition Healthy', () => {
    const why = { reason: 'Paused', message: 'headwind.sh/paused was set', nowMs: NOON };
    const status = watchedStatus(completed, endOfWatch(aVerification(), 'HandsOff', why), NOON);
    expect(status).toMatchObject({
      phase: 'Completed',
      verification: { outcome: 'HandsOff', endedAt: '2026-01-01T12:00:00Z' },
      conditions: [{ type: 'Healthy', status: 'Unknown', reason: 'Paused' }],
    });
  });

  it.each<[Verification['outcome'], boolean]>([
    [undefined, true],
    ['RollingBack', true],
    ['Healthy', false],
    ['Unknown', false],
    ['HandsOff', false],
    ['Unhealthy', false],
  ])('with outcome %s is unfinished business: %s', (outcome, expected) => {
    const verification = aVerification(outcome === undefined ? {} : { outcome });
    expect(isUnderWatch(aRequest({ status: { phase: 'Completed', verification } }))).toBe(expected);
    expect(isUnderWatch(aRequest({ status: { phase: 'RolledBack', verification } }))).toBe(false);
  });
});
