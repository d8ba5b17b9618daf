import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { transition } from '../../core/request-machine.ts';
import { requestKey, type UpdateRequest } from '../../core/update-request.ts';
import { createApprovalApp, type Approvals } from '../../http/approval-api.ts';
import { anonymousAuthenticator } from '../../http/auth.ts';
import { listen, type Listening } from '../../http/listen.ts';
import { systemClock } from '../../system.ts';
import { createRecordingLog } from '../../telemetry/recording-log.ts';
import { runPlugin } from './program.ts';

const requests = new Map<string, UpdateRequest>();
/** How often a request is looked at until it is applied; 0: approving applies it. */
let looksUntilApplied = 0;
/** What callers showed as `Authorization`. */
const shown: (string | null)[] = [];
let server: Listening;

function change(key: string, next: Parameters<typeof transition>[1]): ReturnType<Approvals['approve']> {
  const request = requests.get(key);
  if (request === undefined) return Promise.resolve({ kind: 'not-found' });
  const status = transition(request, next, NOON);
  if (!status.ok) return Promise.resolve({ kind: 'conflict', ...status.error });
  const changed = { ...request, status: status.value };
  requests.set(key, changed);
  if (next.to !== 'Approved') return Promise.resolve({ kind: 'done', request: changed });
  if (looksUntilApplied > 0)
    return Promise.resolve({ kind: 'accepted', request: changed, message: 'still at it' });
  return change(key, { to: 'Completed', message: 'applied', startedAtMs: NOON, previousImage: 'x' });
}

/** The real API over requests that are kept in memory. */
const approvals: Approvals = {
  list: ({ limit = 1000, namespace, continue: from = '0' }) => {
    const all = [...requests.values()].filter(
      (one) => namespace === undefined || one.metadata.namespace === namespace,
    );
    const end = Number(from) + limit;
    const items = all.slice(Number(from), end);
    return Promise.resolve(end < all.length ? { items, continue: String(end) } : { items });
  },
  get: async (namespace, name) => {
    const key = `${namespace}/${name}`;
    if (requests.get(key)?.status.phase === 'Approved' && (looksUntilApplied -= 1) === 0)
      await change(key, { to: 'Completed', message: 'applied', startedAtMs: NOON, previousImage: 'x' });
    return requests.get(key);
  },
  approve: ({ namespace, name, identity }) =>
    change(`${namespace}/${name}`, { to: 'Approved', by: identity }),
  reject: ({ namespace, name, identity, reason }) =>
    change(`${namespace}/${name}`, { to: 'Rejected', by: identity, reason }),
};

beforeAll(async () => {
  const app = createApprovalApp({
    approvals,
    workloads: { list: () => [] },
    pauses: { set: () => Promise.resolve({ kind: 'no-workload' }) },
    rollbacks: {
      history: () => Promise.resolve({ kind: 'no-workload' }),
      rollBack: () => Promise.resolve({ kind: 'no-workload' }),
    },
    holds: { list: () => [], release: () => Promise.resolve({ kind: 'not-found' }) },
    notifications: { targets: () => [], deadLetters: () => [], test: () => Promise.resolve(undefined) },
    recentWebhooks: { list: () => [] },
    authenticator: {
      authenticate: (caller) => {
        shown.push(caller.headers.get('authorization'));
        return anonymousAuthenticator.authenticate(caller);
      },
    },
    audit: { record: () => {} },
    health: { live: () => ({ ok: true, checks: [] }), ready: () => ({ ok: true, checks: [] }) },
    metrics: { httpRejectedTotal: { inc: () => {} } },
    log: createRecordingLog().target('test'),
    version: '0',
  });
  server = await listen(app, { host: '127.0.0.1', port: 0 });
});

afterAll(() => server.close(0));

beforeEach(() => {
  looksUntilApplied = 0;
  shown.length = 0;
  requests.clear();
  for (const request of [aRequest({ name: 'one' }), aRequest({ name: 'far', namespace: 'other' })])
    requests.set(requestKey(request), request);
});

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return runWith({}, ...args);
}

async function runWith(
  more: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  const terminal = createRecordingTerminal();
  const env = { HEADWIND_API_URL: `http://127.0.0.1:${server.port}/`, HOME: '/nonexistent', ...more };
  const code = await runPlugin({ args, env, terminal, clock: systemClock });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

describe('kubectl headwind with --api-url', () => {
  it('lists, page by page', async () => {
    for (let i = 0; i < 1100; i += 1) {
      const request = aRequest({ name: `r${i}` });
      requests.set(requestKey(request), request);
    }
    const { code, out } = await run('list', '-A', '-o', 'name');
    expect(code).toBe(0);
    expect(out.split('\n')).toHaveLength(1102);
  });

  it('lists one namespace', async () => {
    expect((await run('list', '-n', 'other', '-o', 'name')).out).toBe('updaterequest.headwind.sh/far');
  });

  it('shows the token that it has, and none where it has none', async () => {
    await run('list', '-n', 'other');
    await runWith({ HEADWIND_API_TOKEN: ' a-token ' }, 'list', '-n', 'other');
    expect(shown).toEqual([null, 'Bearer a-token']);

    const { code, err } = await runWith({ HEADWIND_API_TOKEN: 'hunter2 hunter3' }, 'list', '-n', 'other');
    expect(code).toBe(2);
    expect(err).not.toContain('hunter');
  });

  it('approves in the name that is given', async () => {
    const { code, out } = await run('approve', 'one', '-n', 'shop', '--approver', 'ann "the" admin');
    expect(code).toBe(0);
    expect(out).toContain('Completed: applied');
    expect(requests.get('shop/one')?.status.approvedBy).toBe('ann "the" admin');
  });

  it('waits where the API answers before the update is applied', async () => {
    looksUntilApplied = 1;
    const { code, out } = await run('approve', 'one', '-n', 'shop');
    expect(code).toBe(0);
    expect(out).toContain('Completed: applied');
  });

  it('rejects with a reason', async () => {
    expect((await run('reject', 'one', 'not "now"', '-n', 'shop', '--approver', 'ann')).code).toBe(0);
    expect(requests.get('shop/one')?.status).toMatchObject({ rejectedBy: 'ann', message: 'not "now"' });
  });

  it.each([
    ['does not exist', ['approve', 'gone', '-n', 'shop'], 'gone'],
    ['is decided', ['reject', 'two', '-n', 'shop'], 'UpdateRequest is in Completed state, cannot reject'],
  ])('fails with what the API says where a request %s', async (_name, args, message) => {
    const two = aRequest({ name: 'two', status: { phase: 'Completed' } });
    requests.set(requestKey(two), two);
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it('says how to reach an API that cannot be reached', async () => {
    const { code, err } = await run('list', '--api-url', 'http://127.0.0.1:1');
    expect(code).toBe(1);
    expect(err).toContain('kubectl port-forward');
  });
});
