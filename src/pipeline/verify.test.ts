import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import {
  aPod,
  anUnreadyPod,
  aContainerState,
  aRollout,
  aVerification,
  aWaitingContainer,
} from '../../test/rollouts.ts';
import { ok } from '../core/result.ts';
import type { Rollout } from '../core/rollout.ts';
import type { UpdateRequest, Verification } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';
import { createVerifier, type Sight, type Verifier } from './verify.ts';

const LAST_UPDATE = '2026-01-01T12:00:00Z';
const SEEN = aRollout();
const CRASHING = aRollout({ pods: [anUnreadyPod(aWaitingContainer('CrashLoopBackOff'))] });
const STARTING = aRollout({ pods: [anUnreadyPod()] });

function applied(verification: Partial<Verification> = {}, change: object = {}): UpdateRequest {
  return aRequest({
    ...change,
    status: {
      phase: 'Completed',
      startedAt: LAST_UPDATE,
      verification: aVerification({ revision: 'new', revisionOf: LAST_UPDATE, ...verification }),
    },
  });
}

function aWatched(change: Parameters<typeof aWorkload>[0] = {}): Workload {
  return aWorkload({
    artifacts: [aContainer({ image: 'nginx:1.26.0' })],
    ...change,
    annotations: {
      'headwind.sh/auto-rollback': 'true',
      'headwind.sh/last-update': LAST_UPDATE,
      ...change.annotations,
    },
  });
}

interface Given {
  readonly requests?: readonly UpdateRequest[];
  /** What the watch knows. */
  readonly workload?: Workload;
  /** What the API server says; the same unless told. */
  readonly fresh?: Workload;
  /** Whether it is paused as soon as it has begun. */
  readonly paused?: boolean;
}

interface Bench {
  readonly clock: FakeClock;
  readonly requests: RequestStore;
  readonly verifier: Verifier;
  /** Shows something else from now on, and says so. */
  show(sight: Sight | Rollout): Promise<void>;
  /** Lets time pass. */
  pass(seconds: number): Promise<void>;
  verification(name?: string): Verification | undefined;
  readonly followed: Set<string>;
  readonly rolledBack: ReadonlySet<string>;
  readonly writes: () => number;
}

/** A verifier over rollouts that a test shows it, and a store whose writes succeed at once. */
async function aBench(given: Given = {}): Promise<Bench> {
  const clock = new FakeClock(NOON);
  const base = createRequestStore({ request: () => Promise.reject(new Error('nobody asks here')) });
  for (const request of given.requests ?? [applied()]) base.observe(request);
  const workload = given.workload ?? aWatched();
  let sight: Sight = { kind: 'unknown' };
  let writes = 0;
  const followed = new Set<string>();
  const listeners = new Set<() => void>();
  const rolledBack = new Set<string>();
  const requests: RequestStore = {
    ...base,
    fetch: (namespace, name) => Promise.resolve(base.get(`${namespace}/${name}`)),
    writeStatus: (request, status) => {
      writes += 1;
      const metadata = { ...request.metadata, resourceVersion: `${100 + writes}` };
      base.observe({ ...request, metadata, status });
      return Promise.resolve(ok({ ...request, metadata, status }));
    },
  };
  const verifier = createVerifier({
    requests,
    clock,
    random: () => 0.5,
    workloadOf: () => workload,
    applier: { read: () => Promise.resolve(given.fresh ?? workload) },
    rollouts: {
      follow(target, onChange) {
        followed.add(target.name);
        listeners.add(onChange);
        return {
          look: () => Promise.resolve(sight),
          release: () => {
            followed.delete(target.name);
            listeners.delete(onChange);
          },
        };
      },
    },
    rollback: {
      ensure: (failed) => {
        rolledBack.add(failed.metadata.name);
        return Promise.resolve({ kind: 'done' });
      },
    },
    onCheck: () => undefined,
    onFound: () => undefined,
    onFailure: ({ error }) => {
      throw error;
    },
    onDepth: () => undefined,
  });
  const name = (given.requests ?? [applied()])[0]?.metadata.name ?? '';
  const bench: Bench = {
    clock,
    requests,
    verifier,
    followed,
    rolledBack,
    writes: () => writes,
    verification: (of = name) => base.get(`shop/${of}`)?.status.verification,
    async show(next) {
      sight = 'kind' in next ? next : { kind: 'seen', rollout: next };
      for (const listener of listeners) listener();
      await clock.advance(0);
    },
    pass: (seconds) => clock.advance(seconds * 1000),
  };
  verifier.start();
  if (given.paused === true) verifier.pause();
  await clock.advance(0);
  return bench;
}

describe('a rollout', () => {
  it('that is healthy ends its watch, and its pods are followed no longer', async () => {
    const bench = await aBench();
    expect(bench.followed.size).toBe(1);
    await bench.show(SEEN);
    await bench.pass(11);
    expect(bench.verification()).toMatchObject({ outcome: 'Healthy' });
    expect([bench.followed.size, bench.writes()]).toEqual([0, 1]);
  });

  it('that fails is rolled back after the last bad check, not earlier', async () => {
    const bench = await aBench();
    await bench.show(CRASHING);
    await bench.pass(19);
    expect([bench.verification()?.failedChecks, bench.rolledBack.size]).toEqual([2, 0]);
    await bench.pass(2);
    expect(bench.verification()).toMatchObject({ failedChecks: 3, outcome: 'RollingBack' });
    expect([[...bench.rolledBack], bench.followed.size]).toEqual([['web-web-1-26-0-00000000'], 0]);
  });

  it('about which nothing is known ends in nothing, however long that takes', async () => {
    const bench = await aBench();
    await bench.show({ kind: 'in-line' });
    await bench.pass(3600);
    expect(bench.verification()?.outcome).toBeUndefined();
  });

  it('is judged by what is known now, not by what was shown before a watch broke', async () => {
    const bench = await aBench();
    await bench.show(CRASHING);
    await bench.show({ kind: 'unknown' });
    await bench.pass(60);
    expect(bench.verification()).toMatchObject({ failedChecks: 1 });
  });

  it('is watched where it is left off after a restart, and a rollback that was decided is brought about', async () => {
    const counting = applied({ failedChecks: 2, lastFailedAt: '2026-01-01T11:59:30Z' });
    const bench = await aBench({ requests: [counting] });
    await bench.show(CRASHING);
    expect(bench.verification()).toMatchObject({ outcome: 'RollingBack' });
    const decided = await aBench({ requests: [applied({ outcome: 'RollingBack' })] });
    expect(decided.rolledBack.size).toBe(1);
  });

  it('is nothing to a verifier that pauses, nor one whose watch is over', async () => {
    expect((await aBench({ paused: true })).followed.size).toBe(0);
    expect((await aBench({ requests: [applied({ outcome: 'Healthy' })] })).followed.size).toBe(0);
  });

  it('counts its time from the last update of the workload, which another container may have had', async () => {
    const later = { 'headwind.sh/last-update': '2026-01-01T12:02:00Z', 'headwind.sh/rollback-timeout': '60' };
    const bench = await aBench({ workload: aWatched({ annotations: later }) });
    await bench.show(STARTING);
    await bench.pass(179);
    expect(bench.verification()?.outcome).toBeUndefined();
    await bench.pass(2);
    expect(bench.verification()).toMatchObject({ outcome: 'RollingBack' });
  });
});

describe.each([
  { to: 'forward', hours: 5 },
  { to: 'back', hours: -5 },
])('while the clock is set $to by hours, a rollout', ({ hours }) => {
  const jumpMs = hours * 3_600_000;

  it('that has not had its time is not rolled back, and one that has is', async () => {
    const bench = await aBench({
      workload: aWatched({ annotations: { 'headwind.sh/rollback-timeout': '60' } }),
    });
    await bench.show(STARTING);
    await bench.pass(30);
    bench.clock.jump(jumpMs);
    await bench.show(STARTING);
    await bench.pass(29);
    expect([bench.verification()?.outcome, bench.rolledBack.size]).toEqual([undefined, 0]);
    await bench.pass(2);
    expect(bench.verification()).toMatchObject({ outcome: 'RollingBack' });
  });

  it('that begins just then has its time too', async () => {
    const workload = aWatched({ annotations: { 'headwind.sh/rollback-timeout': '60' } });
    const approved = aRequest({ status: { phase: 'Approved' } });
    const bench = await aBench({ workload, requests: [approved] });
    bench.clock.jump(jumpMs);
    const request = applied();
    bench.requests.observe({ ...request, metadata: { ...request.metadata, resourceVersion: '8' } });
    await bench.pass(0);
    await bench.show(STARTING);
    await bench.pass(59);
    expect([bench.verification()?.outcome, bench.rolledBack.size]).toEqual([undefined, 0]);
    await bench.pass(2);
    expect(bench.verification()).toMatchObject({ outcome: 'RollingBack' });
  });

  it('that fails is rolled back after as many bad checks, as far apart, as ever', async () => {
    const bench = await aBench();
    await bench.show(CRASHING);
    await bench.pass(9);
    bench.clock.jump(jumpMs);
    await bench.show(CRASHING);
    expect(bench.verification()?.failedChecks).toBe(1);
    await bench.pass(10);
    expect([bench.verification()?.failedChecks, bench.rolledBack.size]).toEqual([2, 0]);
    await bench.pass(2);
    expect(bench.verification()).toMatchObject({ failedChecks: 3, outcome: 'RollingBack' });
  });

  it('that looks healthy has to look so for as long as ever', async () => {
    const bench = await aBench();
    await bench.show(SEEN);
    await bench.pass(5);
    bench.clock.jump(jumpMs);
    await bench.show(SEEN);
    expect(bench.verification()?.outcome).toBeUndefined();
    await bench.pass(6);
    expect(bench.verification()).toMatchObject({ outcome: 'Healthy' });
  });
});

describe('hands off', () => {
  it('where somebody has changed the image', async () => {
    const changed = aWatched({ artifacts: [aContainer({ image: 'nginx:2' })] });
    const bench = await aBench({ workload: changed });
    expect(bench.verification()).toMatchObject({ outcome: 'HandsOff' });
  });

  it('is not said because our own view is behind our own patch', async () => {
    const behind = aWatched({ artifacts: [aContainer({ image: 'nginx:1.25.0' })] });
    const bench = await aBench({ workload: behind, fresh: aWatched() });
    await bench.pass(30);
    expect(bench.verification()?.outcome).toBeUndefined();
  });

  it('where the pods that fail are of a template that somebody else has made', async () => {
    const bench = await aBench();
    await bench.show({ ...CRASHING, revision: 'of somebody else' });
    expect(bench.verification()).toMatchObject({ outcome: 'HandsOff' });
    expect(bench.rolledBack.size).toBe(0);
  });

  it('not where those are healthy', async () => {
    const bench = await aBench();
    await bench.show({ ...SEEN, revision: 'of somebody else' });
    await bench.pass(11);
    expect(bench.verification()).toMatchObject({ outcome: 'Healthy' });
  });

  it('not where Headwind itself has changed the template since, for another container', async () => {
    const bench = await aBench({
      requests: [applied({ revisionOf: '2026-01-01T11:00:00Z', revision: 'old' })],
    });
    await bench.show(CRASHING);
    expect(bench.verification()).toMatchObject({ failedChecks: 1, revision: 'new' });
  });
});

describe('two containers of one pod', () => {
  const proxy = {
    name: 'to-proxy-2',
    spec: { containerName: 'proxy', newImage: 'envoy:2', currentImage: 'envoy:1' },
  };
  const workload = aWatched({
    artifacts: [aContainer({ image: 'nginx:1.26.0' }), aContainer({ name: 'proxy', image: 'envoy:2' })],
  });

  it('are blamed each for their own trouble', async () => {
    const bench = await aBench({ requests: [applied(), applied({}, proxy)], workload });
    const crashing = aWaitingContainer('CrashLoopBackOff', { name: 'proxy' });
    const pod = anUnreadyPod(aContainerState(), crashing);
    await bench.show(aRollout({ pods: [pod] }));
    await bench.pass(21);
    expect([...bench.rolledBack]).toEqual(['to-proxy-2']);
    expect(bench.verification()).toMatchObject({ failedChecks: 0 });
  });

  it('are both meant where only one of them was updated and the other fails with it', async () => {
    const bench = await aBench({ workload });
    const crashing = aWaitingContainer('CrashLoopBackOff', { name: 'proxy' });
    await bench.show(aRollout({ pods: [anUnreadyPod(aContainerState(), crashing)] }));
    await bench.pass(21);
    expect([...bench.rolledBack]).toEqual(['web-web-1-26-0-00000000']);
  });

  it('wait for each other while one is being rolled back', async () => {
    const rollback = aRequest({
      name: 'back',
      spec: { ...proxy.spec, rollback: true },
      status: { phase: 'Approved' },
    });
    const bench = await aBench({ requests: [applied(), rollback], workload });
    await bench.show(CRASHING);
    await bench.pass(100);
    expect(bench.verification()).toMatchObject({ failedChecks: 0 });
    const metadata = { ...rollback.metadata, resourceVersion: '1000' };
    bench.requests.observe({ ...rollback, metadata, status: { phase: 'Completed' } });
    await bench.pass(2);
    await bench.show(aRollout({ pods: [aPod()] }));
    await bench.pass(11);
    expect(bench.verification()).toMatchObject({ outcome: 'Healthy' });
  });
});

it('a request that is gone is followed no longer', async () => {
  const bench = await aBench();
  bench.requests.forget(applied());
  await bench.pass(1);
  expect(bench.followed.size).toBe(0);
});
