import { describe, expect, it } from 'vitest';
import { aRequest, aWorkload } from '../../test/builders.ts';
import { requestKey } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';
import { createShard, type ShardFeed } from './shard.ts';

const WORKLOAD = aWorkload({});
const REQUEST = aRequest({ name: 'a' });
const KEY = requestKey(REQUEST);

interface Bench {
  readonly feed: ShardFeed;
  readonly requests: RequestStore;
  readonly watched: Map<string, Workload>;
  readonly told: string[];
}

function aShard(change: { namespaces?: readonly string[]; labelSelector?: string } = {}): Bench {
  const watched = new Map<string, Workload>();
  const { namespaces = [], labelSelector } = change;
  const shard = createShard({ namespaces, labelSelector, catalog: watched });
  const requests = createRequestStore(
    { request: () => Promise.resolve(REQUEST) },
    { concerns: shard.concerns },
  );
  const told: string[] = [];
  requests.subscribe((_, event) => told.push(event));
  return { feed: shard.feed(requests), requests, watched, told };
}

const come = ({ feed, watched }: Bench): void => {
  watched.set(workloadKey(WORKLOAD), WORKLOAD);
  feed.workloadCame(WORKLOAD);
};
const go = ({ feed, watched }: Bench): void => {
  watched.delete(workloadKey(WORKLOAD));
  feed.workloadWent(WORKLOAD);
};

it('without a selector every request is ours, its workload may be there or not', () => {
  const bench = aShard();
  bench.feed.observe(REQUEST);
  come(bench);
  go(bench);
  expect(bench.requests.get(KEY)).toBeDefined();
});

it('a request in another namespace is not ours, though it can be read', async () => {
  const { requests } = aShard({ namespaces: ['elsewhere'] });
  const { namespace, name } = REQUEST.metadata;
  expect(await requests.fetch(namespace, name)).toBeUndefined();
  expect(requests.size).toBe(0);
});

describe('with a selector, requests are ours while their workloads are', () => {
  it.each<[string, (bench: Bench) => void, readonly string[], boolean]>([
    ['not before', ({ feed }) => feed.observe(REQUEST), [], false],
    [
      'from when the workload comes',
      (bench) => {
        bench.feed.observe(REQUEST);
        come(bench);
      },
      ['changed'],
      true,
    ],
    [
      'whichever is known first',
      (bench) => {
        come(bench);
        bench.feed.observe(REQUEST);
      },
      ['changed'],
      true,
    ],
    [
      'until it goes to another Headwind, which is no removal',
      (bench) => {
        come(bench);
        bench.feed.observe(REQUEST);
        go(bench);
      },
      ['changed', 'left'],
      false,
    ],
    [
      'and again when it comes back',
      (bench) => {
        come(bench);
        bench.feed.observe(REQUEST);
        go(bench);
        come(bench);
      },
      ['changed', 'left', 'changed'],
      true,
    ],
    [
      'nor as it was, where its container went first',
      (bench) => {
        come(bench);
        bench.feed.observe(REQUEST);
        bench.watched.delete(workloadKey(WORKLOAD));
        bench.feed.workloadWent({ ...WORKLOAD, artifacts: [] });
        bench.feed.observe({ ...REQUEST, metadata: { ...REQUEST.metadata, resourceVersion: '8' } });
      },
      ['changed', 'left'],
      false,
    ],
    [
      'but not when it is gone by then',
      (bench) => {
        bench.feed.observe(REQUEST);
        bench.feed.forget(REQUEST);
        come(bench);
      },
      [],
      false,
    ],
  ])('%s', (_, act, told, isKnown) => {
    const bench = aShard({ labelSelector: 'team=shop' });
    act(bench);
    expect(bench.told).toEqual(told);
    expect(bench.requests.get(KEY) !== undefined).toBe(isKnown);
  });
});
