import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { aNotification, aSlackTarget, aWebhookTarget, oneOfMany } from '../../test/parts/notifications.ts';
import { startScriptedServer, type Script, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { SlackPayload } from '../../test/parts/slack-schema.ts';
import { NOTIFICATION_EVENTS } from '../core/notification-event.ts';
import { systemClock } from '../system.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { tryOnce } from './delivery.ts';
import type { Notification } from './notification.ts';
import { createNotifier } from './notifier.ts';
import type { Target } from './target.ts';
import { createNotificationTransport } from './transport.ts';

const transport = createNotificationTransport({ clock: systemClock, userAgent: 'Headwind/1.2.3' });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(script: Script = (_, response) => response.end('ok')): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

function send(target: Target, notification: Notification = aNotification()) {
  return tryOnce({ target, notifications: [notification], transport, nowMs: 1_767_268_800_999 });
}

/** As it was published before there was anything that it could verify. */
const PROMISED_VERIFIER = `
import hmac
import hashlib

def verify_signature(secret, payload, signature):
    expected = hmac.new(
        secret.encode(),
        payload.encode(),
        hashlib.sha256
    ).hexdigest()
    return f"sha256={expected}" == signature
`;

/** What a Python function says about a body. */
function verify(verifier: string, given: object): string {
  const ask = `import sys, json
given = json.load(sys.stdin)
print(verify_signature(given["secret"], given["body"], given["signature"]))`;
  const options = { input: JSON.stringify(given), encoding: 'utf8' } as const;
  return execFileSync('python3', ['-c', `${verifier}\n${ask}`], options).trim();
}

describe('a generic webhook', () => {
  it('is the documented JSON', async () => {
    const server = await serve();
    expect(await send(aWebhookTarget({ url: `${server.url}/in` }))).toEqual({ outcome: 'delivered' });
    const [request] = server.requests;
    expect(JSON.parse(request?.body ?? '')).toEqual({
      event: 'update_request_created',
      timestamp: '2026-01-01T12:00:00Z',
      deployment: {
        name: 'nginx',
        namespace: 'production',
        currentImage: 'nginx:1.25.0',
        newImage: 'nginx:1.26.0',
        container: 'nginx',
        resourceKind: 'Deployment',
      },
      policy: 'minor',
      requiresApproval: true,
      approvalUrl: 'http://localhost:8081/api/v1/updates/production/nginx-update-1-26-0/approve',
      uiUrl: 'https://headwind.example.com/updates/production/nginx-update-1-26-0',
      updateRequestName: 'nginx-update-1-26-0',
    });
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Headwind/1.2.3',
      'x-headwind-event': 'update_request_created',
      'x-headwind-delivery': 'uid-1.update_request_created',
      'x-headwind-timestamp': '1767268800',
    });
    expect(request?.headers).not.toHaveProperty('x-headwind-signature');
  });

  it.each(NOTIFICATION_EVENTS)('names the kind and the person for %s', async (event) => {
    const server = await serve();
    const workload = { kind: 'StatefulSet', namespace: 'shop', name: 'db' };
    const told = { approvedBy: 'alice', rejectionReason: 'no', errorMessage: 'x', labels: { team: 'shop' } };
    await send(aWebhookTarget({ url: server.url }), aNotification({ event, workload, ...told }));
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({
      event,
      deployment: { resourceKind: 'StatefulSet' },
      approvedBy: 'alice',
      rejectionReason: 'no',
      errorMessage: 'x',
      metadata: { team: 'shop' },
    });
  });

  it.each(['your-secret-key', 'ключ 🔑', ' with spaces '])(
    'is signed so that the documented Python says True (%j)',
    async (secret) => {
      const server = await serve();
      await send(
        aWebhookTarget({ url: server.url, secret }),
        aNotification({ rejectionReason: 'ü "quoted" \u2028 🎉 </script>' }),
      );
      const [request] = server.requests;
      const signature = String(request?.headers['x-headwind-signature']);
      const body = request?.body ?? '';
      expect(signature).toBe(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
      const docs = await readFile(new URL('../../docs/notifications.md', import.meta.url), 'utf8');
      const snippet = /```python\n([^`]*def verify_signature[^`]*)```/.exec(docs)?.[1] ?? '';
      for (const verifier of [snippet, PROMISED_VERIFIER]) {
        expect(verify(verifier, { secret, body, signature })).toBe('True');
        expect(verify(verifier, { secret, body: `${body} `, signature })).toBe('False');
        expect(verify(verifier, { secret: `${secret}x`, body, signature })).toBe('False');
      }
    },
  );
});

describe('a verdict', () => {
  const url = '/services/T0/B0/hunter2';

  it.each([
    [200, 'ok', 'delivered'],
    [202, '', 'delivered'],
    [204, '', 'delivered'],
    [408, '', 'later'],
    [425, '', 'later'],
    [429, '', 'later'],
    [500, 'rollup_error', 'later'],
    [502, '', 'later'],
    [503, '', 'later'],
    [301, '', 'refused'],
    [400, 'invalid_blocks', 'refused'],
    [401, '', 'refused'],
    [403, 'action_prohibited', 'refused'],
    [404, 'no_service', 'refused'],
    [410, 'channel_is_archived', 'refused'],
    [422, '', 'refused'],
  ])('on %d %j is %s', async (status, text, outcome) => {
    const server = await serve((_, response) => response.writeHead(status).end(text));
    const verdict = await send(aSlackTarget({ url: `${server.url}${url}` }));
    const reason = verdict.outcome === 'delivered' ? text : verdict.reason;
    expect({ outcome: verdict.outcome, reason }).toEqual({ outcome, reason: expect.stringContaining(text) });
  });

  it.each([
    ['repeats the address', (request: string) => `cannot POST ${request}`],
    ['speaks at length', () => 'x'.repeat(10_000)],
    ['steers the terminal', () => '\u001b[2J\u202Eevil\r\nSet-Cookie: x'],
  ])('quotes a receiver that %s with care', async (_, say) => {
    const server = await serve((request, response) => response.writeHead(400).end(say(request.url)));
    const verdict = await send(aSlackTarget({ url: `${server.url}${url}?token=hunter2` }));
    const reason = verdict.outcome === 'delivered' ? '' : verdict.reason;
    expect(reason).not.toContain('hunter2');
    expect(reason.length).toBeLessThan(260);
    expect(reason).toMatch(/^127\.0\.0\.1:\d+ answered 400: [^\p{C}]*$/u);
  });

  it('on an address where nothing is sent is a refusal that says what would allow it', async () => {
    const verdict = await send(aWebhookTarget({ url: 'http://169.254.169.254/latest/hunter2' }));
    expect(verdict).toEqual({
      outcome: 'refused',
      reason:
        '169.254.169.254 is at a link-local or metadata address, where Headwind sends nothing (HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL)',
      isAboutMessage: false,
    });
  });
});

describe('a burst', () => {
  it('reaches a real server, at most one message a second, and all of it', async () => {
    const arrivals: number[] = [];
    const server = await serve((_, response) => {
      arrivals.push(performance.now());
      response.end('ok');
    });
    const target = aSlackTarget({ url: server.url });
    const log = createRecordingLog().target('test');
    const notifier = createNotifier({
      targets: [target],
      transport,
      clock: systemClock,
      random: Math.random,
      log,
    });
    cleanups.push(() => notifier.stop());
    const fates = await Promise.all(
      Array.from({ length: 100 }, (_, index) => notifier.deliver(oneOfMany(index), 'slack')),
    );
    expect(new Set(fates)).toEqual(new Set(['delivered']));
    const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(990);
    const bodies = server.requests.map(({ body }) => JSON.stringify(SlackPayload.parse(JSON.parse(body))));
    const named = [...bodies.join('').matchAll(/shop\/(app-\d+) /g)].map(([, name]) => name);
    expect(new Set(named).size).toBe(100);
  });

  it('waits for a real server that comes back', async () => {
    let isUp = false;
    const server = await serve((_, response) => response.writeHead(isUp ? 200 : 503).end());
    const target = aWebhookTarget({ url: server.url });
    const log = createRecordingLog().target('test');
    const notifier = createNotifier({
      targets: [target],
      transport,
      clock: systemClock,
      random: () => 1,
      log,
    });
    cleanups.push(() => notifier.stop());
    const delivery = notifier.deliver(aNotification(), 'webhook');
    await eventually(() => server.requests.length >= 2, { what: 'a second try' });
    isUp = true;
    expect(await delivery).toBe('delivered');
  });
});
