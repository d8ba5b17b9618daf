import { describe, expect, it } from 'vitest';
import { aRequest, aWorkload } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';
import { createTeller, type Teller } from './teller.ts';

function version(number: number, status: Partial<UpdateRequest['status']>): UpdateRequest {
  const request = aRequest({ name: 'a', status });
  return { ...request, metadata: { ...request.metadata, resourceVersion: String(number) } };
}

interface Bench {
  readonly teller: Teller;
  readonly requests: RequestStore;
  readonly catalog: Map<string, Workload>;
  readonly clock: FakeClock;
  readonly told: string[];
}

function aBench(): Bench {
  const clock = new FakeClock();
  const requests = createRequestStore({
    request: () => Promise.resolve(version(3, { phase: 'Rejected', announced: 'Rejected' })),
  });
  const catalog = new Map<string, Workload>();
  const told: string[] = [];
  requests.followMoves((request, before) => told.push(`${before.status.phase} -> ${request.status.phase}`));
  const teller = createTeller({
    requests,
    catalog,
    announcer: { invalidAnnotations: (_, message) => told.push(message) },
    clock,
    random: () => 0,
    onFailure: () => undefined,
  });
  return { teller, requests, catalog, clock, told };
}

function decideByHand(requests: RequestStore): void {
  requests.observe(version(1, { phase: 'Pending' }));
  requests.observe(version(2, { phase: 'Rejected' }));
}

describe('a decision that somebody wrote past Headwind', () => {
  it('is told by the replica that leads, once', async () => {
    const { teller, requests, clock, told } = aBench();
    teller.start();
    decideByHand(requests);
    await clock.advance(5000);
    teller.pause();
    teller.start();
    await clock.advance(5000);
    expect(told).toEqual(['Pending -> Rejected']);
  });

  it('is kept in mind by the others, and told by the one that takes over', async () => {
    const { teller, requests, clock, told } = aBench();
    decideByHand(requests);
    await clock.advance(5000);
    expect(told).toEqual([]);
    teller.start();
    await clock.advance(5000);
    expect(told).toEqual(['Pending -> Rejected']);
  });

  it('is forgotten by those who see that it has been told', async () => {
    const { teller, requests, clock, told } = aBench();
    decideByHand(requests);
    requests.observe(version(3, { phase: 'Rejected', announced: 'Rejected' }));
    teller.start();
    await clock.advance(5000);
    expect(told).toEqual([]);
  });
});

describe('annotations that cannot be read', () => {
  const workload = aWorkload({ annotations: { 'headwind.sh/require-approval': 'perhaps' } });

  it('are told at once by the replica that leads', () => {
    const { teller, told } = aBench();
    teller.start();
    teller.invalidAnnotations(workload, 'wrong');
    expect(told).toEqual(['wrong']);
  });

  it.each<[string, readonly Workload[], number]>([
    ['where they still are so', [workload], 1],
    ['but not where they have been mended', [aWorkload({})], 0],
    ['nor where the workload is gone', [], 0],
  ])('are told by the one that takes over, %s', (_, now, expected) => {
    const { teller, catalog, told } = aBench();
    teller.invalidAnnotations(workload, 'wrong');
    for (const one of now) catalog.set(workloadKey(one), one);
    teller.start();
    teller.pause();
    teller.start();
    expect(told).toHaveLength(expected);
  });

  it('are told however many were seen that are gone by now', () => {
    const { teller, catalog, told } = aBench();
    catalog.set(workloadKey(workload), workload);
    teller.invalidAnnotations(workload, 'wrong');
    for (let number = 0; number < 5000; number += 1)
      teller.invalidAnnotations(aWorkload({ name: `gone-${number}` }), 'wrong');
    teller.start();
    expect(told).toHaveLength(1);
  });
});
