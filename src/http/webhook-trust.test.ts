import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { WEBHOOK_SAMPLES, SAMPLE_HOSTS } from '../../test/parts/webhook-samples.ts';
import { SIGNATURE_VECTORS } from '../../test/parts/webhook-signatures.ts';
import { secretsWithoutFile, type WebhookSecrets } from '../config/webhook-secrets.ts';
import type { Signal } from '../core/signal.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createAuthenticity } from '../triggers/webhook/authenticity.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { ProblemShape } from './api-shapes.ts';
import { createRecentWebhooks } from './recent-webhooks.ts';
import { createWebhookApp } from './webhook-server.ts';

const SECRET = 'mysupersecrettoken';

function aServer(own: Readonly<Record<string, readonly string[]>>, common: readonly string[] = []) {
  const secrets: WebhookSecrets = { ...secretsWithoutFile(), common, own: new Map(Object.entries(own)) };
  const clock = new FakeClock();
  const metrics = createMetrics();
  const logRoot = createRecordingLog();
  const recent = createRecentWebhooks();
  const accepted: Signal[] = [];
  const report = { ok: true, checks: [] };
  const app = createWebhookApp({
    senders: WEBHOOK_SENDERS,
    hostOf: (sender) => SAMPLE_HOSTS.get(sender),
    authenticity: createAuthenticity({ senders: WEBHOOK_SENDERS, secrets: () => secrets, clock }),
    accept: (signals) => {
      accepted.push(...signals);
      return Promise.resolve({ matched: 0, created: 0, unresolved: 0 });
    },
    recentWebhooks: recent,
    health: { live: () => report, ready: () => report },
    metrics,
    log: logRoot.target('headwind::webhook'),
    clock,
  });
  const post = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
    app.request(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  return { app, post, accepted, metrics, recent, logRoot };
}

const FLAT = JSON.stringify({ repository: 'reg.example.com/team/app', tag: '1' });
const PUSH = JSON.stringify({
  events: [
    {
      action: 'push',
      target: { repository: 'team/app', tag: '1', url: 'https://reg.example.com/v2/' },
    },
  ],
});

describe('signed bodies, over HTTP', () => {
  const signed = SIGNATURE_VECTORS.filter(({ body }) => body.startsWith('{'));

  it.each(signed)('$name: taken on its own path and on /webhook/registry', async (vector) => {
    const { sender, header, secret, body, value } = vector;
    for (const route of [sender, 'registry']) {
      const { post, accepted } = aServer({ [sender]: ['the-next-one', secret] });
      const headers = { [header]: value };

      expect((await post(`/webhook/${route}`, body, headers)).status).toBe(200);
      expect(accepted.map((signal) => signal.sender)).toEqual([sender]);
    }
  });

  it.each(signed)(
    '$name: 401 and nothing done where the secret, the body or the signature is another',
    async (vector) => {
      const { sender, header, secret, body, value } = vector;
      const wrong = value.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
      for (const route of [sender, 'registry']) {
        for (const [secrets, sent, shown] of [
          [['another'], body, value],
          [[secret], `${body} `, value === secret ? wrong : value.replace(/^[0-9a-f]{40}$/, '0'.repeat(40))],
          [[secret], body, wrong],
          [[secret], body, ''],
        ] as const) {
          const { post, accepted, metrics, recent } = aServer({ [sender]: secrets });
          const response = await post(`/webhook/${route}`, sent, { [header]: shown });

          expect([response.status, accepted]).toEqual([401, []]);
          expect(ProblemShape.parse(await response.json())).toMatchObject({
            code: 'HW_NOT_PROVEN',
            status: 401,
          });
          expect(await metrics.registry.metrics()).toContain(
            `headwind_webhook_requests_total{sender="${sender}",outcome="not-proven"} 1`,
          );
          expect(recent.list()).toMatchObject([
            { sender, status: 401, signals: [], outcome: [{ result: 'refused' }] },
          ]);
        }
      }
    },
  );

  it('GitHub as a form: the signature is that of the form', async () => {
    const sample = WEBHOOK_SAMPLES.find(({ sender }) => sender === 'ghcr');
    const body = `payload=${encodeURIComponent(JSON.stringify(sample?.body))}`;
    const value = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
    const form = { ...sample?.headers, 'content-type': 'application/x-www-form-urlencoded' };
    const { post } = aServer({ ghcr: [SECRET] });

    expect((await post('/webhook/ghcr', body, { ...form, 'x-hub-signature-256': value })).status).toBe(200);
    expect(
      (await post('/webhook/ghcr', `${body}&a=1`, { ...form, 'x-hub-signature-256': value })).status,
    ).toBe(401);
  });
});

describe('every sample, where everybody has a secret', () => {
  it.each(WEBHOOK_SAMPLES)('$name: by the end of the path', async ({ sender, headers, body, signals }) => {
    const { 'x-hub-signature-256': _hub, 'x-gitea-signature': _gitea, ...rest } = headers ?? {};
    const { 'x-jfrog-event-auth': _jfrog, 'x-nexus-webhook-signature': _nexus, ...plain } = rest;
    const text = JSON.stringify(body);
    for (const route of [sender, 'registry']) {
      const { post, accepted } = aServer({}, [SECRET]);

      expect((await post(`/webhook/${route}/${SECRET}`, text, plain)).status).toBe(200);
      expect(accepted).toHaveLength(signals.length);
    }
    for (const path of [
      `/webhook/${sender}`,
      `/webhook/${sender}/x`,
      '/webhook/registry',
      '/webhook/registry/x',
    ]) {
      const { post, accepted } = aServer({}, [SECRET]);

      expect((await post(path, text, plain)).status).toBe(401);
      expect(accepted).toEqual([]);
    }
  });
});

describe('a body cannot choose the rule that it is judged by', () => {
  const headers = { authorization: `Bearer ${SECRET}` };

  it.each([
    ['the form of a sender without a secret', FLAT, {}],
    ['that, with the secret of another', FLAT, headers],
    ['a header that makes it somebody else’s', PUSH, { 'x-github-event': 'package', ...headers }],
    ['members of several senders', JSON.stringify({ ...JSON.parse(PUSH), ...JSON.parse(FLAT) }), {}],
    ['a push without proof', PUSH, {}],
  ])('/webhook/registry refuses %s', async (_name, body, sent) => {
    const { post, accepted } = aServer({ distribution: [SECRET] });

    expect((await post('/webhook/registry', body, sent)).status).toBe(401);
    expect(accepted).toEqual([]);
  });

  it('/webhook/registry takes what proves itself by its own rule', async () => {
    const { post } = aServer({ distribution: [SECRET] });

    expect((await post('/webhook/registry', PUSH, headers)).status).toBe(200);
  });

  it('who has no secret is taken on its own path, and is told so', async () => {
    const { post } = aServer({ distribution: [SECRET] });
    const refused = await post('/webhook/registry', FLAT);

    expect(ProblemShape.parse(await refused.json()).detail).toContain('/webhook/generic only');
    expect((await post('/webhook/generic', FLAT)).status).toBe(200);
  });

  it('an own path takes no other sender’s proof', async () => {
    const { post } = aServer({ distribution: [SECRET], generic: ['the-secret-of-scripts'] });

    expect((await post('/webhook/generic', FLAT, headers)).status).toBe(401);
    expect((await post('/webhook/distribution', PUSH, headers)).status).toBe(200);
  });
});

describe('what is refused', () => {
  it('is not looked into: a body that is no JSON is refused for its proof', async () => {
    const { post } = aServer({ ghcr: [SECRET] });

    expect((await post('/webhook/ghcr', '{')).status).toBe(401);
    expect((await post('/webhook/generic', '{')).status).toBe(400);
  });

  it('is told how to ask, where there is a scheme for it', async () => {
    const { post } = aServer({ harbor: [SECRET], ghcr: [SECRET] });

    expect((await post('/webhook/harbor', '{}')).headers.get('www-authenticate')).toBe(
      'Bearer realm="headwind", Basic realm="headwind"',
    );
    expect((await post('/webhook/ghcr', '{}')).headers.get('www-authenticate')).toBeNull();
  });

  it('shows no secret: not in the answer, the log or the list', async () => {
    const { post, recent, logRoot, metrics } = aServer({ generic: [SECRET] });
    const path = `/webhook/generic/wrong-${SECRET}?secret=also-${SECRET}`;
    const answers = [
      await post(path, FLAT, { authorization: `Bearer third-${SECRET}` }),
      await post(`/webhook/generic/${SECRET}`, FLAT),
      await post(`/webhook/generic/${SECRET}`, '{'),
      await post(`/webhook/nobody/${SECRET}`, FLAT),
    ];
    const said = [
      ...(await Promise.all(answers.map(async (answer) => answer.text()))),
      JSON.stringify(recent.list()),
      JSON.stringify(logRoot.entries),
      await metrics.registry.metrics(),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 200, 400, 404]);
    expect(said.join('\n')).not.toContain(SECRET);
  });

  it('does not use up the rate of those who prove themselves', async () => {
    const { post, accepted } = aServer({ generic: [SECRET] });
    for (let i = 0; i < 6000; i += 1) await post('/webhook/generic', FLAT);

    expect((await post('/webhook/generic', FLAT, { authorization: SECRET })).status).toBe(200);
    expect(accepted).toHaveLength(1);
  });
});
