import { describe, expect, it } from 'vitest';
import { aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createReadAhead, type ReadAhead } from './read-ahead.ts';

function aReadAhead(fails?: Error): {
  readonly readAhead: ReadAhead;
  readonly clock: FakeClock;
  readonly read: string[];
} {
  const clock = new FakeClock(NOON);
  const read: string[] = [];
  const readAhead = createReadAhead(
    {
      read({ spec }): Promise<Workload> {
        read.push(workloadKey(spec.targetRef));
        return fails === undefined
          ? Promise.resolve(aWorkload({ name: spec.targetRef.name }))
          : Promise.reject(fails);
      },
    },
    clock,
  );
  return { readAhead, clock, read };
}

const web = aWorkload({ name: 'web' });

describe('what is read ahead', () => {
  it('is read once, and taken once', async () => {
    const { readAhead, read } = aReadAhead();
    readAhead.begin(web);
    readAhead.begin(web);
    expect(await readAhead.take(web)).toMatchObject({ name: 'web' });
    expect(readAhead.take(web)).toBeUndefined();
    expect(read).toEqual([workloadKey(web)]);
  });

  it('is not there for a workload that nobody began to read', () => {
    const { readAhead } = aReadAhead();
    readAhead.begin(web);
    expect(readAhead.take(aWorkload({ name: 'db' }))).toBeUndefined();
  });

  it('is nothing where it could not be read', async () => {
    const { readAhead } = aReadAhead(new Error('connection refused'));
    readAhead.begin(web);
    expect(await readAhead.take(web)).toBeUndefined();
  });

  it.each([
    [1000, true],
    [1001, false],
  ])('after %d ms is good: %s, whatever the machine’s clock says', async (ms, good) => {
    const { readAhead, clock } = aReadAhead();
    readAhead.begin(web);
    await clock.advance(ms);
    clock.jump(-ms);
    expect(readAhead.take(web) !== undefined).toBe(good);
  });

  it('is begun for 64 workloads at most, until some are taken or too old', async () => {
    const { readAhead, clock, read } = aReadAhead();
    const workloads = Array.from({ length: 66 }, (_, number) => aWorkload({ name: `app-${number}` }));
    for (const workload of workloads) readAhead.begin(workload);
    expect(read).toHaveLength(64);
    await clock.advance(1001);
    for (const workload of workloads.slice(64)) readAhead.begin(workload);
    expect(read).toHaveLength(66);
  });
});
