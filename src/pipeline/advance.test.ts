import { describe, expect, it } from 'vitest';
import { aContainer, anApprovedRequest, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { aVerification } from '../../test/rollouts.ts';
import { isOpen } from '../core/open-requests.ts';
import { fail, ok } from '../core/result.ts';
import { requestKey, type Phase, type UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import type { Outcome } from '../scheduling/work-queue.ts';
import { createAdvancer, type Advancer } from './advance.ts';
import type { Applier, ApplyOutcome } from './apply.ts';
import type { RollbackFinisher } from './finish-rollback.ts';
import type { VerificationPlanner } from './plan-verification.ts';
import { createReadAhead, type ReadAhead } from './read-ahead.ts';
import { createRequestStore, type RequestStore } from './request-store.ts';

interface Given {
  readonly request: UpdateRequest;
  readonly workload?: Workload;
  /** One for each attempt to apply; an error is thrown. */
  readonly applies?: (ApplyOutcome | Error)[];
  /** How many writes of the status somebody else wins. */
  readonly lostRaces?: number;
  /** Whether the watch tells of what was written before the answer to that comes. */
  readonly watchIsFirst?: true;
  /** What the first attempts to read the workload end with. */
  readonly unreadable?: readonly Error[];
  readonly reproposed?: UpdateRequest;
  /** Another one for the same artifact; whoever proposes the same again is told of the one of both that is still open. */
  readonly sibling?: UpdateRequest;
  /** The workload as it is for so many first looks, before it is as told. */
  readonly before?: readonly Workload[];
  readonly verifications?: VerificationPlanner;
  readonly rollbacks?: RollbackFinisher;
  /** What the API server knows and the watch has not told of. */
  readonly unseen?: UpdateRequest;
  /** Whether it has left our shard, of which the watch has not told. */
  readonly left?: true;
  /** The workload as the watch still has it; as it is, unless told. */
  readonly watched?: Workload;
  /** What the watch tells while the workload is read. */
  readonly seenMeanwhile?: UpdateRequest;
}

interface Bench {
  readonly advancer: Advancer;
  readonly readAhead: ReadAhead;
  readonly key: string;
  readonly now: () => UpdateRequest | undefined;
  readonly transitions: Phase[];
  /** What the API server was asked, in the order in which it was: `read` the workload, `fetch` the request, or the phase that was written. */
  readonly asked: string[];
  readonly clock: FakeClock;
}

/** An advancer over a store whose writes succeed at once, as an API server's would. */
function anAdvancer(given: Given): Bench {
  const clock = new FakeClock(NOON);
  const workload = given.workload ?? aWorkload();
  const applies = [...(given.applies ?? [])];
  const unreadable = [...(given.unreadable ?? [])];
  const before = [...(given.before ?? [])];
  const asked: string[] = [];
  let lostRaces = given.lostRaces ?? 0;
  const store = createRequestStore({
    request: () => Promise.reject(new Error('nobody asks the API server here')),
  });
  store.observe(given.request);
  if (given.sibling !== undefined) store.observe(given.sibling);
  const requests: RequestStore = {
    ...store,
    fetch: (namespace, name) => {
      asked.push('fetch');
      if (given.unseen !== undefined) store.observe(given.unseen);
      return Promise.resolve(given.left === true ? undefined : store.get(`${namespace}/${name}`));
    },
    writeStatus: (request, status) => {
      asked.push(status.phase);
      lostRaces -= 1;
      if (lostRaces >= 0) return Promise.resolve(fail('conflict'));
      const resourceVersion = String(Number(request.metadata.resourceVersion) + 1);
      const written = { ...request, status, metadata: { ...request.metadata, resourceVersion } };
      if (given.watchIsFirst === true) store.observe(structuredClone(written));
      store.observe(written);
      return Promise.resolve(ok(written));
    },
  };
  const transitions: Phase[] = [];
  store.subscribe(({ status }, _event, before) => {
    if (before?.status.phase !== status.phase) transitions.push(status.phase);
  });
  const applier: Applier = {
    annotate: () => Promise.reject(new Error('nothing is annotated here')),
    read: () => {
      asked.push('read');
      const failure = unreadable.shift();
      if (failure !== undefined) return Promise.reject(failure);
      if (given.seenMeanwhile !== undefined) store.observe(given.seenMeanwhile);
      return Promise.resolve(before.shift() ?? workload);
    },
    apply: () => {
      const next = applies.shift() ?? new Error('no further attempt was expected');
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
    },
  };
  const readAhead = createReadAhead(applier, clock);
  const advancer = createAdvancer({
    requests,
    clock,
    workloadOf: () => given.watched ?? workload,
    applier,
    readAhead,
    ...(given.verifications === undefined ? {} : { verifications: given.verifications }),
    ...(given.rollbacks === undefined ? {} : { rollbacks: given.rollbacks }),
    proposer: {
      repropose: async (request) => {
        const other = [...store.all()].find(
          (one) => one.metadata.name !== request.metadata.name && isOpen(one),
        );
        await clock.advance(0);
        return other ?? given.reproposed;
      },
    },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  const key = requestKey(given.request);
  return { advancer, readAhead, key, now: () => store.get(key), transitions, asked, clock };
}

const APPLIED: ApplyOutcome = { kind: 'applied', previousImage: 'nginx:1.25.0', atMs: NOON };

describe('an approved request that is not as it is known', () => {
  const finished = aRequest({ status: { phase: 'Superseded', approvedBy: 'alice' } });
  const later = { ...finished, metadata: { ...finished.metadata, resourceVersion: '8' } };

  it.each<[string, Partial<Given>]>([
    ['because the watch lags, as after a change of the lead', { unseen: later }],
    ['because that changed while its workload was read', { seenMeanwhile: later }],
  ])('is not applied, %s', async (_, how) => {
    const { advancer, key, transitions } = anAdvancer({ request: anApprovedRequest(), ...how });
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(transitions).toEqual(['Superseded']);
  });
});

it('does not apply what is no longer ours, and asks again later', async () => {
  const { advancer, key, transitions } = anAdvancer({ request: anApprovedRequest(), left: true });
  expect(await advancer.advance(key)).toMatchObject({ kind: 'retry' });
  expect(transitions).toEqual([]);
});

describe('one look at a request', () => {
  it('takes one that needs no approval all the way', async () => {
    const { advancer, key, now, transitions } = anAdvancer({
      request: aRequest({ spec: { requireApproval: false } }),
      workload: aWorkload({ annotations: { 'headwind.sh/require-approval': 'false' } }),
      applies: [APPLIED],
    });
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(transitions).toEqual(['Approved', 'Completed']);
    expect(now()?.status).toMatchObject({ previousImage: 'nginx:1.25.0', startedAt: '2026-01-01T12:00:00Z' });
  });

  const byPolicy = {
    request: aRequest({ spec: { requireApproval: false } }),
    workload: aWorkload({ annotations: { 'headwind.sh/require-approval': 'false' } }),
    applies: [APPLIED],
  };

  it.each<[string, Partial<Given>, readonly string[]]>([
    ['once, while the approval is written', {}, ['Approved', 'read', 'Completed']],
    [
      'once, and the request never, also where the watch is faster than the answer',
      { watchIsFirst: true },
      ['Approved', 'read', 'Completed'],
    ],
    [
      'once, also where the approval was lost to somebody else',
      { lostRaces: 1 },
      ['Approved', 'read', 'fetch', 'Approved', 'Completed'],
    ],
  ])('reads the workload of what needs no approval %s', async (_, how, expected) => {
    const { advancer, key, asked } = anAdvancer({ ...byPolicy, ...how });
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(asked).toEqual(expected);
  });

  it('reads the workload again where it could not be read while the approval was written', async () => {
    const unreadable = [new Error('connection refused')];
    const { advancer, key, asked } = anAdvancer({ ...byPolicy, unreadable });
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(asked).toEqual(['Approved', 'read', 'read', 'Completed']);
  });

  it.each<[string, Partial<Given>, number, readonly string[]]>([
    ['of what was read before it was created', {}, 0, ['read', 'Approved', 'Completed']],
    [
      'anew, where that was too long ago',
      { before: [aWorkload({ resourceVersion: '1' })] },
      1001,
      ['read', 'Approved', 'read', 'Completed'],
    ],
    [
      'anew, where something else than to patch follows of what was read',
      { before: [aWorkload({ artifacts: [aContainer({ image: 'nginx:1.0.0' })] })] },
      0,
      ['read', 'Approved', 'read', 'Completed'],
    ],
    [
      'anew, where it has changed since then',
      { applies: [{ kind: 'conflict' }, APPLIED] },
      0,
      ['read', 'Approved', 'read', 'Completed'],
    ],
  ])('makes the patch %s', async (_, how, elapsedMs, expected) => {
    const { advancer, readAhead, key, asked, clock, transitions } = anAdvancer({ ...byPolicy, ...how });
    readAhead.begin(byPolicy.request.spec.targetRef);
    await clock.advance(elapsedMs);
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(asked).toEqual(expected);
    expect(transitions).toEqual(['Approved', 'Completed']);
  });

  it.each<[string, number, readonly string[]]>([
    ['is believed for a moment', 1000, []],
    ['is asked for again later', 10_000, ['fetch']],
  ])(
    'what the API server said of it %s, also where the machine’s clock is set back',
    async (...[, ms, asks]) => {
      const { advancer, key, asked, clock } = anAdvancer({
        ...byPolicy,
        applies: [new Error('outage'), APPLIED],
      });
      await expect(advancer.advance(key)).rejects.toThrow('outage');
      asked.length = 0;
      await clock.advance(ms);
      clock.jump(-ms);
      expect(await advancer.advance(key)).toEqual({ kind: 'done' });
      expect(asked).toEqual(['read', ...asks, 'Completed']);
    },
  );

  it('reads the workload again when somebody changed it meanwhile', async () => {
    const { advancer, key, transitions } = anAdvancer({
      request: anApprovedRequest(),
      applies: [{ kind: 'conflict' }, { kind: 'conflict' }, APPLIED],
    });
    expect(await advancer.advance(key)).toEqual({ kind: 'done' });
    expect(transitions).toEqual(['Completed']);
  });

  it('comes back later when the workload keeps changing', async () => {
    const applies = Array.from({ length: 20 }, (): ApplyOutcome => ({ kind: 'conflict' }));
    const { advancer, key } = anAdvancer({ request: anApprovedRequest(), applies });
    expect(await advancer.advance(key)).toMatchObject({ kind: 'retry' });
  });

  it('ends in Failed what the API server refuses for good', async () => {
    const { advancer, key, now } = anAdvancer({
      request: anApprovedRequest(),
      applies: [{ kind: 'refused', message: 'admission webhook "guard" denied the request' }],
    });
    await advancer.advance(key);
    expect(now()?.status).toMatchObject({
      phase: 'Failed',
      message: 'Update failed: admission webhook "guard" denied the request',
    });
  });

  it('says what is wrong while the API server cannot be asked, and forgets it afterwards', async () => {
    const { advancer, key } = anAdvancer({
      request: anApprovedRequest(),
      applies: [new Error('no answer'), APPLIED],
    });
    await expect(advancer.advance(key)).rejects.toThrow('no answer');
    expect(advancer.waitingFor(key)).toMatchObject([
      { code: 'cluster', message: expect.stringContaining('no answer') },
    ]);
    await advancer.advance(key);
    expect(advancer.waitingFor(key)).toEqual([]);
  });

  it('does not tell of a transition that somebody else was faster with', async () => {
    const { advancer, key, transitions } = anAdvancer({
      request: anApprovedRequest(),
      lostRaces: 1,
      applies: [APPLIED, APPLIED],
    });
    await advancer.advance(key);
    expect(transitions).toEqual(['Completed']);
  });

  it.each([
    ['one whose workload moved', aRequest(), 'Superseded'],
    ['one that a person approved for where the workload was before', anApprovedRequest(), 'Failed'],
  ])('names the request that takes the place of %s', async (_, request, phase) => {
    const { advancer, key, now } = anAdvancer({
      request,
      workload: aWorkload({ artifacts: [aContainer({ image: 'nginx:1.25.5' })] }),
      reproposed: aRequest({ name: 'the-next-one' }),
    });
    await advancer.advance(key);
    expect(now()?.status).toMatchObject({ phase, message: expect.stringContaining('the-next-one') });
  });

  it('of one that waits says what for and when to come back', async () => {
    const { advancer, key } = anAdvancer({
      request: aRequest({ spec: { expiresAt: '2026-01-01T12:00:30Z' } }),
    });
    expect(await advancer.advance(key)).toEqual({ kind: 'requeue', afterMs: 30_000 });
    expect(advancer.waitingFor(key)).toMatchObject([{ code: 'awaiting-approval' }]);
  });

  it('of one that is gone is nothing', async () => {
    const { advancer } = anAdvancer({ request: aRequest() });
    expect(await advancer.advance('shop/unknown')).toEqual({ kind: 'done' });
  });
});

describe('an update whose rollout is to be watched', () => {
  const plan: VerificationPlanner['plan'] = ({ status }) =>
    Promise.resolve(
      status.verification === undefined ? { ...status, verification: aVerification() } : undefined,
    );

  it('remembers how the workload was before it is patched, and says that it is watched when it is completed', async () => {
    const { advancer, key, now } = anAdvancer({
      request: anApprovedRequest(),
      verifications: { plan },
      applies: [APPLIED],
    });
    await advancer.advance(key);
    expect(now()?.status).toMatchObject({ phase: 'Completed', verification: aVerification() });
    expect(now()?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Healthy', status: 'Unknown', reason: 'Progressing' }),
    );
  });

  it('is not patched where that could not be found out', async () => {
    const { advancer, key, transitions } = anAdvancer({
      request: anApprovedRequest(),
      verifications: { plan: () => Promise.reject(new Error('no answer')) },
    });
    await expect(advancer.advance(key)).rejects.toThrow('no answer');
    expect(transitions).toEqual([]);
  });
});

describe('a rollback', () => {
  const request = anApprovedRequest({ spec: { rollback: true } });

  it('is completed only when all else is done', async () => {
    const outcomes: Outcome[] = [{ kind: 'requeue', afterMs: 500 }, { kind: 'done' }];
    const { advancer, key, transitions } = anAdvancer({
      request,
      applies: [APPLIED, APPLIED],
      rollbacks: { afterPatch: () => Promise.resolve(outcomes.shift() ?? { kind: 'done' }) },
    });
    expect(await advancer.advance(key)).toEqual({ kind: 'requeue', afterMs: 500 });
    expect(transitions).toEqual([]);
    await advancer.advance(key);
    expect(transitions).toEqual(['Completed']);
  });
});

it('two that ask for the same from where the workload was and where it is do not both give way', async () => {
  const byPolicy = { approvedBy: 'policy' } as const;
  const request = anApprovedRequest({ status: byPolicy });
  const sibling = anApprovedRequest({
    name: 'other',
    spec: { currentImage: 'nginx:1.24.0' },
    status: byPolicy,
  });
  // Somebody takes the workload to 1.24.0 and back to 1.25.0 while both are looked at.
  const { advancer, key, transitions } = anAdvancer({
    request,
    sibling,
    before: [aWorkload({ artifacts: [aContainer({ image: 'nginx:1.24.0' })] })],
    applies: [APPLIED],
  });
  await Promise.all([advancer.advance(key), advancer.advance(requestKey(sibling))]);
  expect(transitions).toEqual(['Completed', 'Superseded']);
});

describe('a pending request, while the watch of the workload lags behind', () => {
  // The workload has come to 1.25.0 only just now, and the request was made for that.
  const behind = aWorkload({ artifacts: [aContainer({ image: 'nginx:1.24.0' })] });

  it('is not given up for where the workload was before: that one gives way to this one', async () => {
    const { advancer, key, transitions } = anAdvancer({ request: aRequest(), watched: behind });
    await advancer.advance(key);
    expect(transitions).toEqual([]);
  });

  it('is given up where the workload has really moved', async () => {
    const { advancer, key, transitions } = anAdvancer({ request: aRequest(), workload: behind });
    await advancer.advance(key);
    expect(transitions).toEqual(['Superseded']);
  });
});
