import { describe, expect, it } from 'vitest';
import { SAMPLE_HOSTS, WEBHOOK_SAMPLES } from '../../test/parts/webhook-samples.ts';
import { signalText } from '../../test/parts/webhook-reading.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { createWebhookApp } from './webhook-server.ts';

function aServer(hosts: ReadonlyMap<string, string> = SAMPLE_HOSTS) {
  const accepted: string[] = [];
  const report = { ok: true, checks: [] };
  const app = createWebhookApp({
    senders: WEBHOOK_SENDERS,
    hostOf: (sender) => hosts.get(sender),
    accept: (signals) => {
      accepted.push(...signals.map((signal) => signalText(signal)));
      return Promise.resolve({ matched: 0, created: 0, unresolved: 0 });
    },
    health: { live: () => report, ready: () => report },
    metrics: createMetrics(),
    log: createRecordingLog().target('headwind::webhook'),
    clock: new FakeClock(),
  });
  const post = async (
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
  ) => app.request(path, { method: 'POST', headers, body });
  return { app, post, accepted };
}

const GITEA = {
  action: 'created',
  package: {
    type: 'container',
    name: 'app',
    version: '1.0+ä',
    owner: { login: 'team' },
    html_url: 'https://git.example.com/team/-/packages/container/app/1.0',
  },
};
const FORM = 'application/x-www-form-urlencoded';

describe('every sample, over HTTP', () => {
  it.each(WEBHOOK_SAMPLES)('$name', async ({ sender, headers, body, signals }) => {
    for (const route of ['registry', sender]) {
      const { post, accepted } = aServer();
      const json = { 'content-type': 'application/json', ...headers };

      const response = await post(`/webhook/${route}`, JSON.stringify(body), json);

      expect(response.status).toBe(200);
      expect(accepted).toEqual(signals);
    }
  });
});

describe('forms, as Gitea and GitHub can send them', () => {
  const encode = (value: unknown): string =>
    new URLSearchParams({ payload: JSON.stringify(value) }).toString();
  const tagged = { ...GITEA, package: { ...GITEA.package, version: '1.0' } };

  it.each([
    ['the field alone', encode(tagged), 200, 1],
    ['a field before it', `a=1&${encode(tagged)}`, 200, 1],
    ['a tag that is none', encode(GITEA), 200, 0],
    ['no such field', 'a=1', 415, 0],
    ['nothing', '', 415, 0],
    ['a field that is no JSON', 'payload=%7B', 400, 0],
    ['a field that is no UTF-8', 'payload=%22%ff%22', 400, 0],
    ['JSON that is no form', JSON.stringify(tagged), 415, 0],
  ])('%s', async (_name, body, status, count) => {
    const { post, accepted } = aServer();
    const headers = { 'content-type': `${FORM}; charset=utf-8`, 'x-gitea-event': 'package' };

    expect((await post('/webhook/gitea', body, headers)).status).toBe(status);
    expect(accepted).toHaveLength(count);
  });
});

describe('Pub/Sub, which declares no content type for an unwrapped message', () => {
  const bytes = new TextEncoder().encode('{"action":"INSERT","tag":"gcr.io/project/app:1.0"}');

  it.each([
    ['none', {}, 200],
    ['octets', { 'content-type': 'application/octet-stream' }, 200],
    ['text', { 'content-type': 'text/plain' }, 200],
    ['a form', { 'content-type': FORM }, 415],
  ])('on its own path: %s', async (_name, headers, status) => {
    const { post, accepted } = aServer();

    expect((await post('/webhook/gar', bytes, headers)).status).toBe(status);
    expect(accepted).toEqual(status === 200 ? ['image gcr.io/project/app:1.0'] : []);
  });

  it('on no other', async () => {
    const { post } = aServer();

    expect((await post('/webhook/registry', bytes, {})).status).toBe(415);
    expect((await post('/webhook/generic', bytes, {})).status).toBe(415);
  });
});

describe('handshakes of Event Grid', () => {
  it.each(['/webhook/acr', '/webhook/registry'])(
    '%s echoes the validation code and nothing else',
    async (path) => {
      const { post, accepted } = aServer();
      const body = [
        {
          eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
          data: { validationCode: '512d38b6', validationUrl: 'https://attacker.example.com/' },
        },
      ];

      const response = await post(path, JSON.stringify(body), {
        'content-type': 'application/json; charset=utf-8',
        'aeg-event-type': 'SubscriptionValidation',
      });

      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ validationResponse: '512d38b6' });
      expect(accepted).toEqual([]);
    },
  );

  it('grants the origin that asks by OPTIONS', async () => {
    const { app } = aServer();
    const response = await app.request('/webhook/acr', {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get('webhook-allowed-origin')).toBe('eventgrid.azure.net');
    expect(response.headers.get('webhook-allowed-rate')).toBe('*');
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it.each(['https://a.example.com/', 'a b', 'x'.repeat(300), ''])(
    'does not repeat the origin %s',
    async (origin) => {
      const { app } = aServer();
      const response = await app.request('/webhook/acr', {
        method: 'OPTIONS',
        headers: { 'webhook-request-origin': origin },
      });

      expect(response.status).toBe(204);
      expect(response.headers.get('webhook-allowed-origin')).toBeNull();
    },
  );
});

describe('a sender whose host is not configured', () => {
  it('is answered 200, with the reason and what to configure', async () => {
    const { post, accepted } = aServer(new Map());
    const body = {
      repositoryName: 'r',
      action: 'CREATED',
      component: { format: 'docker', name: 'app', version: '1' },
    };

    const response = await post('/webhook/nexus', JSON.stringify(body), {
      'content-type': 'application/json',
    });

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      signals: 0,
      reasons: ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="nexus=<host>"'],
    });
    expect(accepted).toEqual([]);
  });
});
