import { describe, expect, it } from 'vitest';
import { aRequest, aWorkload } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Signal } from '../core/signal.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';

function aSignal(tag: string): Signal {
  return {
    source: 'webhook',
    sender: 'generic',
    type: 'image',
    repository: { host: 'docker.io', path: 'shop/web' },
    tag,
  };
}

interface Bench {
  readonly engine: Engine;
  readonly requests: RequestStore;
  readonly clock: FakeClock;
  /** Keys of the requests that were looked at. */
  readonly looks: string[];
  /** Tags that the proposer was given. */
  readonly proposed: string[];
  readonly told: string[];
}

function anEngine(change: { unresolved?: () => number; advance?: () => Promise<Outcome> } = {}): Bench {
  const clock = new FakeClock();
  const requests = createRequestStore({
    request: () => Promise.reject(new Error('nobody asks the API server here')),
  });
  const looks: string[] = [];
  const proposed: string[] = [];
  const told: string[] = [];
  const options: EngineOptions = {
    requests,
    clock,
    random: () => 0.5,
    advancer: {
      advance: async (key) => {
        looks.push(key);
        return change.advance === undefined ? { kind: 'done' } : change.advance();
      },
    },
    proposer: {
      accept: async (signals) => {
        proposed.push(...signals.map(({ tag }) => tag));
        return { matched: signals.length, created: 0, unresolved: change.unresolved?.() ?? 0, results: [] };
      },
    },
    forget: (artifacts) => told.push(...artifacts),
    announcer: { invalidAnnotations: (_, message) => told.push(message) },
    onFailure: () => undefined,
    onDepth: () => undefined,
    onReconciled: () => undefined,
  };
  return { engine: createEngine(options), requests, clock, looks, proposed, told };
}

const A = aRequest({ name: 'a' });
const B = aRequest({ name: 'b', spec: { newImage: 'nginx:1.27.0' } });

describe('a change of a request', () => {
  it('leads to a look at it and at its open siblings, which it may supersede', async () => {
    const { engine, requests, looks, clock } = anEngine();
    engine.start();
    requests.observe(A);
    await clock.advance(0);
    looks.length = 0;
    requests.observe(B);
    await clock.advance(0);
    expect(looks.toSorted()).toEqual([requestKey(A), requestKey(B)]);
  });

  it('leads to nothing before the engine has started, and then to a look at all open ones', async () => {
    const { engine, requests, looks, clock } = anEngine();
    requests.observe(A);
    requests.observe(aRequest({ name: 'done', status: { phase: 'Completed' } }));
    await clock.advance(0);
    expect(looks).toEqual([]);
    engine.start();
    await clock.advance(0);
    expect(looks).toEqual([requestKey(A)]);
  });

  it('leads to nothing while the engine pauses, and to a look at all open ones when it goes on', async () => {
    const { engine, requests, looks, clock } = anEngine({
      advance: () => Promise.resolve({ kind: 'requeue', afterMs: 1000 }),
    });
    engine.start();
    requests.observe(A);
    await clock.advance(0);
    engine.pause();
    looks.length = 0;
    requests.observe(B);
    await clock.advance(5000);
    expect(looks).toEqual([]);
    engine.start();
    await clock.advance(0);
    expect(looks.toSorted()).toEqual([requestKey(A), requestKey(B)]);
  });
});

describe('a change of a workload', () => {
  it('leads to a look at its open requests', async () => {
    const { engine, requests, looks, clock } = anEngine();
    engine.start();
    requests.observe(A);
    await clock.advance(0);
    looks.length = 0;
    engine.workloadChanged(aWorkload(), aWorkload());
    await clock.advance(0);
    expect(looks).toEqual([requestKey(A)]);
  });

  it('that brings an invalid annotation is told once', () => {
    const { engine, told } = anEngine();
    const wrong = aWorkload({ annotations: { 'headwind.sh/paused': 'maybe' } });
    engine.workloadChanged(wrong, undefined);
    engine.workloadChanged(wrong, wrong);
    expect(told).toEqual([expect.stringContaining('headwind.sh/paused: "maybe"')]);
  });

  it('that removes it makes its decisions forgotten', () => {
    const { engine, told } = anEngine();
    engine.workloadRemoved(aWorkload());
    expect(told).toEqual(['Deployment/shop/web#web']);
  });
});

describe('a signal that could not be resolved', () => {
  it('is tried again until it is', async () => {
    let left = 3;
    const { engine, clock, proposed } = anEngine({ unresolved: () => (left -= 1) });
    expect(await engine.accept([aSignal('1.1.0')])).toMatchObject({ unresolved: 2 });
    await clock.advance(120_000);
    expect(proposed).toEqual(['1.1.0', '1.1.0', '1.1.0']);
    await clock.advance(600_000);
    expect(proposed).toHaveLength(3);
  });

  it('Invariant 10: is kept, but no more than ten thousand of them are', async () => {
    let resolved = false;
    const { engine, clock, proposed } = anEngine({ unresolved: () => (resolved ? 0 : 1) });
    await engine.accept(Array.from({ length: 10_500 }, (_, index) => aSignal(`1.0.${index}`)));
    proposed.length = 0;
    resolved = true;
    await clock.advance(10_000);
    expect(proposed).toHaveLength(10_000);
  });
});

describe('a signal that came before its workload was known', () => {
  const aWebWorkload = aWorkload({
    artifacts: [{ type: 'container', name: 'web', image: 'shop/web:1.0.0' }],
  });

  it('is proposed when the workload turns up within ten minutes', async () => {
    const { engine, clock, proposed } = anEngine();
    await engine.accept([aSignal('1.1.0')]);
    await clock.advance(500_000);
    proposed.length = 0;
    engine.workloadChanged(aWebWorkload, undefined);
    await clock.advance(2000);
    expect(proposed).toEqual(['1.1.0']);
  });

  it('is not, when it is longer ago, is for another repository, or the workload was known', async () => {
    const { engine, clock, proposed } = anEngine();
    await engine.accept([aSignal('1.1.0')]);
    proposed.length = 0;
    engine.workloadChanged(aWebWorkload, aWebWorkload);
    engine.workloadChanged(aWorkload(), undefined);
    await clock.advance(600_000);
    engine.workloadChanged(aWebWorkload, undefined);
    await clock.advance(2000);
    expect(proposed).toEqual([]);
  });
});

it('says that it is stuck when a look does not end for ten minutes', async () => {
  const { engine, requests, clock } = anEngine({ advance: () => new Promise(() => undefined) });
  engine.start();
  requests.observe(A);
  await clock.advance(500_000);
  expect(engine.isStuck()).toBe(false);
  await clock.advance(200_000);
  expect(engine.isStuck()).toBe(true);
});

describe('the request store', () => {
  const versioned = (resourceVersion: string, status: UpdateRequest['status']): UpdateRequest => {
    const request = aRequest({ status });
    return { ...request, metadata: { ...request.metadata, resourceVersion } };
  };

  it('does not go back to an older version that the watch brings late', () => {
    const { requests } = anEngine();
    requests.observe(versioned('10', { phase: 'Approved' }));
    requests.observe(versioned('9', { phase: 'Pending' }));
    expect(requests.get(requestKey(A).replace('/a', '/web-web-1-26-0-00000000'))?.status.phase).toBe(
      'Approved',
    );
  });

  it('forgets, and finds by artifact only what is there', () => {
    const { requests } = anEngine();
    requests.observe(A);
    requests.observe(B);
    requests.forget(A);
    expect(requests.ofArtifact('Deployment/shop/web#web')).toEqual([B]);
    expect(requests.size).toBe(1);
  });
});
