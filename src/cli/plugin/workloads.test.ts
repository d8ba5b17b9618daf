import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { startRequestCluster, type RequestCluster } from '../../../test/parts/request-cluster.ts';
import type { WorkloadView } from '../../http/api-shapes.ts';
import { runPlugin } from './program.ts';

const directory = mkdtempSync(join(tmpdir(), 'headwind-workloads-'));
const kubeconfig = join(directory, 'config');
const PROXIED = '/api/v1/namespaces/headwind-system/services/headwind-api:api/proxy';
let cluster: RequestCluster;

beforeAll(async () => {
  cluster = await startRequestCluster();
  const config = {
    'current-context': 'main',
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'bob', namespace: 'shop' } },
      { name: 'other', context: { cluster: 'c', user: 'bob', namespace: 'other' } },
    ],
    clusters: [{ name: 'c', cluster: { server: cluster.url } }],
    users: [{ name: 'bob', user: { token: 'x' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
});

afterAll(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true });
});

beforeEach(() => {
  putWorkload('web', 'nginx:1.25.0', { 'headwind.sh/policy': 'minor' });
  putWorkload('frozen', 'redis:7.0.0', { 'headwind.sh/policy': 'minor', 'headwind.sh/paused': 'true' });
  putWorkload('plain', 'redis:7.0.0', {});
  cluster.put(aRequest({ name: 'one', spec: { containerName: 'app' } }));
});

afterEach(() => {
  cluster.requests.clear();
  cluster.workloads.clear();
  cluster.calls.length = 0;
});

function putWorkload(name: string, image: string, annotations: Record<string, string>): void {
  cluster.workloads.set(`/apis/apps/v1/namespaces/shop/deployments/${name}`, {
    metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: '1', annotations },
    spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
  });
}

const VIEW: WorkloadView = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  namespace: 'shop',
  name: 'web',
  policy: 'minor',
  paused: false,
  artifacts: [
    {
      name: 'app',
      type: 'container',
      image: 'nginx:1.25.0',
      blockers: [{ code: 'policy', message: '2.0.0 is a major change' }],
      decision: {
        at: '2026-01-01T11:00:00Z',
        action: 'stay',
        candidate: '2.0.0',
        verified: false,
        reason: 'too far',
      },
      holds: [{ image: 'nginx:1.26.0', version: '1.26.0', why: 'rejected', by: 'ann', request: 'r1' }],
    },
  ],
};

async function run(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = createRecordingTerminal();
  const code = await runPlugin({
    args,
    env: { KUBECONFIG: kubeconfig, ...options.env },
    terminal,
    clock: { now: () => NOON, elapsed: () => NOON, after: () => () => {} },
    readInput: () => Promise.resolve(options.input ?? ''),
  });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

describe('kubectl headwind explain', () => {
  it('shows what everything waits for, from Kubernetes where Headwind cannot be asked', async () => {
    const { code, out, err } = await run(['explain']);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'WORKLOAD            CONTAINER   RUNS           POLICY   REQUEST   WAITS FOR',
      'Deployment/frozen   app         redis:7.0.0    minor    -         paused',
      'Deployment/web      app         nginx:1.25.0   minor    one       awaiting-approval',
    ]);
    expect(err).toContain(
      'known to the running Headwind alone (there is no service headwind-system/headwind-api)',
    );
  });

  it('says more of what is named', async () => {
    const { out } = await run(['explain', 'deploy/web', 'frozen']);
    expect(out.split('\n')).toEqual([
      'Deployment shop/frozen: policy minor, paused',
      '  container app runs redis:7.0.0',
      '    waits: paused: headwind.sh/paused is "true"',
      '',
      'Deployment shop/web: policy minor',
      '  container app runs nginx:1.25.0',
      '    open request: one',
      '    waits: awaiting-approval: A person has to approve or reject it',
    ]);
  });

  it('asks the running Headwind through the API server, and believes it on what the caller may see', async () => {
    cluster.workloads.set(`${PROXIED}/api/v1/workloads`, [VIEW, { ...VIEW, name: 'secret' }]);
    const { out, err } = await run(['explain', 'web']);
    expect(err).toBe('');
    expect(out.split('\n')).toEqual([
      'Deployment shop/web: policy minor',
      '  container app runs nginx:1.25.0',
      '    waits: policy: 2.0.0 is a major change',
      '    held: 1.26.0 was rejected by ann (r1)',
      '    last decision: 2026-01-01T11:00:00Z on 2.0.0: stay; too far',
    ]);
    const { out: all } = await run(['explain', '-o', 'json']);
    expect(JSON.parse(all)).toMatchObject({ source: 'headwind', workloads: [{ name: 'web' }], notes: [] });
  });

  it('does not believe just any answer', async () => {
    cluster.workloads.set(`${PROXIED}/api/v1/workloads`, { hello: 'world' });
    const { code, err } = await run(['explain', 'web']);
    expect(code).toBe(0);
    expect(err).toContain('what answers at service headwind-system/headwind-api is no Headwind');
  });

  it.each<[string, readonly string[], number, string]>([
    [
      'a workload that is not followed',
      ['explain', 'plain'],
      1,
      'Deployment shop/plain does not carry headwind.sh/policy',
    ],
    ['one that is not there', ['explain', 'gone'], 1, 'there is no workload "gone"'],
    [
      'a container that is not there',
      ['explain', 'web', '-c', 'side'],
      1,
      'no workload here has a container side',
    ],
    ['names and labels at once', ['explain', 'web', '-l', 'a=b'], 2, 'not both'],
  ])('refuses %s', async (_name, args, expected, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(expected);
    expect(err).toContain(message);
  });
});

describe('kubectl headwind version', () => {
  it('asks the running Headwind for its own', async () => {
    cluster.workloads.set(`${PROXIED}/openapi.json`, { openapi: '3.1.0', info: { version: '9.9.9' } });
    const { out } = await run(['version']);
    expect(out).toMatch(/^kubectl-headwind \d+\.\d+\.\d+\nheadwind 9\.9\.9$/);
  });

  it('is known without one', async () => {
    const { code, out, err } = await run(['version']);
    expect([code, out]).toEqual([0, expect.stringMatching(/^kubectl-headwind \d/)]);
    expect(err).toContain('is not known: there is no service headwind-system/headwind-api');
    expect((await run(['version', '--client'])).err).toBe('');
  });
});

describe('kubectl headwind simulate', () => {
  it('tells the rules where nothing is asked', async () => {
    const { code, out } = await run(['simulate']);
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {3,}/))).toEqual([
      ['WORKLOAD', 'CONTAINER', 'RUNS', 'ACCEPTS', 'THEN', 'WAITS FOR'],
      [
        'Deployment/frozen',
        'app',
        'redis:7.0.0',
        'up to a minor change above 7.0.0',
        'a person approves',
        'paused',
      ],
      [
        'Deployment/web',
        'app',
        'nginx:1.25.0',
        'up to a minor change above 1.25.0',
        'a person approves',
        'awaiting-approval',
      ],
    ]);
  });

  it('tells what a push would cause, and for whom', async () => {
    const { out, err } = await run(['simulate', '--pushed', 'docker.io/library/nginx:1.27.0']);
    expect(out.split('\n')).toEqual([
      'WORKLOAD         CONTAINER   RUNS           BY        VERSION   OUTCOME              WHY',
      'Deployment/web   app         nginx:1.25.0   webhook   1.27.0    waits for approval   -> nginx:1.27.0; takes the place of one',
    ]);
    expect(err).toContain('no registry was asked');
    expect((await run(['simulate', '--pushed', 'nginx:1.27.0', '-o', 'name'])).out).toBe(
      'deployment.apps/web',
    );
    expect(cluster.calls.every((call) => call.startsWith('GET'))).toBe(true);
  });

  it('says when nobody uses what was pushed', async () => {
    const { code, err } = await run(['simulate', '--pushed', 'nobody/uses:1.0.0']);
    expect(code).toBe(0);
    expect(err).toContain('no workload here uses nobody/uses:1.0.0');
  });

  it.each<[string, readonly string[]]>([
    ['a push without a tag', ['simulate', '--pushed', 'nginx']],
    ['a push of nothing', ['simulate', '--pushed', '']],
    ['tags that are none', ['simulate', '--tags', 'a b;c']],
    ['no tags', ['simulate', '--tags', 'nginx=']],
    ['an API', ['simulate', '--api-url', 'http://localhost:1']],
  ])('refuses %s', async (_name, args) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
    expect(cluster.calls).toEqual([]);
  });

  it('reads the standard input in place of a cluster, once', async () => {
    const text =
      'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent, annotations: {headwind.sh/policy: all}}\nspec: {template: {spec: {containers: [{name: a, image: "a/b:1"}]}}}';
    const { code, out } = await run(['simulate', '-f', '-'], { input: text });
    expect(code).toBe(0);
    expect(out).toContain('DaemonSet/agent   a           a/b:1   any tag above 1, and what has no order');
    expect(cluster.calls).toEqual([]);
    expect((await run(['simulate', '-f', join(directory, 'gone')])).err).toContain('gone cannot be read');
  });
});

describe('completion', () => {
  const words = async (...args: readonly string[]): Promise<readonly string[]> =>
    (await run(['__complete', ...args])).out.split('\n').map((line) => line.split('\t')[0] ?? '');

  it.each<[readonly string[], readonly string[]]>([
    [['ap'], ['approve', ':4']],
    [
      ['holds', 're'],
      ['release', ':4'],
    ],
    [
      ['approve', ''],
      ['one', ':4'],
    ],
    [
      ['approve', 'one', 'o'],
      ['one', ':4'],
    ],
    [
      ['-n', 'shop', 'get', ''],
      ['one', ':4'],
    ],
    [['get', '-n', 'other', ''], [':4']],
    [['reject', 'one', ''], [':4']],
    [
      ['history', 'deploy/'],
      ['deploy/frozen', 'deploy/web', ':4'],
    ],
    [
      ['pause', 'web', 'fr'],
      ['frozen', ':4'],
    ],
    [
      ['list', '-o', 'j'],
      ['json', ':4'],
    ],
    [
      ['list', '--output=y'],
      ['--output=yaml', ':4'],
    ],
    [
      ['list', '--pha'],
      ['--phase', ':4'],
    ],
    [['approve', '--pha'], [':4']],
    [
      ['list', '--context', 'o'],
      ['other', ':4'],
    ],
    [['simulate', '-f', ''], [':0']],
    [['simulate', '--filename='], [':0']],
    [
      ['completion', 'f'],
      ['fish', ':4'],
    ],
    [['nonsense', ''], [':4']],
  ])('of %j is %j', async (before, expected) => {
    expect(await words(...before)).toEqual(expected);
  });

  it('never fails, whatever cannot be asked', async () => {
    const { code, out, err } = await run(['__complete', 'approve', '--kubeconfig', '/gone', '']);
    expect({ code, out, err }).toEqual({ code: 0, out: ':4', err: '' });
  });

  it.each(['bash', 'zsh', 'fish', 'kubectl'])('has a script for %s', async (shell) => {
    const { code, out } = await run(['completion', shell]);
    expect(code).toBe(0);
    expect(out).toContain('kubectl-headwind __complete');
  });

  it('has none for other shells', async () => {
    expect((await run(['completion', 'tcsh'])).code).toBe(2);
  });
});

describe("through Headwind's API", () => {
  let server: Server;
  let url: string;
  const seen: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const isPause =
        request.method === 'POST' && request.url?.endsWith('/Deployment/shop/web/pause') === true;
      const isList =
        request.url === '/api/v1/workloads?namespace=shop' || request.url === '/api/v1/workloads';
      const body = isPause ? { message: 'Paused' } : isList ? [VIEW] : { detail: 'There is no such route.' };
      response.writeHead(isPause || isList ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address != null ? address.port : 0}`;
  });
  afterAll(() => server.close());
  afterEach(() => void seen.splice(0));

  it('workloads are explained', async () => {
    const { code, out } = await run(['explain', 'web', '--api-url', url]);
    expect([code, out]).toEqual([0, expect.stringContaining('waits: policy: 2.0.0 is a major change')]);
    expect((await run(['explain', 'gone', '--api-url', url])).code).toBe(1);
    expect((await run(['explain', '-l', 'a=b', '--api-url', url])).code).toBe(2);
  });

  it('workloads are paused, whatever kind they turn out to be', async () => {
    const { code, out } = await run(['pause', 'web'], { env: { HEADWIND_API_URL: url } });
    expect([code, out]).toEqual([0, 'deployment.apps/web paused']);
    expect(seen).toEqual([
      'GET /api/v1/workloads?namespace=shop',
      'POST /api/v1/workloads/Deployment/shop/web/pause',
    ]);
  });

  it('a refusal is told', async () => {
    const { code, err } = await run(['resume', 'deploy/web', 'deploy/other', '--api-url', url]);
    expect(code).toBe(1);
    expect(err.split('There is no such route.')).toHaveLength(3);
  });
});
