import { describe, expect, it } from 'vitest';
import { anApi, ApiAwayError } from '../../test/api-under-test.ts';
import { aRequest, NOON } from '../../test/builders.ts';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { aNotification } from '../../test/parts/notifications.ts';
import { posted, RESPONSE_URL, signatureOf, type Press } from '../../test/parts/slack-press.ts';
import type { SlackTrust } from '../config/slack-trust.ts';
import { compileGlob } from '../core/pattern.ts';
import { fail, ok } from '../core/result.ts';
import type { UpdateRequestStatus } from '../core/update-request.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import type { ActionOutcome } from './approval-actions.ts';
import { createApprovalApp } from './approval-api.ts';
import type { AuthMode } from './auth/door.ts';
import { permissiveAuthorizer, type Authorizer, type Right } from './auth.ts';
import { problem } from './problem.ts';
import { createSlackAnswers } from './slack-answers.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const OTHER = 'fedcba9876543210fedcba9876543210';
const NAME = 'web-web-1-26-0-00000000';
const VALUE = `shop/${NAME}/uid-of-${NAME}`;
const PATH = '/slack/interactions';

interface Setting {
  readonly trust?: Partial<SlackTrust>;
  readonly mode?: AuthMode;
  readonly authorizer?: Authorizer;
  readonly outcome?: ActionOutcome | Error | Promise<ActionOutcome>;
  /** How the request stands. */
  readonly status?: UpdateRequestStatus;
  readonly requests?: 'none';
}

interface Reply {
  readonly url: string;
  readonly body: string;
}

function aSlack(setting: Setting = {}) {
  const clock = new FakeClock(NOON);
  const log = createRecordingLog();
  const replies: Reply[] = [];
  const request = aRequest({ status: setting.status ?? { phase: 'Pending' } });
  const completed = aRequest({
    status: { phase: 'Completed', approvedBy: 'somebody', message: 'Update applied successfully' },
  });
  const api = anApi({ requests: setting.requests === 'none' ? [] : [request] });
  const actions: object[] = [];
  const act = (verb: string) => async (action: object) => {
    actions.push({ verb, ...action });
    const outcome = await (setting.outcome ?? { kind: 'done' as const, request: completed });
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const approvals = { ...api.dependencies.approvals, approve: act('approve'), reject: act('reject') };
  const answers = createSlackAnswers({
    desk: {
      trust: () => ({
        signers: [{ secret: SECRET, namespaces: [] }],
        users: new Map(),
        allowedUsers: undefined,
        ...setting.trust,
      }),
      notificationOf: (_, { event }) => aNotification(event === 'update_completed' ? { event } : {}),
      replies: {
        send: async (url, body) => {
          replies.push({ url, body });
          return true;
        },
      },
    },
    approvals,
    door: { mode: setting.mode ?? 'none', authorizer: setting.authorizer ?? permissiveAuthorizer },
    audit: api.dependencies.audit,
    explain: (error) =>
      error instanceof ApiAwayError ? problem('HW_UNAVAILABLE', 'Kubernetes is away.') : undefined,
    clock,
    log: log.target('headwind::api'),
  });
  const app = createApprovalApp({ ...api.dependencies, approvals, slack: answers });
  const post = (body: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    Promise.resolve(app.request(PATH, { method: 'POST', body, headers: { ...headers } }));
  const press = (change: Partial<Press> = {}): Promise<Response> => {
    const { body, headers } = posted({
      action: 'approve',
      value: VALUE,
      secret: SECRET,
      atMs: clock.now(),
      ...change,
    });
    return post(body, headers);
  };
  /** Presses, and waits for what Slack is told. */
  const pressed = async (change: Partial<Press> = {}, count = 1): Promise<readonly Reply[]> => {
    expect((await press(change)).status).toBe(200);
    await eventually(() => replies.length >= count, { what: 'Slack is told' });
    return replies;
  };
  return { ...api, answers, clock, log, actions, replies, post, press, pressed };
}

const failure = async (response: Response): Promise<object> => ({
  status: response.status,
  ...Object(await response.json()),
});

describe('a pressed button', () => {
  it.each(['approve', 'reject'] as const)('%s is carried out under the id in Slack', async (action) => {
    const slack = aSlack();
    const [reply] = await slack.pressed({ action });
    expect(slack.actions).toEqual([
      { verb: action, namespace: 'shop', name: NAME, uid: `uid-of-${NAME}`, identity: 'slack:U012AB3CD' },
    ]);
    expect(reply?.url).toBe(RESPONSE_URL);
    expect(JSON.parse(reply?.body ?? '')).toMatchObject({ replace_original: true });
    expect(reply?.body).toMatch(/Approved by alice \(slack:U012AB3CD\).*Update applied successfully/);
    expect(slack.audited).toMatchObject([
      {
        username: 'slack:U012AB3CD',
        action,
        resourceType: 'Deployment',
        namespace: 'shop',
        name: NAME,
        result: 'success',
      },
    ]);
  });

  it('is acknowledged before anything has come of it', async () => {
    const { promise, resolve } = Promise.withResolvers<ActionOutcome>();
    const slack = aSlack({ outcome: promise });
    const response = await slack.press();
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(slack.replies).toEqual([]);
    resolve({ kind: 'done', request: aRequest({ status: { phase: 'Completed' } }) });
    await eventually(() => slack.replies.length === 1, { what: 'Slack is told' });
  });

  it('says what an approved update waits for', async () => {
    const request = aRequest({ status: { phase: 'Approved', approvedBy: 'x' } });
    const message = 'Approved, not applied yet: paused';
    const [reply] = await aSlack({ outcome: { kind: 'accepted', request, message } }).pressed();
    expect(reply?.body).toContain(message);
  });

  it('that only opens a link does nothing and is not recorded', async () => {
    const slack = aSlack();
    const payload = { type: 'block_actions', actions: [{ action_id: 'view_dashboard' }] };
    const whole = { ...payload, user: { id: 'U1' }, response_url: RESPONSE_URL };
    expect((await slack.press({ payload: whole })).status).toBe(200);
    expect([slack.actions, slack.audited, slack.replies]).toEqual([[], [], []]);
  });
});

describe('nobody but Slack is believed', () => {
  const good = posted({ action: 'approve', value: VALUE, secret: SECRET, atMs: NOON });
  const without = (name: string): Record<string, string> => ({ ...good.headers, [name]: '' });

  it.each<[string, string, Readonly<Record<string, string>>, number, RegExp]>([
    ['no signature', good.body, without('x-slack-signature'), 401, /X-Slack-Signature is missing/],
    ['no time', good.body, without('x-slack-request-timestamp'), 401, /X-Slack-Request-Timestamp/],
    ['another secret', good.body, signatureOf(good.body, { secret: OTHER, atMs: NOON }), 401, /does not fit/],
    ['another body', `${good.body}&x=1`, good.headers, 401, /does not fit/],
    [
      'an old one',
      good.body,
      signatureOf(good.body, { secret: SECRET, atMs: NOON - 301_000 }),
      401,
      /more than 5 minutes away/,
    ],
    [
      'JSON',
      good.body,
      { ...good.headers, 'content-type': 'application/json' },
      415,
      /must be application\/x-www-form-urlencoded/,
    ],
    ['too much', 'x'.repeat(300_000), good.headers, 413, /at most 262144 bytes/],
    ['nonsense, signed', 'payload=x', signatureOf('payload=x', { secret: SECRET, atMs: NOON }), 422, /JSON/],
  ])('%s', async (...[, body, headers, status, detail]) => {
    const slack = aSlack();
    expect(await failure(await slack.post(body, headers))).toMatchObject({
      status,
      detail: expect.stringMatching(detail),
    });
    expect(slack.actions).toEqual([]);
    expect(slack.audited).toMatchObject([
      { username: 'unknown', action: 'slack_interaction', resourceType: 'Slack', result: 'error' },
    ]);
  });

  it('the same delivery a second time, in either case of its digits', async () => {
    const slack = aSlack();
    expect((await slack.post(good.body, good.headers)).status).toBe(200);
    const upper = good.headers['x-slack-signature']?.toUpperCase().replace('V0=', 'v0=') ?? '';
    for (const signature of [good.headers['x-slack-signature'] ?? '', upper])
      expect(
        await failure(await slack.post(good.body, { ...good.headers, 'x-slack-signature': signature })),
      ).toMatchObject({ status: 401, detail: 'This has been received before.' });
    await slack.clock.advance(299_000);
    expect((await slack.post(good.body, good.headers)).status).toBe(401);
    await eventually(() => slack.replies.length === 1, { what: 'the first is carried out' });
    expect(slack.actions).toHaveLength(1);
  });

  it('and nobody at all without a secret', async () => {
    const slack = aSlack({ trust: { signers: [] } });
    expect(await failure(await slack.post(good.body, good.headers))).toMatchObject({
      status: 401,
      code: 'HW_NOT_PROVEN',
      detail: expect.stringContaining('HEADWIND_SLACK_SIGNING_SECRET'),
    });
  });

  it('by any of several secrets, so that one can follow another', async () => {
    const signers = [SECRET, OTHER].map((secret) => ({ secret, namespaces: [] }));
    expect(await aSlack({ trust: { signers } }).pressed({ secret: OTHER })).toHaveLength(1);
  });
});

describe('what somebody may not do is told to them alone', () => {
  const told = async (setting: Setting, change: Partial<Press> = {}) => {
    const slack = aSlack(setting);
    const [reply] = await slack.pressed(change);
    const { text, ...rest } = JSON.parse(reply?.body ?? '');
    expect(rest).toEqual({ response_type: 'ephemeral', replace_original: false });
    expect(slack.audited).toMatchObject([{ result: 'error', namespace: 'shop', name: NAME }]);
    return { text: String(text), actions: slack.actions, audited: slack.audited };
  };
  const asked: Right[] = [];
  const refusing: Authorizer = {
    authorize: ({ identity, ...right }) => {
      asked.push(right);
      const who = identity.kind === 'known' ? `${identity.username} ${String(identity.groups)}` : '';
      return Promise.resolve(fail(problem('HW_FORBIDDEN', `${who} may not.`)));
    },
  };
  const users = new Map([['U012AB3CD', { username: 'alice@example.com', groups: ['shop'] }]]);

  it('if nobody has said who they are in Kubernetes', async () => {
    const { text, actions } = await told({ mode: 'token' });
    expect(text).toMatch(/alice .T0\/U012AB3CD. is in Kubernetes/);
    expect(actions).toEqual([]);
  });

  it('if they lack the right in that namespace', async () => {
    const { text, actions, audited } = await told({ mode: 'token', authorizer: refusing, trust: { users } });
    expect(text).toBe('Nothing was done: alice@example.com shop may not.');
    expect(asked).toEqual([{ verb: 'approve', namespace: 'shop', name: NAME }]);
    expect(actions).toEqual([]);
    expect(audited[0]?.username).toBe('alice@example.com');
  });

  it('if their app speaks for other namespaces', async () => {
    const glob = compileGlob('bank-*');
    const namespaces = glob.ok ? [glob.value] : [];
    const signers = [
      { secret: SECRET, namespaces },
      { secret: OTHER, namespaces: [] },
    ];
    const { text, actions } = await told({ trust: { signers } });
    expect(text).toBe('Nothing was done: this Slack app has no say in shop.');
    expect(actions).toEqual([]);
    await aSlack({ trust: { signers } }).pressed({ secret: OTHER });
  });

  it('if the request is gone, or another one has its name', async () => {
    const gone = await told({ outcome: { kind: 'not-found' }, requests: 'none' });
    expect(gone.text).toContain('is gone');
    const outcome = { kind: 'not-found' } as const;
    const other = await told({ outcome }, { value: `shop/${NAME}/another-uid` });
    expect(other.text).toContain('is gone');
  });

  it('if somebody is about to do it, who puts the message right', async () => {
    const status = { phase: 'Approved', approvedBy: 'bob' } as const;
    const { text } = await told({ outcome: { kind: 'conflict', message: 'x', phase: 'Approved' }, status });
    expect(text).toBe('Nothing was done: It has been approved by bob already.');
  });

  it('if it expires just now, or keeps changing', async () => {
    const outcome = { kind: 'conflict', message: 'UpdateRequest keeps changing, cannot approve' } as const;
    expect((await told({ outcome })).text).toContain('keeps changing');
  });

  it.each([
    ['Kubernetes is away', new ApiAwayError(), 'Kubernetes is away.', 'warn'],
    ['there is a bug', new Error('boom'), 'failed inside', 'error'],
  ] as const)('if %s', async (_, outcome, text, level) => {
    const slack = aSlack({ outcome, trust: { users } });
    const [reply] = await slack.pressed();
    expect(reply?.body).toContain(text);
    expect(slack.log.entries.map((entry) => entry.level)).toEqual([level]);
    expect(slack.audited).toMatchObject([{ result: 'error', username: 'alice@example.com' }]);
  });
});

it('whoever comes second is told who decided, and the message says it too', async () => {
  const status = { phase: 'Rejected', rejectedBy: 'bob', message: 'not now' } as const;
  const slack = aSlack({ outcome: { kind: 'conflict', message: 'x', phase: 'Rejected' }, status });
  const [refusal, message] = await slack.pressed({}, 2);
  expect(refusal?.body).toContain('It has been rejected by bob already');
  expect(refusal?.body).toContain('"replace_original":false');
  expect(message?.body).toContain('❌ Rejected by bob');
  expect(message?.body).toContain('"replace_original":true');
});

describe('what is in work', () => {
  it('has a bound', async () => {
    const slack = aSlack({ outcome: new Promise(() => {}) });
    for (let n = 0; n < 100; n += 1) expect((await slack.press({ atMs: NOON + n * 1000 })).status).toBe(200);
    const response = await slack.press({ atMs: NOON - 1000 });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
  });

  it('is finished before the end, and nothing is begun any more', async () => {
    const { promise, resolve } = Promise.withResolvers<ActionOutcome>();
    const slack = aSlack({ outcome: promise });
    await slack.press();
    const stopped = slack.answers.stop(5000);
    expect((await slack.press({ atMs: NOON + 1000 })).status).toBe(429);
    resolve({ kind: 'done', request: aRequest({ status: { phase: 'Completed' } }) });
    await stopped;
    expect(slack.replies).toHaveLength(1);
    expect(slack.clock.pending).toBe(0);
  });

  it('is waited for no longer than may be', async () => {
    const slack = aSlack({ outcome: new Promise(() => {}) });
    await slack.press();
    const stopped = slack.answers.stop(5000);
    await slack.clock.advance(4999);
    expect(slack.clock.pending).toBe(1);
    await slack.clock.advance(1);
    await stopped;
    expect(slack.replies).toEqual([]);
  });
});

it('rights are asked of whoever Kubernetes knows', async () => {
  const seen: object[] = [];
  const authorizer: Authorizer = {
    authorize: (question) => {
      seen.push(question);
      return Promise.resolve(ok(undefined));
    },
  };
  const users = new Map([['T0/U012AB3CD', { username: 'alice@example.com', groups: ['shop'] }]]);
  const slack = aSlack({ mode: 'token', authorizer, trust: { users } });
  const [reply] = await slack.pressed({ action: 'reject' });
  expect(seen).toEqual([
    {
      identity: { kind: 'known', username: 'alice@example.com', groups: ['shop'] },
      verb: 'reject',
      namespace: 'shop',
      name: NAME,
    },
  ]);
  expect(slack.actions).toMatchObject([{ identity: 'alice@example.com' }]);
  expect(reply?.body).toContain('by alice@example.com');
});
