import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aNotification, hostileNotification } from '../../test/parts/notifications.ts';
import { controlsIn, mrkdwnOf, SlackPayload } from '../../test/parts/slack-schema.ts';
import {
  readSlackInteraction,
  renderSlackDecision,
  renderSlackRefusal,
  verifySlackDelivery,
} from './slack-interaction.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const NOW = 1_531_420_618_000;

function signed(body: string, { secret = SECRET, atMs = NOW } = {}) {
  const timestamp = String(Math.floor(atMs / 1000));
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return { timestamp, signature: `v0=${mac}`, body: Buffer.from(body) };
}

describe('verifySlackDelivery', () => {
  it('believes the example of the documentation', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const delivery = {
      timestamp: '1531420618',
      signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      body: Buffer.from(body),
    };
    expect(verifySlackDelivery(delivery, [SECRET], NOW)).toEqual({ ok: true, value: undefined });
    expect(verifySlackDelivery(delivery, ['another', SECRET], NOW).ok).toBe(true);
  });

  it.each([
    ['another secret', signed('a=b', { secret: 'other' })],
    ['another body', { ...signed('a=b'), body: Buffer.from('a=c') }],
    ['another time', { ...signed('a=b'), timestamp: String(NOW / 1000 + 1) }],
    ['no signature', { ...signed('a=b'), signature: undefined }],
    ['no time', { ...signed('a=b'), timestamp: undefined }],
    ['half a signature', { ...signed('a=b'), signature: 'v0=abcd' }],
    [
      'a signature of another version',
      { ...signed('a=b'), signature: signed('a=b').signature.replace('v0', 'v1') },
    ],
    ['a time that is none', { ...signed('a=b'), timestamp: 'now' }],
    ['what was sent more than five minutes ago', signed('a=b', { atMs: NOW - 301_000 })],
    ['what comes from the future', signed('a=b', { atMs: NOW + 301_000 })],
  ])('does not believe %s', (_, delivery) => {
    expect(verifySlackDelivery(delivery, [SECRET], NOW).ok).toBe(false);
  });

  it('believes nobody without a secret', () => {
    expect(verifySlackDelivery(signed('a=b'), [], NOW).ok).toBe(false);
  });

  it('believes what is five minutes old', () => {
    expect(verifySlackDelivery(signed('a=b', { atMs: NOW - 300_000 }), [SECRET], NOW).ok).toBe(true);
  });
});

const PAYLOAD = {
  type: 'block_actions',
  user: { id: 'U012AB3CD', username: 'alice', name: 'alice', team_id: 'T0' },
  api_app_id: 'A0',
  token: 'old',
  response_url: 'https://hooks.slack.com/actions/T0/1/hunter2',
  actions: [
    {
      type: 'button',
      action_id: 'approve_update',
      block_id: 'x',
      value: 'production/nginx-1-26-0/0f3a-1',
      action_ts: '1',
    },
  ],
};

function read(payload: unknown) {
  return readSlackInteraction(
    Buffer.from(new URLSearchParams({ payload: JSON.stringify(payload) }).toString()),
  );
}

describe('readSlackInteraction', () => {
  it.each([
    ['approve_update', 'approve'],
    ['reject_update', 'reject'],
  ])('takes %s for %s', (id, action) => {
    const actions = [{ ...PAYLOAD.actions[0], action_id: id }];
    expect(read({ ...PAYLOAD, actions })).toEqual({
      ok: true,
      value: {
        action,
        namespace: 'production',
        name: 'nginx-1-26-0',
        uid: '0f3a-1',
        user: { id: 'U012AB3CD', name: 'alice', teamId: 'T0', isForeign: false },
        responseUrl: 'https://hooks.slack.com/actions/T0/1/hunter2',
      },
    });
  });

  it.each([
    ['of the same workspace', { id: 'T0' }, false],
    ['of another one', { id: 'T1' }, true],
    ['of an organisation', null, false],
    ['of who knows where', undefined, false],
  ])('tells somebody %s', (_, team, isForeign) => {
    const interaction = read({ ...PAYLOAD, team });
    expect(interaction.ok && interaction.value?.user.isForeign).toBe(isForeign);
  });

  it.each([
    ['a link to the dashboard', { ...PAYLOAD, actions: [{ action_id: 'view_dashboard' }] }],
    ['a link that is called Approve', { ...PAYLOAD, actions: [{ action_id: 'approve_update' }] }],
    ['another interaction', { type: 'view_submission' }],
  ])('does nothing on %s', (_, payload) => {
    expect(read(payload)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['no JSON object', 7],
    ['no user', { ...PAYLOAD, user: undefined }],
    [
      'an answer that would go elsewhere',
      { ...PAYLOAD, response_url: 'https://hooks.slack.com.evil.example/x' },
    ],
    ['an answer without TLS', { ...PAYLOAD, response_url: 'http://hooks.slack.com/x' }],
    ['no actions', { ...PAYLOAD, actions: [] }],
    [
      'a value that names no request',
      { ...PAYLOAD, actions: [{ action_id: 'approve_update', value: 'nginx' }] },
    ],
    [
      'a value that leaves its place',
      { ...PAYLOAD, actions: [{ action_id: 'approve_update', value: '../../x/y' }] },
    ],
  ])('refuses %s', (_, payload) => {
    expect(read(payload).ok).toBe(false);
  });

  it.each(['', 'payload=', 'payload=%7B', 'other=1', '\u0000'])('refuses the body %j', (body) => {
    expect(readSlackInteraction(Buffer.from(body)).ok).toBe(false);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.json(), (bytes, json) => {
        const form = Buffer.from(new URLSearchParams({ payload: json }).toString());
        for (const body of [bytes, form]) expect(readSlackInteraction(body).ok).toBeTypeOf('boolean');
      }),
    );
  });
});

describe('the message after a decision', () => {
  const wrapped = (body: string) => {
    const { replace_original: _, ...rest } = JSON.parse(body);
    const envelope = {
      username: 'x',
      icon_emoji: ':x:',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    };
    return SlackPayload.parse({ ...rest, ...envelope });
  };

  it.each([
    [
      'approve',
      '✅ Approved by alice, <!date^1767268800^{date_short_pretty} at {time}|2026-01-01 12:00:00 UTC>',
    ],
    [
      'reject',
      '❌ Rejected by alice, <!date^1767268800^{date_short_pretty} at {time}|2026-01-01 12:00:00 UTC>',
    ],
  ] as const)('to %s says who and what came of it, and has no buttons that act', (action, note) => {
    const notification = aNotification();
    const body = renderSlackDecision(notification, {
      decision: { action, by: 'alice', atMs: notification.timestampMs },
      outcome: 'Update applied <successfully>',
    });
    expect(JSON.parse(body)).toMatchObject({ replace_original: true });
    const payload = wrapped(body);
    expect(mrkdwnOf(payload)).toContain(note);
    expect(mrkdwnOf(payload)).toContain('Update applied &lt;successfully&gt;');
    expect(body).not.toMatch(/approve_update|reject_update/);
    expect(body).toContain('view_dashboard');
  });

  it('keeps to the schema and mentions nobody, whatever stands in it', () => {
    fc.assert(
      fc.property(hostileNotification, fc.string(), (notification, by) => {
        const payload = wrapped(
          renderSlackDecision(notification, {
            decision: { action: 'approve', by: `<!here>${by}`, atMs: 0 },
            outcome: `<!channel>${by}`,
          }),
        );
        for (const control of mrkdwnOf(payload).flatMap(controlsIn)) expect(control).toMatch(/^<!date\^/);
      }),
    );
  });

  it('tells the person alone why nothing came of it', () => {
    expect(JSON.parse(renderSlackRefusal('<!channel> it is Approved already'))).toEqual({
      response_type: 'ephemeral',
      replace_original: false,
      text: '&lt;!channel&gt; it is Approved already',
    });
  });
});
