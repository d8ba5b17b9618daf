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
    start: (acts = true) => aReplica({ api, notifier, clock, acts }),
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
    const key = requestKey(await propose(store, '1.26.0'));
    await move(store, key, { to: 'Rejected', by: 'bob', reason: 'not today' });
    await clock.advance(A_WHILE_MS);
    api.requests.delete(key);
    store.forget(key);
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

describe('whatever happens', () => {
  const key = fc.nat({ max: 2 });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('propose'), key, approval: fc.boolean() }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('move'),
        key,
        change: fc.constantFrom<Change>(
          { to: 'Approved', by: 'alice' },
          { to: 'Rejected', by: 'bob', reason: undefined },
          COMPLETED,
          { to: 'Failed', message: 'crash' },
          { to: 'Superseded', message: 'newer' },
          { to: 'Expired', message: 'late' },
        ),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('label'), key, seen: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(0, 150, 250, 5000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('outage'), isUp: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('api'), fails: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('kill'), arrives: fc.boolean() }) },
  );

  /** The events of what is done, as the words of the documentation have them. */
  const EVENT_OF: Readonly<Partial<Record<Change['to'], NotificationEvent>>> = {
    Approved: 'update_approved',
    Rejected: 'update_rejected',
    Completed: 'update_completed',
    Failed: 'update_failed',
  };

  it('each transition arrives once and in order; only what a kill interrupts may arrive again, with its id', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const { start, clock, api, receiver } = aBench({ hook: [], other: ['update_completed'] });
        let replica = start();
        const expected = new Map<string, NotificationEvent[]>();
        const keys = new Map<number, string>();
        let kills = 0;
        for (const one of steps) {
          const requestName = 'key' in one ? keys.get(one.key) : undefined;
          if (one.do === 'propose' && 'approval' in one && requestName === undefined) {
            if (api.failWith !== undefined) continue;
            const made = await propose(replica.store, `1.26.${one.key}`, one.approval);
            keys.set(one.key, requestKey(made));
            const event = one.approval ? 'update_request_created' : 'update_detected';
            expected.set(made.metadata.uid, [event]);
          } else if ('change' in one && requestName !== undefined && api.failWith === undefined) {
            const moved = await move(replica.store, requestName, one.change);
            const event = EVENT_OF[one.change.to];
            const uid = api.requests.get(requestName)?.metadata.uid ?? '';
            if (moved && event !== undefined) expected.get(uid)?.push(event);
          } else if ('seen' in one && requestName !== undefined) {
            const labelled = api.change(requestName, (request) => request);
            if (one.seen) replica.store.observe(labelled);
          } else if ('ms' in one) {
            await clock.advance(one.ms);
          } else if ('isUp' in one) {
            if (one.isUp) receiver.release();
            else receiver.up = false;
          } else if ('fails' in one) {
            api.failWith = one.fails ? new Error('no answer') : undefined;
          } else if ('arrives' in one) {
            replica.kill();
            receiver.kill(one.arrives);
            kills += 1;
            replica = start();
          }
        }
        api.failWith = undefined;
        receiver.release();
        await clock.advance(600_000);

        for (const [uid, events] of expected) {
          for (const [target, wanted] of [
            ['hook', events],
            ['other', events.filter((event) => event === 'update_completed')],
          ] as const) {
            const ids = (receiver.arrived.get(target) ?? [])
              .map(({ id }) => id)
              .filter((id) => id.startsWith(`${uid}.`));
            const once = ids.filter((id, index) => ids[index - 1] !== id);
            expect(once).toEqual(wanted.map((event) => `${uid}.${event}`));
            expect(ids.length - once.length).toBeLessThanOrEqual(kills);
          }
        }
        const owed = [...api.requests.values()].flatMap(({ status }) => status.notifications ?? []);
        expect(owed.filter((notice) => notice.owed !== undefined)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
