import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Signal } from '../core/signal.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { ProblemShape, WebhookDeliveryView } from './api-shapes.ts';
import { createRecentWebhooks } from './recent-webhooks.ts';
import { createWebhookApp, type WebhookLimits } from './webhook-server.ts';
import type { AcceptOutcome } from './webhook-settlement.ts';

const DONE: AcceptOutcome = { matched: 1, created: 1, unresolved: 0 };
const HOST = 'reg.example.com';

function aServer(
  options: {
    accept?: (signals: readonly Signal[]) => Promise<AcceptOutcome>;
    concerns?: (signal: Signal) => boolean;
    limits?: Partial<WebhookLimits>;
  } = {},
) {
  const clock = new FakeClock();
  const metrics = createMetrics();
  const logRoot = createRecordingLog();
  const recent = createRecentWebhooks();
  const accepted: string[] = [];
  const accept = options.accept ?? (() => Promise.resolve(DONE));
  const report = { ok: true, checks: [] };
  const app = createWebhookApp({
    senders: WEBHOOK_SENDERS,
    accept: (signals) => {
      accepted.push(...signals.map(({ tag }) => tag));
      return accept(signals);
    },
    ...(options.concerns && { concerns: options.concerns }),
    recentWebhooks: recent,
    health: { live: () => report, ready: () => report },
    metrics,
    log: logRoot.target('headwind::webhook'),
    clock,
    limits: options.limits ?? {},
  });
  const post = async (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return { post, accepted, clock, metrics, logRoot, recent };
}

function flat(tag: string, repository = `${HOST}/team/app`): object {
  return { repository, tag };
}

function envelope(...events: readonly (readonly [id: string | undefined, tag: string])[]): object {
  return {
    events: events.map(([id, tag]) => ({
      ...(id !== undefined && { id }),
      action: 'push',
      target: { repository: 'team/app', tag, url: `https://${HOST}/v2/` },
    })),
  };
}

const PACKAGE = {
  action: 'published',
  package: {
    owner: { login: 'team' },
    name: 'app',
    package_version: { package_url: 'ghcr.io/team/app:1', container_metadata: { tag: { name: '1' } } },
  },
};
const GITEA = {
  action: 'created',
  package: {
    type: 'container',
    name: 'app',
    version: '1',
    owner: { login: 'team' },
    html_url: `https://${HOST}/x`,
  },
};
const EVENT = {
  specversion: '1.0',
  type: 'com.example.pushed',
  source: `https://${HOST}`,
  id: '7',
  data: { repository: 'team/app', tag: '1' },
};
const PUBSUB = (messageId: string): object => ({
  message: {
    messageId,
    data: Buffer.from(
      JSON.stringify({ action: 'INSERT', tag: 'europe-docker.pkg.dev/project/repo/app:1' }),
    ).toString('base64'),
  },
  subscription: 's',
});

describe('a delivery that comes again', () => {
  it.each<[string, string, unknown, Readonly<Record<string, string>>]>([
    ['GitHub', 'ghcr', PACKAGE, { 'x-github-delivery': 'a' }],
    ['Gitea', 'gitea', GITEA, { 'x-gitea-delivery': 'a' }],
    ['Forgejo', 'gitea', GITEA, { 'x-forgejo-delivery': 'a' }],
    ['distribution', 'distribution', envelope(['a', '1'], ['b', '2']), {}],
    ['CloudEvents', 'cloudevents', EVENT, {}],
    [
      'CloudEvents in headers',
      'cloudevents',
      EVENT.data,
      { 'ce-type': 't', 'ce-source': `https://${HOST}`, 'ce-id': '7' },
    ],
    ['Pub/Sub', 'gar', PUBSUB('7'), {}],
    [
      'Pub/Sub, unwrapped',
      'gar',
      { action: 'INSERT', tag: 'gcr.io/p/app:1' },
      { 'x-goog-pubsub-message-id': '7' },
    ],
  ])('%s: answered with 200, and acted on once', async (_name, route, body, headers) => {
    const { post, accepted, metrics, recent } = aServer();
    const first = await post(`/webhook/${route}`, body, headers);
    const count = accepted.length;
    expect([first.status, count]).toEqual([200, count > 0 ? count : 1]);

    const second = await post(`/webhook/${route}`, body, headers);

    expect(second.status).toBe(200);
    expect(await second.json()).toMatchObject({
      message: 'Webhook processed before',
      matched: 0,
      created: 0,
    });
    expect(accepted).toHaveLength(count);
    expect(recent.list()[0]?.outcome[0]?.result).toBe('duplicate');
    expect(await metrics.registry.metrics()).toContain(`{sender="${route}",outcome="duplicate"} 1`);
  });

  it.each<[string, string, unknown, unknown]>([
    ['another name', 'gar', PUBSUB('7'), PUBSUB('8')],
    ['no name', 'distribution', envelope([undefined, '1']), envelope([undefined, '1'])],
    [
      'a name for only some',
      'distribution',
      envelope(['a', '1'], [undefined, '2']),
      envelope(['a', '1'], [undefined, '2']),
    ],
    ['the same name for another tag', 'cloudevents', EVENT, { ...EVENT, data: { ...EVENT.data, tag: '2' } }],
    ['the same name at another time', 'cloudevents', { ...EVENT, time: '2026-01-01T00:00:00Z' }, EVENT],
    [
      'the same name from another source',
      'cloudevents',
      EVENT,
      { ...EVENT, source: 'https://other.example.com' },
    ],
    ['a sender that gives none', 'generic', flat('1'), flat('1')],
  ])('is not told by %s', async (_name, route, first, second) => {
    const { post, accepted } = aServer();
    await post(`/webhook/${route}`, first);
    const count = accepted.length;
    await post(`/webhook/${route}`, second);

    expect(accepted.length).toBeGreaterThan(count);
  });

  it('is acted on where the first was not answered with 200', async () => {
    const outcomes = [{ ...DONE, unresolved: 1 }, DONE, DONE];
    const { post, accepted } = aServer({ accept: () => Promise.resolve(outcomes.shift() ?? DONE) });
    const statuses = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await post('/webhook/gar', PUBSUB('7'))).status);

    expect(statuses).toEqual([503, 200, 200]);
    expect(accepted).toHaveLength(2);
  });

  it('is looked at again where it concerned nobody, since it may now', async () => {
    const { post, accepted } = aServer({
      accept: () => Promise.resolve({ ...DONE, matched: 0, created: 0 }),
    });
    await post('/webhook/gar', PUBSUB('7'));
    await post('/webhook/gar', PUBSUB('7'));

    expect(accepted).toHaveLength(2);
  });
});

describe('the rate of one sender', () => {
  const limits = { pushesPerSecond: 1 };

  it('429 with Retry-After beyond it, for this sender alone, and 200 once it has filled again', async () => {
    const { post, clock, accepted, metrics } = aServer({ limits });
    for (let i = 0; i < 10; i += 1) expect((await post('/webhook/generic', flat(`1.${i}`))).status).toBe(200);

    const response = await post('/webhook/registry', flat('1.10'));

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(ProblemShape.parse(await response.json()).code).toBe('HW_RATE_LIMITED');
    expect(accepted).toHaveLength(10);
    expect(await metrics.registry.metrics()).toContain('{sender="generic",outcome="rate-limited"} 1');
    expect((await post('/webhook/distribution', envelope([undefined, '1']))).status).toBe(200);

    await clock.advance(1000);

    expect((await post('/webhook/generic', flat('1.10'))).status).toBe(200);
  });

  it('counts pushes, not bodies', async () => {
    const { post } = aServer({ limits });
    const many = Array.from({ length: 10 }, (_, i) => [undefined, `1.${i}`] as const);

    expect((await post('/webhook/distribution', envelope(...many))).status).toBe(200);
    expect((await post('/webhook/distribution', envelope([undefined, '2']))).status).toBe(429);
  });

  it('counts only what concerns somebody: whoever has no workloads here is never told to wait', async () => {
    const { post, accepted } = aServer({
      limits,
      concerns: ({ repository }) => repository.path === 'team/app',
    });
    for (let i = 0; i < 100; i += 1)
      expect((await post('/webhook/generic', flat('1', `${HOST}/other/app`))).status).toBe(200);
    for (let i = 0; i < 10; i += 1) await post('/webhook/generic', flat('1'));

    expect((await post('/webhook/generic', flat('1'))).status).toBe(429);
    expect((await post('/webhook/generic', flat('1', `${HOST}/other/app`))).status).toBe(200);
    expect((await post('/webhook/distribution', { events: [{ action: 'pull' }] })).status).toBe(200);
    expect(accepted).toHaveLength(111);
  });

  it('does not count what comes again', async () => {
    const { post } = aServer({ limits });
    for (let i = 0; i < 50; i += 1) expect((await post('/webhook/gar', PUBSUB('7'))).status).toBe(200);
  });

  it('may be without a limit', async () => {
    const { post } = aServer({ limits: { pushesPerSecond: 0 } });
    for (let i = 0; i < 50; i += 1) expect((await post('/webhook/generic', flat('1'))).status).toBe(200);
  });

  it('lets a burst of 5,000 through unless told otherwise', async () => {
    const { post } = aServer();
    const statuses = new Map<number, number>();
    for (let i = 0; i < 5001; i += 1) {
      const { status } = await post('/webhook/generic', flat('1'));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 200: 5000, 429: 1 });
  });
});

describe('what is written down about a delivery', () => {
  const STAY = {
    result: 'stay',
    message: 'policy: 1 is a lower version than 2',
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    artifact: 'app',
  } as const;

  it('who sent what when, how it was answered, and what came of it', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const { post, recent } = aServer({
      accept: () => Promise.resolve({ ...DONE, created: 0, results: [STAY] }),
    });
    await post('/webhook/registry', { ...flat('1'), digest });
    await post('/webhook/distribution', { events: [{ action: 'pull' }] });

    expect(recent.list()).toEqual([
      {
        receivedAt: '2026-01-01T00:00:00.000Z',
        sender: 'distribution',
        path: '/webhook/distribution',
        status: 200,
        signals: [],
        outcome: [{ result: 'ignored', message: 'events[0] is a "pull", not a push' }],
      },
      {
        receivedAt: '2026-01-01T00:00:00.000Z',
        sender: 'generic',
        path: '/webhook/registry',
        status: 200,
        signals: [{ kind: 'image', registry: HOST, repository: 'team/app', tag: '1', digest }],
        outcome: [STAY],
      },
    ]);
    for (const view of recent.list()) expect(WebhookDeliveryView.parse(view)).toEqual(view);
  });

  it('a line in the log for each', async () => {
    const { post, logRoot } = aServer({
      accept: () => Promise.resolve({ ...DONE, created: 0, results: [STAY] }),
    });
    await post('/webhook/generic', flat('1'));
    await post('/webhook/distribution', { events: [{ action: 'pull' }] });
    await post('/webhook/dockerhub', { hello: 1 });
    await post('/webhook/dockerhup', flat('1'));

    expect(logRoot.entries).toMatchObject([
      {
        level: 'info',
        message: 'webhook taken',
        fields: {
          sender: 'generic',
          path: '/webhook/generic',
          status: 200,
          outcome: 'accepted',
          tags: [`${HOST}/team/app:1`],
          matched: 1,
          created: 0,
          reasons: [STAY.message],
        },
      },
      {
        level: 'info',
        message: 'webhook taken',
        fields: { sender: 'distribution', outcome: 'ignored', signals: 0 },
      },
      {
        level: 'info',
        message: 'webhook refused',
        fields: { sender: 'dockerhub', status: 422, outcome: 'unexpected-shape' },
      },
      {
        level: 'info',
        message: 'webhook refused',
        fields: { sender: 'unknown', status: 404, outcome: 'not-found' },
      },
    ]);
  });

  it('but not for each of very many that concern nobody, which are counted instead', async () => {
    const { post, logRoot, clock } = aServer({
      accept: () => Promise.resolve({ ...DONE, matched: 0, created: 0 }),
    });
    for (let i = 0; i < 1500; i += 1) await post('/webhook/generic', flat('1'));
    expect(logRoot.entries).toHaveLength(1000);
    await clock.advance(1000);
    await post('/webhook/generic', flat('1'));

    expect(logRoot.entries.at(-1)?.fields).toMatchObject({ unlogged: 500 });
  });

  it('signals that were refused for now, too', async () => {
    const { post, recent } = aServer({ accept: () => Promise.reject(new Error('away')) });
    await post('/webhook/generic', flat('1'));

    expect(recent.list()).toMatchObject([
      { status: 503, signals: [{ tag: '1' }], outcome: [{ result: 'refused' }] },
    ]);
  });

  it('the last 200, each of bounded size', async () => {
    const message = 'x'.repeat(100_000);
    const results = Array.from({ length: 100 }, () => ({ ...STAY, message }));
    const { post, recent } = aServer({
      accept: () => Promise.resolve({ ...DONE, results }),
      limits: { pushesPerSecond: 0 },
    });
    const many = Array.from({ length: 500 }, (_, i) => [undefined, `1.${i}`] as const);
    for (let i = 0; i < 250; i += 1) await post(`/webhook/distribution/${'p'.repeat(i)}`, envelope(...many));
    await post('/webhook/generic', flat('the-last-one'));

    expect(recent.list()).toHaveLength(200);
    expect(recent.list()[0]?.signals[0]?.tag).toBe('the-last-one');
    for (const view of recent.list()) {
      expect(view.signals.length).toBeLessThanOrEqual(20);
      expect(view.outcome.length).toBeLessThanOrEqual(20);
      expect(JSON.stringify(view).length).toBeLessThan(20_000);
    }
  });
});
