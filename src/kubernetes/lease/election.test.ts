import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { fail, ok } from '../../core/result.ts';
import { createRecordingLog, type RecordingLog } from '../../telemetry/recording-log.ts';
import { createElection, type Election } from './election.ts';
import type { LeaseObject } from './lease-object.ts';
import type { LeaseRecord, LeaseTimes } from './standing.ts';

const TIMES = { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

/** A Lease as the API server would keep it. */
class KeptLease {
  record: LeaseRecord | undefined;
  version = 0;
  /** Nobody who is named here reaches it. */
  readonly cutOff = new Set<string>();
  writes = 0;
  /** What becomes of a call that is not answered. */
  silentFor: (() => Promise<never>) | undefined;

  seenBy(name: string): LeaseObject {
    const reach = (): void => {
      if (this.cutOff.has(name)) throw new Error('no answer');
    };
    return {
      read: async () => {
        reach();
        return this.record;
      },
      write: async (wanted, before) => {
        reach();
        if (this.silentFor !== undefined) await this.silentFor();
        if (this.record?.resourceVersion !== before?.resourceVersion) return fail('conflict');
        this.version += 1;
        this.writes += 1;
        this.record = { ...wanted, resourceVersion: String(this.version) };
        return ok(this.record);
      },
    };
  }
}

interface Replica {
  readonly election: Election;
  readonly log: RecordingLog;
  /** What it was told, in order. */
  readonly changes: boolean[];
  readonly told: () => readonly string[];
}

function aReplica(
  name: string,
  lease: KeptLease,
  clock: FakeClock,
  { monotonicMs = () => clock.now(), times = TIMES }: { monotonicMs?: () => number; times?: LeaseTimes } = {},
): Replica {
  const log = createRecordingLog();
  const changes: boolean[] = [];
  const election = createElection({
    lease: lease.seenBy(name),
    identity: name,
    times,
    clock,
    monotonicMs,
    random: () => 0,
    onChanged: (leading) => changes.push(leading),
    log: log.target('test'),
  });
  return { election, log, changes, told: () => log.entries.map(({ message }) => message) };
}

async function two(): Promise<{ clock: FakeClock; lease: KeptLease; a: Replica; b: Replica }> {
  const clock = new FakeClock();
  const lease = new KeptLease();
  const [a, b] = [aReplica('a', lease, clock), aReplica('b', lease, clock)];
  a.election.start();
  await clock.advance(1);
  b.election.start();
  await clock.advance(1);
  return { clock, lease, a, b };
}

describe('of two replicas', () => {
  it('the first leads, and goes on leading', async () => {
    const { clock, lease, a, b } = await two();
    await clock.advance(60_000);
    expect([a.election.isLeading(), b.election.isLeading()]).toEqual([true, false]);
    expect(a.changes).toEqual([true]);
    expect(lease.writes).toBe(31);
    expect(b.told()).toEqual(['another replica leads']);
  });

  it('the other takes over within one look when the first gives it back', async () => {
    const { clock, a, b } = await two();
    await a.election.stop();
    expect(a.election.isLeading()).toBe(false);
    await clock.advance(2000);
    expect(b.election.isLeading()).toBe(true);
    expect(a.told().at(-1)).toBe('the Lease is given back');
  });

  it('the other takes over when the first is cut off, and never before that one has given up', async () => {
    const { clock, lease, a, b } = await two();
    lease.cutOff.add('a');
    for (let ms = 0; ms < 17_000; ms += 100) {
      await clock.advance(100);
      expect(a.election.isLeading() && b.election.isLeading()).toBe(false);
    }
    expect([a.changes, b.changes]).toEqual([[true, false], [true]]);
    lease.cutOff.clear();
    await clock.advance(5000);
    expect([a.election.isLeading(), b.election.isLeading()]).toEqual([false, true]);
    expect(a.told()).toContain('another replica leads');
  });
});

describe('a Lease that somebody else edits', () => {
  const edits: readonly (readonly [string, (record: LeaseRecord) => LeaseRecord | undefined])[] = [
    ['is deleted', () => undefined],
    ['is emptied', (record) => ({ ...record, holder: '' })],
    ['is given a shorter time', (record) => ({ ...record, durationMs: 500 })],
    ['is given a longer time', (record) => ({ ...record, durationMs: 3_600_000 })],
    ['says that it was renewed in the far future', (record) => ({ ...record, renewedAt: '9999-01-01' })],
    ['lacks its times', (record) => ({ ...record, renewedAt: '', acquiredAt: '' })],
  ];
  const edit = (lease: KeptLease, change: (typeof edits)[number][1]): void => {
    if (lease.record === undefined) throw new Error('there is no Lease');
    lease.version += 1;
    const changed = change(lease.record);
    lease.record = changed && { ...changed, resourceVersion: String(lease.version) };
  };

  it.each(edits)('and that %s stays with the one that leads, which alone goes on', async (_, change) => {
    const { clock, lease, a, b } = await two();
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(1100 + round * 130);
      edit(lease, change);
      for (let ms = 0; ms < 4000; ms += 50) {
        await clock.advance(50);
        expect([a.election.isLeading(), b.election.isLeading()]).toEqual([true, false]);
      }
    }
    expect(lease.record).toMatchObject({ holder: 'a', durationMs: 15_000 });
  });

  it.each(edits)('and that %s is taken over in time when its holder is gone', async (_, change) => {
    const { clock, lease, b } = await two();
    await clock.advance(1100);
    lease.cutOff.add('a');
    edit(lease, change);
    await clock.advance(20_000);
    expect(b.election.isLeading()).toBe(true);
  });
});

describe('one replica', () => {
  it('gives up in time when nothing can be reached, and leads again when that is over', async () => {
    const { clock, lease, a, b } = await two();
    await b.election.stop();
    lease.cutOff.add('a');
    await clock.advance(11_000);
    expect(a.election.isLeading()).toBe(false);
    lease.cutOff.clear();
    await clock.advance(2000);
    expect(a.changes).toEqual([true, false, true]);
    const troubles = a.told().filter((message) => message === 'the Lease cannot be read or written');
    expect(troubles).toHaveLength(1);
  });

  it('goes on leading where one call gets no answer and the next one does', async () => {
    const clock = new FakeClock();
    const lease = new KeptLease();
    const times = { durationMs: 12_000, renewDeadlineMs: 8000, retryPeriodMs: 2000 };
    const a = aReplica('a', lease, clock, { times });
    a.election.start();
    await clock.advance(1000);
    // Calls are given half of the renew deadline.
    lease.silentFor = () => new Promise((_, reject) => clock.after(4000, () => reject(new Error('silence'))));
    await clock.advance(2000);
    lease.silentFor = undefined;
    await clock.advance(60_000);
    expect([a.election.isLeading(), a.changes]).toEqual([true, [true]]);
  });

  it('knows that it leads no more before any timer could tell it, as after having been stopped', async () => {
    const clock = new FakeClock();
    const lease = new KeptLease();
    let sleptMs = 0;
    const { election, changes } = aReplica('a', lease, clock, { monotonicMs: () => clock.now() + sleptMs });
    election.start();
    await clock.advance(1);
    expect(election.isLeading()).toBe(true);
    sleptMs = 20_000;
    expect(election.isLeading()).toBe(false);
    lease.record = TAKEN_BY_B;
    await clock.advance(2000);
    expect(changes).toEqual([true, false]);
  });

  it('waits a whole duration for one that holds it under the name of a process that is gone', async () => {
    const { clock, lease, a } = await two();
    const late = aReplica('c', lease, clock);
    lease.cutOff.add('a').add('b');
    late.election.start();
    await clock.advance(14_900);
    expect(late.election.isLeading()).toBe(false);
    await clock.advance(200);
    expect(late.election.isLeading()).toBe(true);
    expect(lease.record).toMatchObject({ holder: 'c', transitions: 1 });
    expect(a.election.isLeading()).toBe(false);
  });

  it('asks nothing of anybody where it stops before it has begun', async () => {
    const lease = new KeptLease();
    const { election, told } = aReplica('a', lease, new FakeClock());
    lease.cutOff.add('a');
    await election.stop();
    expect(told()).toEqual([]);
  });

  it('has no timer left once it has stopped', async () => {
    const { clock, a, b } = await two();
    await a.election.stop();
    await b.election.stop();
    expect(clock.pending).toBe(0);
  });
});

const TAKEN_BY_B: LeaseRecord = {
  holder: 'b',
  durationMs: 15_000,
  acquiredAt: 'x',
  renewedAt: 'x',
  transitions: 1,
  resourceVersion: '99',
};
