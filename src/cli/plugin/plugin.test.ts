import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { startRequestCluster, type RequestCluster } from '../../../test/parts/request-cluster.ts';
import type { Clock } from '../../core/clock.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { runPlugin } from './program.ts';

const directory = mkdtempSync(join(tmpdir(), 'headwind-plugin-'));
const kubeconfig = join(directory, 'config');
let cluster: RequestCluster;

beforeAll(async () => {
  cluster = await startRequestCluster();
  const config = {
    'current-context': 'main',
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'bob-at-work', namespace: 'shop' } },
      { name: 'other', context: { cluster: 'c', user: 'bob-at-work', namespace: 'other' } },
    ],
    clusters: [{ name: 'c', cluster: { server: cluster.url } }],
    users: [{ name: 'bob-at-work', user: { token: 'x' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
});

afterAll(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  cluster.put(aRequest({ name: 'one' }));
  cluster.put(aRequest({ name: 'two', created: '2026-01-01T11:59:00Z', status: { phase: 'Approved' } }));
  cluster.put(aRequest({ name: 'done', status: { phase: 'Completed' } }));
  cluster.put(aRequest({ name: 'far', namespace: 'other' }));
});

afterEach(() => {
  cluster.requests.clear();
  cluster.calls.length = 0;
  cluster.beforePatch = () => {};
  cluster.afterPatch = () => {};
  cluster.userName = undefined;
  cluster.refuseWith = undefined;
});

/** Time passes as fast as somebody waits for it. That of day stands still: somebody may set it back at any moment. */
function createFastClock(): Clock {
  let elapsedMs = 0;
  return {
    now: () => NOON,
    elapsed: () => elapsedMs,
    after: (delayMs, run) => {
      const timer = setImmediate(() => {
        elapsedMs += delayMs;
        run();
      });
      return () => clearImmediate(timer);
    },
  };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], env: Record<string, string> = {}, colours = false): Promise<Ran> {
  const terminal = createRecordingTerminal({ colours });
  const code = await runPlugin({
    args,
    env: { KUBECONFIG: kubeconfig, ...env },
    terminal,
    clock: createFastClock(),
  });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

function finishAs(phase: UpdateRequest['status']['phase'], message: string): void {
  cluster.afterPatch = (request) => {
    if (request.status.phase === 'Approved') {
      cluster.put({ ...request, status: { ...request.status, phase, message } });
    }
  };
}

describe('kubectl headwind list', () => {
  it('shows the open requests of the current namespace, newest first', async () => {
    const { code, out } = await run(['list']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'NAME   WORKLOAD         CONTAINER   CURRENT        NEW            PHASE      AGE',
      'two    Deployment/web   web         nginx:1.25.0   nginx:1.26.0   Approved   1m',
      'one    Deployment/web   web         nginx:1.25.0   nginx:1.26.0   Pending    1h',
    ]);
  });

  it.each<[string, readonly string[], readonly string[]]>([
    ['all namespaces', ['list', '-A'], ['one', 'two', 'far']],
    ['a namespace named after the command', ['list', '-n', 'other'], ['far']],
    ['a namespace named before the command', ['-n', 'other', 'list'], ['far']],
    ['a namespace named with =', ['list', '--namespace=other'], ['far']],
    ['another context', ['list', '--context', 'other'], ['far']],
    ['all phases', ['list', '--phase', 'all'], ['one', 'two', 'done']],
    ['some phases', ['list', '--phase', 'Completed,approved'], ['two', 'done']],
  ])('shows %s', async (_name, args, expected) => {
    const { code, out } = await run([...args, '-o', 'name']);
    expect(code).toBe(0);
    expect(new Set(out.split('\n'))).toEqual(
      new Set(expected.map((name) => `updaterequest.headwind.sh/${name}`)),
    );
  });

  it('writes JSON and YAML that say the same', async () => {
    const json = await run(['list', '-o', 'json']);
    const yaml = await run(['list', '-o', 'yaml']);
    expect(JSON.parse(json.out)).toMatchObject({ kind: 'List', items: [{ metadata: { name: 'two' } }, {}] });
    expect(load(yaml.out)).toEqual(JSON.parse(json.out));
  });

  it('writes an empty list as JSON where there is nothing', async () => {
    const { code, out } = await run(['list', '-n', 'empty', '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ items: [] });
  });

  it('says that there is nothing, and keeps that out of the output', async () => {
    const { code, out, err } = await run(['list', '-n', 'empty']);
    expect([code, out]).toEqual([0, '']);
    expect(err).toBe('No update requests in namespace "empty".');
  });

  it('reads all pages', async () => {
    for (let i = 0; i < 1200; i += 1) cluster.put(aRequest({ name: `r${i}` }));
    const { out } = await run(['list', '-o', 'name']);
    expect(out.split('\n')).toHaveLength(1202);
    expect(cluster.calls.filter((call) => call.startsWith('GET'))).toHaveLength(3);
  });

  it('colours phases at a terminal only', async () => {
    expect((await run(['list'], {}, true)).out).toContain('\u001b[33mPending\u001b[0m');
    expect((await run(['list'])).out).not.toContain('\u001b');
  });

  it('lets nobody steer the terminal', async () => {
    cluster.put(aRequest({ name: 'bad', spec: { newImage: 'x:\u001b[2J1' } }));
    const { out } = await run(['list', '-o', 'wide']);
    expect(out).toContain('x:\\u001b[2J1');
    expect(out).not.toContain('\u001b');
  });
});

describe('kubectl headwind approve', () => {
  it('approves, waits, and says how it ended', async () => {
    finishAs('Completed', 'Updated Deployment shop/web');
    const { code, out, err } = await run(['approve', 'one']);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'one approved by bob-at-work',
      'Deployment/web container web: nginx:1.25.0 -> nginx:1.26.0',
      'Completed: Updated Deployment shop/web',
    ]);
  });

  it.each([
    ['the option', { args: ['--approver', 'ann'], env: 'eve', userName: 'cluster-bob' }, 'ann'],
    ['the environment', { args: [], env: 'eve', userName: 'cluster-bob' }, 'eve'],
    ['the API server', { args: [], env: '', userName: 'cluster-bob' }, 'cluster-bob'],
    ['the kubeconfig where nobody else tells', { args: [], env: '', userName: undefined }, 'bob-at-work'],
  ])('takes who approves from %s', async (_name, { args, env, userName }, expected) => {
    cluster.userName = userName;
    finishAs('Completed', 'ok');
    expect((await run(['approve', 'one', ...args], { HEADWIND_APPROVER: env })).code).toBe(0);
    expect(cluster.requests.get('shop/one')?.status.approvedBy).toBe(expected);
  });

  it('acts in the namespace that stands after the name', async () => {
    finishAs('Completed', 'ok');
    expect((await run(['approve', 'ur/far', '-n', 'other', '--approver', 'me'])).code).toBe(0);
    expect(cluster.requests.get('other/far')?.status).toMatchObject({ phase: 'Completed', approvedBy: 'me' });
    expect(cluster.requests.get('shop/one')?.status.phase).toBe('Pending');
  });

  it('fails where the update fails', async () => {
    finishAs('Failed', 'Update failed: the container is gone');
    const { code, err } = await run(['approve', 'one']);
    expect(code).toBe(1);
    expect(err).toContain('one ended as Failed: Update failed: the container is gone');
  });

  it('fails where the update is not applied in time, and says so', async () => {
    const { code, err } = await run(['approve', 'one', '--timeout', '3s']);
    expect(code).toBe(1);
    expect(err).toContain('one is approved, but not applied yet');
  });

  it('need not wait', async () => {
    const { code, out } = await run(['approve', 'one', '--timeout=0', '-o', 'json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ status: { phase: 'Approved' } });
  });

  it('decides again where somebody changed something else meanwhile', async () => {
    finishAs('Completed', 'ok');
    cluster.beforePatch = (request) => {
      cluster.beforePatch = () => {};
      cluster.put({ ...request, metadata: { ...request.metadata, labels: { a: 'b' } } });
    };
    expect((await run(['approve', 'one'])).code).toBe(0);
    expect(cluster.requests.get('shop/one')?.metadata.labels).toEqual({ a: 'b' });
  });

  it('yields where somebody else decided meanwhile', async () => {
    cluster.beforePatch = (request) => {
      cluster.beforePatch = () => {};
      cluster.put({ ...request, status: { phase: 'Rejected', rejectedBy: 'ann' } });
    };
    const { code, err } = await run(['approve', 'one']);
    expect(code).toBe(1);
    expect(err).toContain('UpdateRequest is in Rejected state, cannot approve');
    expect(cluster.requests.get('shop/one')?.status.rejectedBy).toBe('ann');
  });

  it.each<[string, readonly string[], string]>([
    ['that is finished', ['approve', 'done'], 'Completed state, cannot approve'],
    ['that does not exist', ['approve', 'nothing'], 'no update request "nothing" in namespace "shop"'],
  ])('refuses a request %s', async (_name, args, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it('tells what the API server forbids', async () => {
    cluster.refuseWith = 403;
    const { code, err } = await run(['approve', 'one']);
    expect(code).toBe(1);
    expect(err).toContain('403');
  });
});

describe('kubectl headwind reject', () => {
  it.each<[string, readonly string[], string]>([
    ['a reason', ['reject', 'one', 'Not "ready"\n{}'], 'Not "ready"\n{}'],
    ['a reason that looks like an option', ['reject', 'one', '--', '-n'], '-n'],
    ['no reason', ['reject', 'one'], 'Rejected by user'],
  ])('records %s', async (_name, args, message) => {
    const { code, out } = await run(args);
    expect(code).toBe(0);
    expect(out).toContain('one rejected by bob-at-work');
    expect(cluster.requests.get('shop/one')?.status).toMatchObject({ phase: 'Rejected', message });
  });

  it('takes an approver after the reason', async () => {
    await run(['reject', 'one', 'Not ready', '--approver', 'admin@example.com']);
    expect(cluster.requests.get('shop/one')?.status).toMatchObject({
      rejectedBy: 'admin@example.com',
      message: 'Not ready',
    });
  });
});

describe('bad usage', () => {
  it.each<readonly [readonly string[]]>([
    [['nonsense']],
    [['approve']],
    [['approve', 'one', 'Two']],
    [['reject', 'one', 'why', 'more']],
    [['approve', 'one', '--what']],
    [['approve', 'One_']],
    [['approve', 'one', '-A']],
    [['approve', 'one', '--timeout', 'soon']],
    [['list', '--approver', 'me']],
    [['list', '-n', 'shop', '-A']],
    [['list', '-n', 'Shop']],
    [['list', '-o', 'xml']],
    [['list', '--phase', 'half']],
    [['list', '--api-url', 'localhost']],
  ])('%j ends with 2 and changes nothing', async (args) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
    expect(cluster.calls).toEqual([]);
  });

  it.each([[[]], [['--help']], [['help']], [['approve', '--help']], [['--version']]])(
    '%j is none: it is answered',
    async (args) => {
      const { code, out } = await run(args);
      expect(code).toBe(0);
      expect(out).not.toBe('');
    },
  );
});

it('says what is wrong with the kubeconfig', async () => {
  const { code, err } = await run(['list', '--kubeconfig', join(directory, 'gone')]);
  expect(code).toBe(1);
  expect(err).toContain('gone: no such file');
});
