import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Signal } from '../core/signal.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { ProblemShape } from './api-shapes.ts';
import { createWebhookApp, type WebhookLimits } from './webhook-server.ts';
import type { AcceptOutcome } from './webhook-settlement.ts';

const DONE: AcceptOutcome = { matched: 2, created: 1, unresolved: 0 };
const HUB = { push_data: { tag: 'v1.2.3' }, repository: { repo_name: 'myimage' } };
const EVENTS = {
  events: [
    {
      action: 'push',
      target: {
        repository: 'team/app',
        tag: '1.2.3',
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
      },
      request: { host: 'registry.example.com' },
    },
  ],
};

function aServer(
  options: {
    accept?: (signals: readonly Signal[]) => Promise<AcceptOutcome>;
    limits?: Partial<WebhookLimits>;
    alive?: boolean;
  } = {},
) {
  const metrics = createMetrics();
  const logRoot = createRecordingLog();
  const clock = new FakeClock();
  const accepted: Signal[] = [];
  const accept =
    options.accept ??
    ((signals: readonly Signal[]) => {
      accepted.push(...signals);
      return Promise.resolve(DONE);
    });
  const report = { ok: options.alive ?? true, checks: [{ name: 'caches', ok: options.alive ?? true }] };
  const app = createWebhookApp({
    senders: WEBHOOK_SENDERS,
    accept,
    health: { live: () => report, ready: () => report },
    metrics,
    log: logRoot.target('headwind::webhook'),
    clock,
    limits: options.limits ?? {},
  });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
  return { app, post, accepted, clock, metrics, logRoot };
}

async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const body = ProblemShape.parse(await response.json());
  expect(body.status).toBe(response.status);
  expect(body.error).toBe(body.detail);
  return body;
}

describe('webhooks that are understood', () => {
  it.each([
    ['/webhook/dockerhub', HUB, 'dockerhub', 'docker.io'],
    ['/webhook/registry', HUB, 'dockerhub', 'docker.io'],
    ['/webhook/registry', EVENTS, 'distribution', 'registry.example.com'],
    ['/webhook/distribution', EVENTS, 'distribution', 'registry.example.com'],
    ['/webhook/gitlab', EVENTS, 'gitlab', 'registry.example.com'],
    ['/webhook/generic', { repository: 'reg.example.com/app', tag: '1' }, 'generic', 'reg.example.com'],
    ['/webhook/registry', { repository: 'reg.example.com/app', tag: '1' }, 'generic', 'reg.example.com'],
  ])('%s hands over the signal of %j', async (path, body, sender, host) => {
    const { post, accepted } = aServer();

    const response = await post(path, body);

    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'accepted',
      message: 'Webhook processed',
      signals: 1,
      matched: 2,
      created: 1,
      ignored: 0,
    });
    expect(accepted.map((signal) => [signal.sender, signal.repository.host])).toEqual([[sender, host]]);
  });

  it.each([
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.docker.distribution.events.v1+json',
    'application/vnd.docker.distribution.events.v2+json',
    'application/cloudevents+json;charset=UTF-8',
  ])('takes the content type %s', async (type) => {
    const { post } = aServer();

    expect((await post('/webhook/registry', EVENTS, { 'content-type': type })).status).toBe(200);
  });

  it('answers only after the pipeline has made it durable', async () => {
    const { promise, resolve } = Promise.withResolvers<AcceptOutcome>();
    const { post, clock } = aServer({ accept: () => promise });
    let answered = false;
    const response = post('/webhook/dockerhub', HUB).then((answer) => {
      answered = true;
      return answer;
    });
    await clock.advance(1000);

    expect(answered).toBe(false);

    resolve(DONE);

    expect((await response).status).toBe(200);
    expect(clock.pending).toBe(0);
  });

  it('answers 200 to what is no news, says why, and asks nobody', async () => {
    const { post, accepted } = aServer();

    const response = await post('/webhook/registry', { events: [{ action: 'pull' }, { action: 'delete' }] });

    expect(await response.json()).toMatchObject({
      signals: 0,
      ignored: 2,
      reasons: ['events[0] is a "pull", not a push', 'events[1] is a "delete", not a push'],
    });
    expect(accepted).toEqual([]);
  });

  it('hands over all signals of a body at once', async () => {
    const { post, accepted } = aServer();
    const [event] = EVENTS.events;
    const events = ['1.0.0', '1.0.1', '1.0.2'].map((tag) => ({
      ...event,
      target: { ...event?.target, tag },
    }));

    await post('/webhook/registry', { events });

    expect(accepted.map(({ tag }) => tag)).toEqual(['1.0.0', '1.0.1', '1.0.2']);
  });

  it.each(['registry', 'dockerhub', 'harbor'])(
    'counts from zero what %s may send, so that the first one is an increase',
    async (sender) => {
      const text = await aServer().metrics.registry.metrics();

      for (const outcome of ['accepted', 'ignored', 'not-proven', 'not-durable'])
        expect(text).toContain(
          `headwind_webhook_requests_total{sender="${sender}",outcome="${outcome}"} 0\n`,
        );
    },
  );

  it('counts events, requests and refusals', async () => {
    const { post, metrics } = aServer();
    await post('/webhook/registry', EVENTS);
    await post('/webhook/registry', { events: [] });
    await post('/webhook/dockerhub', '{');
    const text = await metrics.registry.metrics();

    expect(text).toContain('headwind_webhook_events_total 1');
    expect(text).toContain('headwind_webhook_requests_total{sender="distribution",outcome="accepted"} 1');
    expect(text).toContain('headwind_webhook_requests_total{sender="distribution",outcome="ignored"} 1');
    expect(text).toContain('headwind_webhook_requests_total{sender="dockerhub",outcome="bad-json"} 1');
    expect(text).toContain('headwind_http_rejected_total{server="webhook",reason="bad-json"} 1');
  });
});

describe('webhooks that cannot be made durable', () => {
  it.each([
    ['the pipeline fails', () => Promise.reject(new Error('the API server is away'))],
    [
      'the pipeline throws',
      () => {
        throw new Error('oh');
      },
    ],
    ['something stays unresolved', () => Promise.resolve({ ...DONE, unresolved: 1 })],
  ])('503 with Retry-After when %s', async (_name, accept) => {
    const { post } = aServer({ accept });

    const response = await post('/webhook/registry', EVENTS);

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect((await problemOf(response)).code).toBe('HW_NOT_DURABLE');
  });

  it('does not tell the sender what went wrong inside', async () => {
    const { post } = aServer({ accept: () => Promise.reject(new Error('token abc123 refused')) });

    expect(await (await post('/webhook/registry', EVENTS)).text()).not.toContain('abc123');
  });

  it('503 when the pipeline does not come back, which still counts as work until it does', async () => {
    const { promise, resolve } = Promise.withResolvers<AcceptOutcome>();
    const { post, clock } = aServer({
      accept: () => promise,
      limits: { maxRequests: 1, acceptTimeoutMs: 1000 },
    });
    const first = post('/webhook/registry', EVENTS);
    await clock.advance(1000);

    expect((await first).status).toBe(503);
    expect((await post('/webhook/registry', EVENTS)).status).toBe(429);

    resolve(DONE);
    await clock.advance(1);

    expect((await post('/webhook/registry', EVENTS)).status).toBe(200);
  });

  it('survives a pipeline that fails after the answer', async () => {
    const { promise, reject } = Promise.withResolvers<AcceptOutcome>();
    const { post, clock } = aServer({ accept: () => promise, limits: { acceptTimeoutMs: 1000 } });
    const first = post('/webhook/registry', EVENTS);
    await clock.advance(1000);
    reject(new Error('too late'));
    await clock.advance(1);

    expect((await first).status).toBe(503);
  });
});

describe('rubbish', () => {
  const deep = '['.repeat(100_000);
  const closed = `${deep}${']'.repeat(100_000)}`;
  const nested = `{"events":${'[{"a":'.repeat(33)}1${'}]'.repeat(33)}}`;

  it.each([
    ['nothing', '', 400, 'HW_BAD_JSON'],
    ['not JSON', 'hello', 400, 'HW_BAD_JSON'],
    ['JSON that breaks off', '{"events":[', 400, 'HW_BAD_JSON'],
    ['two values', '{}{}', 400, 'HW_BAD_JSON'],
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 400, 'HW_BAD_JSON'],
    ['100,000 brackets', deep, 400, 'HW_BODY_TOO_DEEP'],
    ['100,000 brackets, closed', closed, 400, 'HW_BODY_TOO_DEEP'],
    ['100,000 objects', '{"a":'.repeat(100_000), 400, 'HW_BODY_TOO_DEEP'],
    ['objects and arrays in turn', nested, 400, 'HW_BODY_TOO_DEEP'],
    ['null', 'null', 422, 'HW_UNEXPECTED_SHAPE'],
    ['a list', '[]', 422, 'HW_UNEXPECTED_SHAPE'],
    ['a number', '1e999', 422, 'HW_UNEXPECTED_SHAPE'],
    ['an empty object', '{}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['events of the wrong type', '{"events":{"length":5}}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['only events that cannot be read', '{"events":[1,"x",null,[]]}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['a missing tag', '{"repository":"team/app"}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['__proto__', '{"__proto__":{"events":[]}}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['constructor', '{"constructor":{"prototype":{"events":[]}}}', 422, 'HW_UNEXPECTED_SHAPE'],
    ['ten megabytes', ' '.repeat(10 * 1024 * 1024), 413, 'HW_BODY_TOO_LARGE'],
    ['one byte too many', `"${'x'.repeat(1024 * 1024 - 1)}"`, 413, 'HW_BODY_TOO_LARGE'],
    ['a whole megabyte of something else', `"${'x'.repeat(1024 * 1024 - 2)}"`, 422, 'HW_UNEXPECTED_SHAPE'],
    ['half a million entries', `{"events":[${'0,'.repeat(500_000)}0]}`, 422, 'HW_UNEXPECTED_SHAPE'],
  ])('%s', async (_name, body, status, code) => {
    const { post, accepted } = aServer();

    const response = await post('/webhook/registry', body);

    expect((await problemOf(response)).code).toBe(code);
    expect(response.status).toBe(status);
    expect(accepted).toEqual([]);
  });

  it('leaves every prototype as it was', async () => {
    const { post } = aServer();
    await post(
      '/webhook/registry',
      '{"__proto__":{"polluted":1},"events":[{"__proto__":{"action":"push"}}]}',
    );

    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('says where the JSON breaks', async () => {
    const { post } = aServer();
    const { detail } = await problemOf(await post('/webhook/registry', '{\n  "events": [,]\n}'));

    expect(detail).toBe('The body is not JSON at position 15 (line 2, column 14).');
  });

  it.each([
    ['/webhook/registry', '{"hello":1}', /no known sender \(gitea, .*, generic\); expected \{"repository":/],
    [
      '/webhook/dockerhub',
      '{"events":[]}',
      /push_data\.tag and repository\.repo_name must be strings; expected \{"push_data"/,
    ],
    ['/webhook/distribution', '{"push_data":{}}', /events must be an array; expected \{"events"/],
    ['/webhook/generic', '{"repository":{}}', /repository and tag must be strings; expected \{"repository"/],
  ])('%s says what it expected instead of %s', async (path, body, expected) => {
    const { post } = aServer();

    expect((await problemOf(await post(path, body))).detail).toMatch(expected);
  });

  it.each([
    ['text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['something that only ends in json', { 'content-type': 'text/json' }],
    ['something that only starts like json', { 'content-type': 'application/jsonish' }],
    ['a compressed body', { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('415 for %s', async (_name, headers) => {
    const { post } = aServer();
    const response = await post('/webhook/registry', EVENTS, headers);

    expect(response.status).toBe(415);
    expect((await problemOf(response)).code).toBe('HW_UNSUPPORTED_MEDIA_TYPE');
  });

  it('415 without a content type', async () => {
    const { app } = aServer();
    const body = new TextEncoder().encode(JSON.stringify(EVENTS));

    expect((await app.request('/webhook/registry', { method: 'POST', body })).status).toBe(415);
  });

  it('stays as it was after 2,000 pieces of it', async () => {
    const { post } = aServer({ limits: { maxRequests: 4 } });
    for (let i = 0; i < 500; i += 1) {
      const answers = await Promise.all(
        ['{', '{}', '[[[[', 'null'].map((body) => post('/webhook/registry', body)),
      );
      expect(answers.every(({ status }) => status === 400 || status === 422)).toBe(true);
    }

    expect((await post('/webhook/registry', EVENTS)).status).toBe(200);
  });
});

describe('too much at once', () => {
  it('429 with Retry-After beyond the number of requests in work', async () => {
    const { promise, resolve } = Promise.withResolvers<AcceptOutcome>();
    const { post } = aServer({ accept: () => promise, limits: { maxRequests: 2 } });
    const inWork = [post('/webhook/registry', EVENTS), post('/webhook/registry', EVENTS)];

    const response = await post('/webhook/registry', EVENTS);

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await problemOf(response)).code).toBe('HW_BUSY');

    resolve(DONE);

    expect((await Promise.all(inWork)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('429 beyond the bytes in work', async () => {
    const { promise, resolve } = Promise.withResolvers<AcceptOutcome>();
    const bytes = JSON.stringify(EVENTS).length;
    const { post, clock } = aServer({ accept: () => promise, limits: { maxBytes: bytes + 10 } });
    const first = post('/webhook/registry', EVENTS);
    await clock.advance(1);

    expect((await post('/webhook/registry', EVENTS)).status).toBe(429);

    resolve(DONE);

    expect((await first).status).toBe(200);
    expect((await post('/webhook/registry', EVENTS)).status).toBe(200);
  });
});

describe('routes', () => {
  it.each([
    ['GET', '/webhook/registry', 405, 'POST, OPTIONS'],
    ['PUT', '/webhook/dockerhub', 405, 'POST, OPTIONS'],
    ['HEAD', '/webhook/dockerhub', 405, 'POST, OPTIONS'],
    ['POST', '/health', 405, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '/webhook/registry', 204, 'POST, OPTIONS'],
    ['HEAD', '/health', 200, null],
    ['POST', '/webhook/nobody', 404, null],
    ['POST', '/', 404, null],
    ['GET', '/webhook', 404, null],
  ])('%s %s: %i', async (method, path, status, allow) => {
    const { app } = aServer();
    const response = await app.request(path, { method });

    expect(response.status).toBe(status);
    expect(response.headers.get('allow')).toBe(allow);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it.each([
    ['JSON by default', undefined, true, 200, '"status":"healthy"'],
    ['JSON for a browser', 'text/html,*/*;q=0.8', true, 200, '"status":"healthy"'],
    ['text for those who ask for it', 'text/plain', true, 200, 'OK'],
    [
      'JSON where both are welcome and JSON more so',
      'text/plain;q=0.5, application/json',
      true,
      200,
      '"status":"healthy"',
    ],
    ['503 when it is not alive', undefined, false, 503, '"status":"unhealthy"'],
    ['503 as text', 'text/plain', false, 503, 'Not OK\ncaches'],
  ])('/health answers %s', async (...[, accept, alive, status, text]) => {
    const { app } = aServer({ alive });
    const response = await app.request('/health', { headers: accept === undefined ? {} : { accept } });

    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
  });
});
