import { describe, expect, it } from 'vitest';
import {
  afterReading,
  afterWinning,
  leadsUntil,
  mayTake,
  nextLookMs,
  toHold,
  toRelease,
  UNKNOWN,
  type LeaseRecord,
  type Standing,
} from './standing.ts';

const TIMES = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

function aRecord(change: Partial<LeaseRecord> = {}): LeaseRecord {
  return {
    holder: 'other',
    durationMs: 15_000,
    acquiredAt: '2026-01-01T00:00:00.000000Z',
    renewedAt: '2026-01-01T00:00:00.000000Z',
    transitions: 3,
    resourceVersion: '7',
    ...change,
  };
}

/** As seen at 1000. */
function seen(change: Partial<LeaseRecord> = {}): Standing {
  return afterReading(UNKNOWN, aRecord(change), 1000);
}

describe('whether the Lease may be taken', () => {
  it.each<[string, Standing, number, boolean]>([
    ['there is none', UNKNOWN, 0, true],
    ['nobody holds it', seen({ holder: '' }), 1000, true],
    ['it is our own', seen({ holder: 'us' }), 1000, true],
    ['another holds it and was just seen', seen(), 1000, false],
    ['its time is not quite over', seen(), 15_999, false],
    ['its time is over', seen(), 16_000, true],
    [
      'the holder wants to be left alone for longer than we would',
      seen({ durationMs: 60_000 }),
      60_999,
      false,
    ],
    ['that time is over too', seen({ durationMs: 60_000 }), 61_000, true],
  ])('%s', (_, standing, nowMs, expected) => {
    expect(mayTake(standing, 'us', nowMs)).toBe(expected);
  });

  it.each<[string, Partial<LeaseRecord>, boolean]>([
    ['a renewal is a sign of life', { renewedAt: '2026-01-01T00:00:02.000000Z' }, false],
    [
      'so is one that says an older time, since clocks differ',
      { renewedAt: '2020-01-01T00:00:00.000000Z' },
      false,
    ],
    ['a new holder has all the time anew', { holder: 'third', transitions: 4 }, false],
    ['a label or an annotation is none', { resourceVersion: '8' }, true],
    ['nothing new is none', {}, true],
  ])('%s', (_, change, expected) => {
    const standing = afterReading(seen(), aRecord(change), 9000);
    expect(mayTake(standing, 'us', 16_000)).toBe(expected);
  });
});

describe('until when the replica leads', () => {
  const won = afterWinning(aRecord({ holder: 'us' }), 5000);

  it.each<[string, Standing, number | undefined]>([
    ['not at all before it has won', seen(), undefined],
    [
      'not because the Lease names it, as after a restart under the same name',
      seen({ holder: 'us' }),
      undefined,
    ],
    ['counted from when the write began, not from its answer', won, 15_000],
    ['not once another has taken it', afterReading(won, aRecord(), 6000), undefined],
    ['not once the Lease was deleted', afterReading(won, undefined, 6000), undefined],
    [
      'from its last sure win where a later write came through without an answer',
      afterReading(won, aRecord({ holder: 'us', renewedAt: '2026-01-01T00:00:04.000000Z' }), 9000),
      15_000,
    ],
  ])('%s', (_, standing, expected) => {
    expect(leadsUntil(standing, TIMES)).toBe(expected);
  });

  it('ends before another may take it, however late that one saw the renewal', () => {
    const theirs = afterReading(UNKNOWN, aRecord({ holder: 'us' }), 5000);
    const ends = leadsUntil(won, TIMES) ?? Number.NaN;
    expect(mayTake(theirs, 'other', ends)).toBe(false);
  });
});

describe('when to look again', () => {
  const looking = { identity: 'us', times: TIMES, nowMs: 1000, random: 0, failed: false };

  it.each<[string, Standing, Partial<typeof looking>, number]>([
    ['after half of the retry period', seen(), {}, 1000],
    ['up to a fifth earlier, so that replicas spread', seen(), { random: 1 }, 800],
    ['at the moment at which the time of the holder is over', seen(), { nowMs: 15_500 }, 500],
    ['as usual where that is over and taking it failed', seen(), { nowMs: 17_000 }, 1000],
    [
      'after the whole period where it is our own, to renew it',
      seen({ holder: 'us' }),
      { nowMs: 15_500 },
      2000,
    ],
    [
      'soon where it leads and could not renew it',
      afterWinning(aRecord({ holder: 'us' }), 500),
      { failed: true },
      500,
    ],
    ['as usual where it does not lead and could not read it', seen(), { failed: true }, 1000],
  ])('%s', (_, standing, change, expected) => {
    expect(nextLookMs(standing, { ...looking, ...change })).toBe(expected);
  });
});

describe('what is written', () => {
  const now = '2026-01-01T00:01:00.000000Z';
  const how = { identity: 'us', times: TIMES, now };

  it.each<[string, Standing, object]>([
    ['at first', UNKNOWN, { acquiredAt: now, transitions: 0 }],
    ['over another', seen(), { acquiredAt: now, transitions: 4 }],
    ['over one that was given back', seen({ holder: '' }), { acquiredAt: now, transitions: 4 }],
    ['to go on', seen({ holder: 'us' }), { acquiredAt: aRecord().acquiredAt, transitions: 3 }],
  ])('%s', (_, standing, expected) => {
    expect(toHold(standing, how)).toEqual({ holder: 'us', durationMs: 15_000, renewedAt: now, ...expected });
  });

  it('to give it back: no holder, and nothing to wait for', () => {
    expect(toRelease(aRecord({ holder: 'us' }), now)).toMatchObject({
      holder: '',
      durationMs: 1000,
      transitions: 3,
      renewedAt: now,
    });
  });
});
