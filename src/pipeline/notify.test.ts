import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { aReceiver, aReplica, aRequestApi, type Receiver } from '../../test/parts/notice-bench.ts';
import { parseAnnotations } from '../core/annotations.ts';
import { toNewRequest } from '../core/new-request.ts';
import { NOTIFY_ANNOTATION } from '../core/notices.ts';
import type { NotificationEvent } from '../core/notification-event.ts';
import { transition, type Change } from '../core/request-machine.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { RequestStore } from './request-store.ts';

/** Longer than the sender leaves a request alone, and than it waits after a failure. */
const A_WHILE_MS = 5000;
const COMPLETED: Change = {
  to: 'Completed',
  message: 'done',
  startedAtMs: NOON,
  previousImage: 'nginx:1.25.0',
};

type Targets = Readonly<Record<string, readonly NotificationEvent[]>>;

function aBench(targets: Targets = { hook: [] }) {
  const clock = new FakeClock(NOON);
  const api = aRequestApi();
  const configured = new Map(Object.entries(targets));
  const { receiver, notifier } = aReceiver(configured);
  return {
    clock,
    api,
    configured,
    receiver,
    start: (acts = true, isLeading = () => true) => aReplica({ api, notifier, clock, acts, isLeading }),
  };
}

/** Creates the request for `tag`, as the proposer does. */
async function propose(store: RequestStore, tag: string, requireApproval = true): Promise<UpdateRequest> {
  const workload = aWorkload();
  const { settings } = parseAnnotations(workload.annotations);
  const body = toNewRequest({
    workload,
    artifact: aContainer(),
    settings: { ...settings, requireApproval },
    source: 'webhook',
    newImage: `nginx:${tag}`,
    newDigest: undefined,
    reason: 'there is a new version',
    attempt: 0,
    nowMs: NOON,
    expiryMs: 0,
  });
  return (await store.create(body)).request;
}

/** Writes a transition as the advancer does: where somebody else wrote first it looks again. */
async function move(store: RequestStore, key: string, change: Change): Promise<boolean> {
  for (;;) {
    const request = store.get(key);
    const status = request === undefined ? undefined : transition(request, change, NOON);
    if (request === undefined || status?.ok !== true) return false;
    if ((await store.writeStatus(request, status.value)).ok) return true;
    await store.fetch(request.metadata.namespace, request.metadata.name);
  }
}

function arrivedAt(receiver: Receiver, target = 'hook'): readonly string[] {
  return (receiver.arrived.get(target) ?? []).map(({ event }) => event);
}

describe('what a request owes is sent', () => {
  it('once each, in order, and then it stands in the status', async () => {
    const { start, clock, receiver, api } = aBench();
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    await move(store, key, { to: 'Approved', by: 'alice' });
    await move(store, key, COMPLETED);
    await clock.advance(A_WHILE_MS);
    expect(receiver.arrived.get('hook')).toMatchObject([
      {
        event: 'update_request_created',
        timestampMs: NOON,
        workload: { kind: 'Deployment', namespace: 'shop', name: 'web', container: 'web' },
        currentImage: 'nginx:1.25.0',
        newImage: 'nginx:1.26.0',
        policy: 'minor',
        requiresApproval: true,
        uiUrl: `http://ui/updates/${key}`,
        approvalUrl: `http://api/api/v1/updates/${key}/approve`,
      },
      { event: 'update_approved', approvedBy: 'alice' },
      { event: 'update_completed', approvedBy: 'alice' },
    ]);
    expect(api.requests.get(key)?.status.notifications).toEqual([
      { event: 'update_request_created', at: '2026-01-01T12:00:00Z', sent: ['hook'] },
      { event: 'update_approved', at: '2026-01-01T12:00:00Z', sent: ['hook'] },
      { event: 'update_completed', at: '2026-01-01T12:00:00Z', sent: ['hook'] },
    ]);
  });

  it('not before the request has had a moment to be applied, so that no note comes between', async () => {
    const { start, clock, receiver, api } = aBench();
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0', false));
    await move(store, key, { to: 'Approved', by: 'policy' });
    await clock.advance(100);
    await move(store, key, COMPLETED);
    expect(api.writes).toHaveLength(2);
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_detected', 'update_completed']);
  });

  it('each target what it takes, and a slow one holds up nobody', async () => {
    const { start, clock, receiver, api } = aBench({ hook: [], failures: ['update_failed'] });
    const { store } = start();
    receiver.up = false;
    const key = requestKey(await propose(store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    expect(await move(store, key, { to: 'Approved', by: 'alice' })).toBe(true);
    expect(await move(store, key, { to: 'Failed', message: 'no such container' })).toBe(true);
    receiver.release();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created', 'update_approved', 'update_failed']);
    expect(receiver.arrived.get('failures')).toMatchObject([
      { event: 'update_failed', errorMessage: 'no such container' },
    ]);
    expect(api.requests.get(key)?.status.notifications?.at(-1)?.sent).toEqual(['hook', 'failures']);
  });

  it('also what is owed when the request is deleted', async () => {
    const { start, clock, receiver, api } = aBench();
    const { store } = start();
    receiver.up = false;
    const request = await propose(store, '1.26.0');
    const key = requestKey(request);
    await move(store, key, { to: 'Rejected', by: 'bob', reason: 'not today' });
    await clock.advance(A_WHILE_MS);
    api.requests.delete(key);
    store.forget(request);
    receiver.release();
    await clock.advance(A_WHILE_MS);
    expect(receiver.arrived.get('hook')).toMatchObject([
      { event: 'update_request_created' },
      { event: 'update_rejected', approvedBy: 'bob', rejectionReason: 'not today' },
    ]);
  });

  it('by the replica that acts, and by no other', async () => {
    const { start, clock, receiver } = aBench();
    const { store } = start(false);
    await propose(store, '1.26.0');
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual([]);
    start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created']);
  });

  it('not while it pauses, and all that is owed when it goes on', async () => {
    const { start, clock, receiver } = aBench();
    const { store, sender } = start();
    sender.pause();
    await propose(store, '1.26.0');
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual([]);
    sender.start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created']);
  });
});

describe('by a replica that leads no more', () => {
  it('what waits for a target that is away is left to the one that leads now', async () => {
    const { start, clock, receiver } = aBench();
    const first = start();
    receiver.up = false;
    await propose(first.store, '1.26.0');
    await clock.advance(A_WHILE_MS);
    first.sender.pause();
    start();
    await clock.advance(A_WHILE_MS);
    receiver.release();
    await clock.advance(120_000);
    expect(arrivedAt(receiver)).toEqual(['update_request_created']);
  });

  it('nothing is sent although nobody has told it yet, as after having been stopped', async () => {
    const { start, clock, receiver } = aBench();
    let leads = true;
    const { store } = start(true, () => leads);
    await propose(store, '1.26.0');
    leads = false;
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual([]);
  });
});

describe('without targets', () => {
  it('nothing is written beyond the transitions, and nothing about notifications', async () => {
    const { start, clock, api } = aBench({});
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    await move(store, key, { to: 'Approved', by: 'alice' });
    await move(store, key, COMPLETED);
    await clock.advance(A_WHILE_MS);
    expect(api.writes).toHaveLength(2);
    const request = api.requests.get(key);
    expect(request?.status.notifications).toBeUndefined();
    expect(Object.keys(request?.metadata.annotations ?? {})).not.toContain(NOTIFY_ANNOTATION);
  });
});

describe('a target that', () => {
  it('is gone is owed nothing any more, which is written down', async () => {
    const { start, clock, receiver, api, configured } = aBench({ hook: [], old: [] });
    const { store, sender, log } = start();
    receiver.up = false;
    const key = requestKey(await propose(store, '1.26.0'));
    configured.delete('old');
    sender.targetsChanged();
    receiver.release();
    await clock.advance(A_WHILE_MS);
    expect(api.requests.get(key)?.status.notifications).toMatchObject([
      { sent: expect.arrayContaining(['hook']), dropped: ['old'] },
    ]);
    expect(log.entries.map(({ message }) => message)).toContain(
      'notification dropped: no such target takes it',
    );
    configured.set('old', []);
    start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver, 'old')).toEqual([]);
  });

  it('came later hears of nothing that happened before', async () => {
    const { start, clock, receiver, configured } = aBench({ hook: [] });
    const first = start();
    const key = requestKey(await propose(first.store, '1.26.0'));
    await move(first.store, key, { to: 'Approved', by: 'alice' });
    await clock.advance(A_WHILE_MS);
    first.kill();
    configured.set('new', []);
    const second = start();
    await clock.advance(A_WHILE_MS);
    await move(second.store, key, COMPLETED);
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver, 'new')).toEqual(['update_completed']);
  });

  it('refuses for good is not asked again', async () => {
    const { start, clock, receiver, api } = aBench();
    receiver.refuses = true;
    const key = requestKey(await propose(start().store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    expect(api.requests.get(key)?.status.notifications).toMatchObject([{ dropped: ['hook'] }]);
  });

  it('somebody invents is dropped, and so is an event that nobody knows', async () => {
    const { start, clock, receiver, api } = aBench();
    const invented = aRequest({
      annotations: { [NOTIFY_ANNOTATION]: 'nobody' },
      status: { notifications: [{ event: 'update_imagined', at: '2026-01-01T12:00:00Z', owed: ['hook'] }] },
    });
    api.requests.set(requestKey(invented), invented);
    start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual([]);
    expect(api.requests.get(requestKey(invented))?.status.notifications).toMatchObject([
      { dropped: ['nobody'] },
      { dropped: ['hook'] },
    ]);
  });
});

describe('when Kubernetes cannot be written to', () => {
  it('what was sent is not sent again, and is written down later', async () => {
    const { start, clock, receiver, api } = aBench();
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0'));
    api.failWith = new Error('no answer');
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created']);
    api.failWith = undefined;
    await clock.advance(120_000);
    expect(arrivedAt(receiver)).toEqual(['update_request_created']);
    expect(api.requests.get(key)?.status.notifications).toMatchObject([{ sent: ['hook'] }]);
  });
});

describe('a decision with kubectl', () => {
  const byHand =
    (phase: 'Approved' | 'Rejected') =>
    (request: UpdateRequest): UpdateRequest => ({
      ...request,
      status: { ...request.status, phase, approvedBy: 'kim', rejectedBy: 'kim' },
    });

  it('is announced when it is seen', async () => {
    const { start, clock, receiver, api } = aBench({ decisions: ['update_rejected'] });
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    store.observe(api.change(key, byHand('Rejected')));
    await clock.advance(A_WHILE_MS);
    expect(receiver.arrived.get('decisions')).toMatchObject([
      { event: 'update_rejected', approvedBy: 'kim' },
    ]);
  });

  it('is announced by the replica that takes over from the one that should have', async () => {
    const { start, clock, receiver, api } = aBench({ decisions: ['update_rejected'] });
    const first = start();
    const key = requestKey(await propose(first.store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    const second = start(false);
    first.kill();
    second.store.observe(api.change(key, byHand('Rejected')));
    await clock.advance(A_WHILE_MS);
    second.sender.start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver, 'decisions')).toEqual(['update_rejected']);
  });

  it('is announced before what comes of it', async () => {
    const { start, clock, receiver, api } = aBench();
    const { store } = start();
    const key = requestKey(await propose(store, '1.26.0'));
    store.observe(api.change(key, byHand('Approved')));
    await move(store, key, COMPLETED);
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created', 'update_approved', 'update_completed']);
  });

  it('is announced after a restart if nobody was there to see it', async () => {
    const { start, clock, receiver, api } = aBench();
    const first = start();
    const key = requestKey(await propose(first.store, '1.26.0'));
    await clock.advance(A_WHILE_MS);
    first.kill();
    api.change(key, (request) => {
      const decided = byHand('Rejected')(request);
      return { ...decided, status: { ...decided.status, rejectedAt: '2026-01-01T12:00:01Z' } };
    });
    start();
    await clock.advance(A_WHILE_MS);
    expect(arrivedAt(receiver)).toEqual(['update_request_created', 'update_rejected']);
  });
});

/** The events of what is done, as the words of the documentation have them. */
const EVENT_OF: Readonly<Partial<Record<Change['to'], NotificationEvent>>> = {
  Approved: 'update_approved',
  Rejected: 'update_rejected',
  Completed: 'update_completed',
  Failed: 'update_failed',
};

/** Does what a random story says, and keeps what it should lead to. */
class Story {
  readonly #bench = aBench({ hook: [], other: ['update_completed'] });
  #replica = this.#bench.start();
  /** By uid: the events that must arrive, in order. */
  readonly #expected = new Map<string, NotificationEvent[]>();
  readonly #keys = new Map<number, string>();
  #interruptions = 0;
  #hadOutage = false;

  async propose(number: number, requireApproval: boolean): Promise<void> {
    if (this.#keys.has(number) || this.#bench.api.failWith !== undefined) return;
    const made = await propose(this.#replica.store, `1.26.${number}`, requireApproval);
    this.#keys.set(number, requestKey(made));
    this.#expected.set(made.metadata.uid, [requireApproval ? 'update_request_created' : 'update_detected']);
  }

  async move(number: number, change: Change): Promise<void> {
    const key = this.#keys.get(number);
    if (key === undefined || this.#bench.api.failWith !== undefined) return;
    const moved = await move(this.#replica.store, key, change);
    const event = EVENT_OF[change.to];
    const uid = this.#bench.api.requests.get(key)?.metadata.uid ?? '';
    if (moved && event !== undefined) this.#expected.get(uid)?.push(event);
  }

  /** Somebody else writes, which the watch may tell or not yet. */
  label(number: number, seen: boolean): void {
    const key = this.#keys.get(number);
    if (key === undefined) return;
    const labelled = this.#bench.api.change(key, (request) => request);
    if (seen) this.#replica.store.observe(labelled);
  }

  wait(ms: number): Promise<void> {
    return this.#bench.clock.advance(ms);
  }

  receiver(isUp: boolean): void {
    if (isUp) this.#bench.receiver.release();
    else this.#bench.receiver.up = false;
    if (!isUp) this.#hadOutage = true;
  }

  kubernetes(isUp: boolean): void {
    this.#bench.api.failWith = isUp ? undefined : new Error('no answer');
    if (!isUp) this.#hadOutage = true;
  }

  /** Another one leads from now on, the one before goes on to live. */
  handOver(): void {
    this.#replica.sender.pause();
    // What is on its way then, or sent and could not be written down, the next one cannot know of.
    if (this.#hadOutage) this.#interruptions += 1;
    this.#replica = this.#bench.start();
  }

  kill(arrives: boolean): void {
    this.#replica.kill();
    this.#bench.receiver.kill(arrives);
    this.#interruptions += 1;
    this.#replica = this.#bench.start();
  }

  /** Ends every outage, and tells what has arrived and what should have, without what came again in a row. */
  async end(): Promise<{
    readonly expected: readonly (readonly string[])[];
    readonly arrived: readonly (readonly string[])[];
    readonly repeatsBeyondInterruptions: number;
    readonly stillOwed: number;
  }> {
    this.kubernetes(true);
    this.receiver(true);
    await this.wait(600_000);
    const pairs = [...this.#expected].flatMap(([uid, events]) => [
      { uid, target: 'hook', events },
      { uid, target: 'other', events: events.filter((event) => event === 'update_completed') },
    ]);
    const all = pairs.map(({ uid, target }) =>
      (this.#bench.receiver.arrived.get(target) ?? [])
        .map(({ id }) => id)
        .filter((id) => id.startsWith(`${uid}.`)),
    );
    const arrived = all.map((ids) => ids.filter((id, index) => ids[index - 1] !== id));
    const repeats = all.map((ids, index) => ids.length - (arrived[index]?.length ?? 0) - this.#interruptions);
    const { requests } = this.#bench.api;
    const notices = [...requests.values()].flatMap(({ status }) => status.notifications ?? []);
    return {
      expected: pairs.map(({ uid, events }) => events.map((event) => `${uid}.${event}`)),
      arrived,
      repeatsBeyondInterruptions: Math.max(0, ...repeats),
      stillOwed: notices.filter(({ owed }) => owed !== undefined).length,
    };
  }
}

type Step = (story: Story) => Promise<void> | void;

describe('whatever happens', () => {
  const number = fc.nat({ max: 2 });
  const change = fc.constantFrom<Change>(
    { to: 'Approved', by: 'alice' },
    { to: 'Rejected', by: 'bob', reason: undefined },
    COMPLETED,
    { to: 'Failed', message: 'crash' },
    { to: 'Superseded', message: 'newer' },
    { to: 'Expired', message: 'late' },
  );
  const steps: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
    [
      3,
      fc.tuple(number, fc.boolean()).map(
        ([n, approval]) =>
          (story) =>
            story.propose(n, approval),
      ),
    ],
    [
      6,
      fc.tuple(number, change).map(
        ([n, next]) =>
          (story) =>
            story.move(n, next),
      ),
    ],
    [
      2,
      fc.tuple(number, fc.boolean()).map(
        ([n, seen]) =>
          (story) =>
            story.label(n, seen),
      ),
    ],
    [3, fc.constantFrom(0, 150, 250, A_WHILE_MS).map((ms) => (story) => story.wait(ms))],
    [1, fc.boolean().map((isUp) => (story) => story.receiver(isUp))],
    [1, fc.boolean().map((isUp) => (story) => story.kubernetes(isUp))],
    [2, fc.boolean().map((arrives) => (story) => story.kill(arrives))],
    [2, fc.constant((story: Story) => story.handOver())],
  ];
  const step = fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight, arbitrary })));

  it('each transition arrives once and in order; only what is interrupted may arrive again, with its id', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (chosen) => {
        const story = new Story();
        for (const take of chosen) await take(story);
        const { expected, ...end } = await story.end();
        expect(end).toEqual({ arrived: expected, repeatsBeyondInterruptions: 0, stillOwed: 0 });
      }),
      { numRuns: 200 },
    );
  });
});
