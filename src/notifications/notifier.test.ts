import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import {
  aNotification,
  aSlackTarget,
  aTeamsTarget,
  aWebhookTarget,
  oneOfMany,
} from '../../test/parts/notifications.ts';
import { mrkdwnOf, SlackPayload } from '../../test/parts/slack-schema.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import type { Answer } from './message.ts';
import { requestOf } from './notification.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import { NotifierStoppedError, OutboxFullError } from './outbox.ts';
import { SendError } from './send-error.ts';
import type { Target } from './target.ts';
import type { Outgoing } from './transport.ts';

interface Sent extends Outgoing {
  readonly atMs: number;
}

const OK: Answer = { status: 200, text: 'ok' };
const START = Date.UTC(2026, 0, 1);

/** A notifier whose messages go to a function: by it the test answers, or throws. */
function begin(
  targets: readonly Target[],
  answer: (sent: Sent, tries: number) => Answer | Promise<Answer> = () => OK,
  maySend?: () => boolean,
) {
  const clock = new FakeClock(START);
  const sent: Sent[] = [];
  const counts = { sent: 0, failed: 0 };
  const logs = createRecordingLog();
  const notifier = createNotifier({
    targets,
    clock,
    log: logs.target('headwind::notifications'),
    random: () => 0,
    ...(maySend === undefined ? {} : { maySend }),
    transport: {
      post: async (outgoing) => {
        const one = { ...outgoing, atMs: clock.now() - START };
        sent.push(one);
        return answer(one, sent.length);
      },
    },
    onSent: () => (counts.sent += 1),
    onFailed: () => (counts.failed += 1),
  });
  return { clock, sent, counts, notifier, records: logs.entries };
}

function deliveryOf({ headers }: Sent): string | undefined {
  return headers['x-headwind-delivery'];
}

/** What has become of each so far. */
function follow(deliveries: readonly Promise<string>[]): readonly string[] {
  const fates = deliveries.map(() => 'waiting');
  for (const [index, delivery] of deliveries.entries()) {
    delivery.then(
      (fate) => (fates[index] = fate),
      (error: unknown) => (fates[index] = error instanceof Error ? error.name : 'rejected'),
    );
  }
  return fates;
}

function deliverAll(notifier: Notifier, count: number, target: string): readonly string[] {
  return follow(Array.from({ length: count }, (_, index) => notifier.deliver(oneOfMany(index), target)));
}

describe('a notifier', () => {
  it('tells which targets take a notification', () => {
    const { notifier } = begin([
      aSlackTarget({ id: 'a' }),
      aSlackTarget({ id: 'b', filter: { namespaces: [], kinds: ['HelmRelease'], events: [] } }),
      aTeamsTarget({ id: 'c' }),
    ]);
    expect(notifier.targetsFor(aNotification())).toEqual(['a', 'c']);
  });

  it('delivers, and counts it', async () => {
    const { clock, notifier, sent, counts } = begin([aWebhookTarget()]);
    const fates = follow([notifier.deliver(aNotification(), 'webhook')]);
    await clock.advance(0);
    expect(fates).toEqual(['delivered']);
    expect(sent.map(deliveryOf)).toEqual(['uid-1.update_request_created']);
    expect(counts).toEqual({ sent: 1, failed: 0 });
    expect(clock.pending).toBe(0);
  });

  it('gives back what it has not sent when somebody else is to send it, and forgets it', async () => {
    let isUp = false;
    const answers: PromiseWithResolvers<Answer>[] = [];
    const { clock, notifier, sent } = begin([aWebhookTarget()], () => {
      const answer = Promise.withResolvers<Answer>();
      answers.push(answer);
      return isUp ? OK : answer.promise;
    });
    const fates = deliverAll(notifier, 30, 'webhook');
    await clock.advance(1000);
    const underWay = sent.length;
    expect(underWay).toBeLessThan(30);
    notifier.recall();
    answers[0]?.resolve(OK);
    for (const { resolve } of answers.slice(1)) resolve({ status: 503, text: '' });
    await clock.advance(3_600_000);
    expect(fates.filter((fate) => fate === 'delivered')).toHaveLength(1);
    expect(fates.filter((fate) => fate === 'NotificationRecalledError')).toHaveLength(29);
    expect(sent).toHaveLength(underWay);
    expect(clock.pending).toBe(0);

    isUp = true;
    const again = deliverAll(notifier, 30, 'webhook');
    await clock.advance(60_000);
    expect(new Set(again)).toEqual(new Set(['delivered']));
    expect(sent).toHaveLength(underWay + 29);
  });

  it('sends nothing more from the moment on at which it is not its own to send, as after having been stopped', async () => {
    let isOurs = true;
    const { clock, notifier, sent } = begin(
      [aWebhookTarget()],
      () => ({ status: 503, text: '' }),
      () => isOurs,
    );
    const fates = deliverAll(notifier, 3, 'webhook');
    await clock.advance(10);
    const before = sent.length;
    isOurs = false;
    await clock.advance(3_600_000);
    expect(sent).toHaveLength(before);
    expect(new Set(fates)).toEqual(new Set(['NotificationRecalledError']));
    expect(notifier.deadLetters()).toEqual([]);
  });

  it('gives up what is for nobody', async () => {
    const { notifier } = begin([]);
    expect(await notifier.deliver(aNotification(), 'gone')).toBe('dead');
    expect(await notifier.test(aNotification(), 'gone')).toBeUndefined();
  });

  it('sends the same id once, while it waits and when it has just arrived', async () => {
    const { clock, notifier, sent } = begin([aWebhookTarget()]);
    const fates = follow([0, 1, 2].map(() => notifier.deliver(aNotification(), 'webhook')));
    await clock.advance(1000);
    const later = follow([notifier.deliver(aNotification(), 'webhook')]);
    await clock.advance(1000);
    expect([...fates, ...later]).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
    expect(sent).toHaveLength(1);
  });

  it('keeps the order within a request while others pass', async () => {
    let failures = 3;
    const { clock, notifier, sent } = begin([aWebhookTarget()], (one) => {
      if (deliveryOf(one) !== 'uid-1.update_request_created' || failures === 0) return OK;
      failures -= 1;
      return { status: 500, text: '' };
    });
    const events = ['update_request_created', 'update_approved', 'update_completed'] as const;
    const fates = follow([
      ...events.map((event) => notifier.deliver(aNotification({ event }), 'webhook')),
      notifier.deliver(oneOfMany(2), 'webhook'),
    ]);
    await clock.advance(60_000);
    expect(fates).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
    const order = sent.map(deliveryOf);
    expect(order.slice(-3)).toEqual(events.map((event) => `uid-1.${event}`));
    expect(order.indexOf('uid-2.update_completed')).toBeLessThan(order.length - 3);
  });

  it('delivers everything once and in order to a receiver that was down for two minutes', async () => {
    const clockMs = { back: 120_000 };
    const arrived: string[] = [];
    const { clock, notifier, sent, counts, records } = begin([aWebhookTarget()], (one) => {
      if (one.atMs < clockMs.back) throw new SendError('later', 'refuses connections (ECONNREFUSED)');
      arrived.push(deliveryOf(one) ?? '');
      return OK;
    });
    const events = ['update_request_created', 'update_approved', 'update_completed'] as const;
    const all = Array.from({ length: 20 }, (_, index) =>
      events.map((event) => oneOfMany(index, { event })),
    ).flat();
    const fates = follow(all.map((notification) => notifier.deliver(notification, 'webhook')));
    await clock.advance(120_000);
    expect(new Set(fates)).toEqual(new Set(['waiting']));
    // One try at a time asks whether it is back, not one for each that waits.
    expect(sent.length).toBeLessThan(20);
    await clock.advance(70_000);
    expect(new Set(fates)).toEqual(new Set(['delivered']));
    expect(arrived.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    for (let index = 0; index < 20; index += 1) {
      const own = arrived.filter((id) => requestOf({ id }) === `uid-${index}`);
      expect(own).toEqual(events.map((event) => `uid-${index}.${event}`));
    }
    expect(counts).toEqual({ sent: 60, failed: 0 });
    expect(records.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('gives up when the time to try is over, for all that waited so long', async () => {
    const { clock, notifier, sent, counts } = begin([aWebhookTarget()], () => ({
      status: 503,
      text: 'down',
    }));
    const fates = deliverAll(notifier, 30, 'webhook');
    await clock.advance(3_500_000);
    expect(new Set(fates)).toEqual(new Set(['waiting']));
    await clock.advance(200_000);
    expect(new Set(fates)).toEqual(new Set(['dead']));
    expect(counts).toEqual({ sent: 0, failed: 30 });
    expect(sent.length).toBeLessThan(400);
    expect(notifier.deadLetters()[0]).toMatchObject({
      target: 'webhook',
      channel: 'webhook',
      event: 'update_completed',
      reason: 'receiver.example answered 503: down',
    });
  });

  it.each([400, 401, 403, 404, 405, 410, 413, 422, 301])(
    'gives up at once what is refused with %d',
    async (status) => {
      const text = 'no: https://receiver.example/notifications/hunter2';
      const { clock, notifier, sent, records } = begin([aWebhookTarget()], () => ({ status, text }));
      const fates = deliverAll(notifier, 1, 'webhook');
      await clock.advance(0);
      expect(fates).toEqual(['dead']);
      expect(sent).toHaveLength(1);
      const [letter] = notifier.deadLetters();
      expect(letter).toMatchObject({
        id: 'uid-0.update_completed',
        atMs: START,
        updateRequestName: 'app-0-1',
      });
      expect(letter?.reason).toContain(String(status));
      expect(JSON.stringify([letter, records])).not.toContain('hunter2');
    },
  );

  it('keeps the last 200 dead letters', async () => {
    const { clock, notifier } = begin([aWebhookTarget()], () => ({ status: 404, text: '' }));
    deliverAll(notifier, 250, 'webhook');
    await clock.advance(60_000);
    const ids = notifier.deadLetters().map(({ id }) => id);
    expect(ids).toHaveLength(200);
    expect(ids[0]).toBe('uid-249.update_completed');
  });

  it.each([
    ['90', 90_000],
    ['1.5', 1500],
    [new Date(START + 121_000).toUTCString(), 120_000],
    ['99999', 900_000],
    ['soon', 1000],
    [undefined, 1000],
  ])('waits as Retry-After %s says', async (retryAfter, expectedMs) => {
    const { clock, notifier, sent } = begin([aSlackTarget()], (_, tries) =>
      tries === 1 ? { status: 429, text: '', retryAfter } : OK,
    );
    const fates = deliverAll(notifier, 1, 'slack');
    await clock.advance(1000 + expectedMs - 1);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toHaveLength(2);
    expect(fates).toEqual(['delivered']);
  });

  it('sends a burst of 500 to Slack within its one message a second, and loses nothing', async () => {
    const { clock, notifier, sent, counts } = begin([aSlackTarget()]);
    const fates = deliverAll(notifier, 500, 'slack');
    await clock.advance(60_000);
    expect(new Set(fates)).toEqual(new Set(['delivered']));
    expect(counts.sent).toBe(500);
    const gaps = sent.slice(1).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    expect(sent.length).toBeLessThanOrEqual(15);
    const text = sent.map(({ body }) => mrkdwnOf(SlackPayload.parse(JSON.parse(body))).join('\n')).join('\n');
    const named = [...text.matchAll(/shop\/(app-\d+) /g)].map(([, name]) => name);
    expect(named).toEqual(Array.from({ length: 500 }, (_, index) => `app-${index}`));
  });

  it('sends few one by one, so that each has its buttons, and none in its first second: who ran before may have', async () => {
    const { clock, notifier, sent } = begin([aSlackTarget()]);
    deliverAll(notifier, 5, 'slack');
    await clock.advance(10_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([1000, 2000, 3000, 4000, 5000]);
  });

  it('never groups for programs, and keeps to their rate', async () => {
    const { clock, notifier, sent } = begin([aWebhookTarget()]);
    deliverAll(notifier, 100, 'webhook');
    await clock.advance(2000);
    expect(sent.length).toBeLessThanOrEqual(41);
    await clock.advance(10_000);
    expect(new Set(sent.map(deliveryOf)).size).toBe(100);
  });

  it('sends singly what was refused in a group, so that one costs no other', async () => {
    const { clock, notifier } = begin([aTeamsTarget()], ({ body }) =>
      body.includes('shop/app-3 ') || body.includes('shop/app-3"') ? { status: 400, text: 'bad' } : OK,
    );
    const fates = deliverAll(notifier, 8, 'teams');
    await clock.advance(30_000);
    expect(fates).toEqual(Array.from({ length: 8 }, (_, index) => (index === 3 ? 'dead' : 'delivered')));
  });

  it('lets no target wait for another', async () => {
    const never = new Promise<Answer>(() => {});
    const { clock, notifier } = begin(
      [aWebhookTarget({ id: 'stuck' }), aWebhookTarget({ id: 'quick' })],
      ({ url }) => (url.includes('stuck') ? never : OK),
    );
    notifier.update([
      aWebhookTarget({ id: 'stuck', url: 'https://stuck.example' }),
      aWebhookTarget({ id: 'quick' }),
    ]);
    const stuck = deliverAll(notifier, 10, 'stuck');
    const quick = deliverAll(notifier, 10, 'quick');
    await clock.advance(5000);
    expect(new Set(quick)).toEqual(new Set(['delivered']));
    expect(new Set(stuck)).toEqual(new Set(['waiting']));
  });

  it('takes no more than it can hold', async () => {
    const { clock, notifier } = begin([aWebhookTarget()], () => ({ status: 503, text: '' }));
    deliverAll(notifier, 1000, 'webhook');
    await expect(notifier.deliver(oneOfMany(1000), 'webhook')).rejects.toBeInstanceOf(OutboxFullError);
    await clock.advance(10_000);
    expect(notifier.targets()).toEqual([
      expect.objectContaining({ id: 'webhook', waiting: 1000, trouble: 'receiver.example answered 503' }),
    ]);
  });

  it('follows new settings at once', async () => {
    const { clock, notifier, sent } = begin(
      [aWebhookTarget({ id: 'a' }), aWebhookTarget({ id: 'b' })],
      ({ url }) => (url.includes('right') ? OK : { status: 502, text: '' }),
    );
    const fates = follow([notifier.deliver(oneOfMany(1), 'a'), notifier.deliver(oneOfMany(2), 'b')]);
    await clock.advance(100_000);
    expect(fates).toEqual(['waiting', 'waiting']);
    const before = sent.length;
    notifier.update([aWebhookTarget({ id: 'a', url: 'https://right.example' })]);
    await clock.advance(0);
    expect(fates).toEqual(['delivered', 'dead']);
    expect(sent).toHaveLength(before + 1);
    expect(notifier.deadLetters()[0]?.reason).toBe('the target is no longer configured');
  });

  it('says when it stops that what has not arrived is still owed', async () => {
    const { clock, notifier, counts } = begin([aWebhookTarget()], () => ({ status: 503, text: '' }));
    const fates = deliverAll(notifier, 3, 'webhook');
    await clock.advance(1000);
    await notifier.stop();
    await clock.advance(0);
    expect(fates).toEqual(['NotifierStoppedError', 'NotifierStoppedError', 'NotifierStoppedError']);
    await expect(notifier.deliver(oneOfMany(9), 'webhook')).rejects.toBeInstanceOf(NotifierStoppedError);
    expect(counts).toEqual({ sent: 0, failed: 0 });
    expect(clock.pending).toBe(0);
  });

  it('lets a try that runs end when it stops, and breaks off one that does not', async () => {
    const answers = new Map<string, PromiseWithResolvers<Answer>>();
    const { clock, notifier } = begin([aWebhookTarget()], (one) => {
      const answer = Promise.withResolvers<Answer>();
      one.signal?.addEventListener('abort', () =>
        answer.reject(new SendError('later', 'was not asked to the end')),
      );
      answers.set(deliveryOf(one) ?? '', answer);
      return answer.promise;
    });
    const fates = deliverAll(notifier, 2, 'webhook');
    await clock.advance(100);
    const stopped = notifier.stop();
    answers.get('uid-0.update_completed')?.resolve(OK);
    await clock.advance(3000);
    await stopped;
    expect(fates).toEqual(['delivered', 'NotifierStoppedError']);
    expect(clock.pending).toBe(0);
  });

  it('tries once for people who test their settings', async () => {
    const { notifier, sent } = begin([aSlackTarget()], () => ({ status: 404, text: 'no_service' }));
    expect(await notifier.test(aNotification(), 'slack')).toEqual({
      outcome: 'refused',
      reason: 'hooks.slack.example answered 404: no_service',
      isAboutMessage: false,
    });
    expect(sent).toHaveLength(1);
    expect(notifier.deadLetters()).toEqual([]);
  });

  it('gives up what no message can be made of, and goes on', async () => {
    const { clock, notifier } = begin([aWebhookTarget()]);
    const fates = follow([
      notifier.deliver(aNotification({ timestampMs: Number.NaN }), 'webhook'),
      notifier.deliver(oneOfMany(2), 'webhook'),
    ]);
    await clock.advance(1000);
    expect(fates).toEqual(['dead', 'delivered']);
  });
});
