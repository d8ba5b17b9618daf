import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRequest, NOON } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { startRequestCluster, type RequestCluster } from '../../../test/parts/request-cluster.ts';
import type { Clock } from '../../core/clock.ts';
import { formatHistory } from '../../core/history.ts';
import { requestLabels } from '../../core/request-name.ts';
import { runPlugin } from './program.ts';

const directory = mkdtempSync(join(tmpdir(), 'headwind-rollback-'));
const kubeconfig = join(directory, 'config');
let cluster: RequestCluster;

beforeAll(async () => {
  cluster = await startRequestCluster();
  const config = {
    'current-context': 'main',
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'bob', namespace: 'shop' } }],
    clusters: [{ name: 'c', cluster: { server: cluster.url } }],
    users: [{ name: 'bob', user: { token: 'x' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
});

afterAll(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true });
});

const HISTORY = formatHistory([
  {
    container: 'web',
    image: 'nginx:1.26.0',
    timestamp: '2026-01-01T11:00:00Z',
    updateRequestName: 'up',
    approvedBy: 'ann',
  },
  { container: 'proxy', image: 'envoy:2', timestamp: '2026-01-01T10:30:00Z' },
  { container: 'web', image: 'nginx:1.25.0', timestamp: '2026-01-01T10:00:00Z' },
  { container: 'web', image: 'nginx:7', timestamp: '2026-01-01T09:00:00Z' },
]);

function putWorkload(
  plural: string,
  name: string,
  images: Record<string, string>,
  annotations: Record<string, string> = {
    'headwind.sh/policy': 'minor',
    'headwind.sh/update-history': HISTORY,
  },
): void {
  const containers = Object.entries(images).map(([container, image]) => ({ name: container, image }));
  cluster.workloads.set(`/apis/apps/v1/namespaces/shop/${plural}/${name}`, {
    metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: '1', annotations },
    spec: { template: { spec: { containers } } },
  });
}

const UP = aRequest({ name: 'up', status: { phase: 'Completed' } });

beforeEach(() => {
  putWorkload('deployments', 'web', { web: 'nginx:1.26.0' });
  const labels = requestLabels({ kind: 'Deployment', name: 'web' }, 'web');
  cluster.put({ ...UP, metadata: { ...UP.metadata, labels } });
  cluster.afterPatch = (request) => {
    if (request.status.phase !== 'Approved') return;
    cluster.put({ ...request, status: { ...request.status, phase: 'Completed', message: 'Rolled back' } });
  };
});

afterEach(() => {
  cluster.requests.clear();
  cluster.workloads.clear();
  cluster.calls.length = 0;
  cluster.afterPatch = () => {};
});

/** Time passes as fast as somebody waits for it. */
const clock: Clock = {
  now: () => NOON,
  elapsed: () => NOON,
  after: (_delayMs, run) => {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
};

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = createRecordingTerminal();
  const code = await runPlugin({ args, env: { KUBECONFIG: kubeconfig }, terminal, clock });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

const rollbacks = () => [...cluster.requests.values()].filter(({ spec }) => spec.rollback === true);

describe('kubectl headwind history', () => {
  it('shows what the containers were given, newest first', async () => {
    const { code, out } = await run('history', 'web');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'INDEX   CONTAINER   IMAGE          TIMESTAMP              APPROVED BY   UPDATE REQUEST',
      '0       web         nginx:1.26.0   2026-01-01T11:00:00Z   ann           up',
      '1       proxy       envoy:2        2026-01-01T10:30:00Z   N/A           N/A',
      '1       web         nginx:1.25.0   2026-01-01T10:00:00Z   N/A           N/A',
      '2       web         nginx:7        2026-01-01T09:00:00Z   N/A           N/A',
    ]);
  });

  it('shows what runs where somebody has changed it by hand', async () => {
    putWorkload('deployments', 'web', { web: 'nginx:9' });
    const { out } = await run('history', 'deploy/web', '--container', 'web');
    expect(out.split('\n').map((line) => line.split(/ {3,}/).slice(0, 4))).toEqual([
      ['INDEX', 'CONTAINER', 'IMAGE', 'TIMESTAMP'],
      ['0', 'web', 'nginx:9', 'not by Headwind'],
      ['1', 'web', 'nginx:1.26.0', '2026-01-01T11:00:00Z'],
      ['2', 'web', 'nginx:1.25.0', '2026-01-01T10:00:00Z'],
      ['3', 'web', 'nginx:7', '2026-01-01T09:00:00Z'],
    ]);
  });

  it('writes JSON and YAML that say the same', async () => {
    const json = await run('history', 'web', '-n', 'shop', '-c', 'web', '-o', 'json');
    const yaml = await run('history', 'web', '-n', 'shop', '-c', 'web', '-o', 'yaml');
    expect(JSON.parse(json.out)).toMatchObject({
      kind: 'Deployment',
      name: 'web',
      containers: [{ container: 'web', image: 'nginx:1.26.0' }],
      entries: [{ index: 0 }, { index: 1 }, { index: 2 }],
    });
    expect(load(yaml.out)).toEqual(JSON.parse(json.out));
  });

  it('writes an empty table for a workload that was never updated', async () => {
    putWorkload('deployments', 'new', { web: 'nginx:1' }, { 'headwind.sh/policy': 'minor' });
    const { code, out } = await run('history', 'new');
    expect([code, out.split('\n')[1]]).toEqual([
      0,
      '0       web         nginx:1   not by Headwind   N/A           N/A',
    ]);
  });
});

describe('kubectl headwind rollback', () => {
  it('goes back to the previous version in the name of the caller, and waits', async () => {
    const { code, out, err } = await run('rollback', 'web', '-n', 'shop');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'Rolling back',
      'Deployment/web container web: nginx:1.26.0 -> nginx:1.25.0',
      'takes back up',
      'Completed: Rolled back',
    ]);
    expect(rollbacks()).toMatchObject([
      {
        spec: {
          rollback: true,
          currentImage: 'nginx:1.26.0',
          newImage: 'nginx:1.25.0',
          undoes: ['up'],
          reason: 'Manual rollback',
        },
        status: { phase: 'Completed', approvedBy: 'bob' },
      },
    ]);
  });

  it.each<[string, readonly string[], string]>([
    ['so many versions', ['--to', '2'], 'nginx:7'],
    ['a tag', ['--to', '1.25.0'], 'nginx:1.25.0'],
    ['a tag that is a number', ['--to', ':7'], 'nginx:7'],
    ['an image', ['--to=nginx:7'], 'nginx:7'],
    ['one of a named container', ['web'], 'nginx:1.25.0'],
    ['one of a container that is an option', ['--container', 'web'], 'nginx:1.25.0'],
  ])('goes back to %s', async (_name, args, image) => {
    expect((await run('rollback', 'deploy/web', ...args)).code).toBe(0);
    expect(rollbacks().map(({ spec }) => spec.newImage)).toEqual([image]);
  });

  it('records who and why', async () => {
    await run('rollback', 'web', '--approver', 'eve', '--reason', 'it "leaks"');
    expect(rollbacks()).toMatchObject([{ spec: { reason: 'it "leaks"' }, status: { approvedBy: 'eve' } }]);
  });

  it('changes nothing in a dry run', async () => {
    const { code, out } = await run('rollback', 'web', '--dry-run');
    expect(code).toBe(0);
    expect(out).toContain('Would roll back');
    expect(out).toContain('nginx:1.26.0 -> nginx:1.25.0');
    expect(cluster.calls.filter((call) => !call.startsWith('GET '))).toEqual([]);
  });

  it('writes JSON', async () => {
    const { out } = await run('rollback', 'web', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({
      kind: 'Deployment',
      workload: 'web',
      image: 'nginx:1.25.0',
      takesBack: ['up'],
      dryRun: false,
      status: { phase: 'Completed' },
    });
  });

  it('fails where the rollback fails', async () => {
    cluster.afterPatch = (request) => {
      if (request.status.phase === 'Approved')
        cluster.put({ ...request, status: { ...request.status, phase: 'Failed', message: 'refused' } });
    };
    const { code, err } = await run('rollback', 'web');
    expect(code).toBe(1);
    expect(err).toContain('ended as Failed: refused');
  });

  it('can be done again after it was done', async () => {
    await run('rollback', 'web');
    expect((await run('rollback', 'web')).code).toBe(0);
    expect(rollbacks()).toHaveLength(2);
  });

  it('names the containers where there are several', async () => {
    putWorkload('deployments', 'web', { web: 'nginx:1.26.0', proxy: 'envoy:3' });
    const { code, err } = await run('rollback', 'web');
    expect(code).toBe(1);
    expect(err).toContain('name one of web, proxy');
    expect((await run('rollback', 'web', 'proxy')).code).toBe(0);
  });

  it('names the kinds where several have the name', async () => {
    putWorkload('statefulsets', 'web', { web: 'nginx:1.26.0' });
    const { code, err } = await run('rollback', 'web');
    expect(code).toBe(1);
    expect(err).toContain('Deployment, StatefulSet; say which with --kind');
    expect((await run('rollback', 'sts/web')).code).toBe(0);
    expect((await run('rollback', 'web', '--kind', 'StatefulSet')).code).toBe(0);
    expect(rollbacks().map(({ spec }) => spec.targetRef.kind)).toEqual(['StatefulSet', 'StatefulSet']);
  });

  it.each<[string, readonly string[], string]>([
    ['an unknown workload', ['rollback', 'gone'], 'there is no workload "gone" in namespace "shop"'],
    ['an unknown one of a kind', ['history', 'sts/web'], 'there is no StatefulSet "web" in namespace "shop"'],
    ['an unknown container', ['rollback', 'web', 'cache'], 'no container cache; it has web'],
    ['an unknown container', ['history', 'web', '-c', 'cache'], 'no container cache; it has web'],
    ['an index that is not there', ['rollback', 'web', '--to', '9'], 'No history entry found at index 9'],
    ['what runs', ['rollback', 'web', '--to', '0'], 'runs nginx:1.26.0 already'],
    ['a release in a cluster without Flux', ['history', 'hr/web'], 'there is no HelmRelease "web"'],
    ['a workload that is not followed', ['history', 'other'], 'shop/other does not carry headwind.sh/policy'],
  ])('refuses %s', async (_name, args, message) => {
    putWorkload('deployments', 'other', { web: 'nginx:1' }, {});
    const { code, err } = await run(...args);
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(rollbacks()).toEqual([]);
  });
});

describe('kubectl headwind holds', () => {
  const REJECTED = aRequest({
    name: 'no',
    spec: { currentImage: 'nginx:1.26.0', newImage: 'nginx:1.27.0' },
    status: { phase: 'Rejected', rejectedBy: 'ann', rejectedAt: '2026-01-01T11:00:00Z', message: 'not now' },
  });

  it('lists what is held back', async () => {
    cluster.put(REJECTED);
    const { code, out } = await run('holds');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'REQUEST   WORKLOAD         CONTAINER   HELD           WHY        BY    AGE',
      'no        Deployment/web   web         nginx:1.27.0   rejected   ann   1h',
    ]);
  });

  it('lists what was taken back by hand', async () => {
    putWorkload('deployments', 'web', { web: 'nginx:1.25.0' });
    const { out } = await run('holds', '-A', '-o', 'json');
    expect(JSON.parse(out)).toEqual([
      {
        namespace: 'shop',
        kind: 'Deployment',
        workload: 'web',
        artifact: 'web',
        image: 'nginx:1.26.0',
        version: '1.26.0',
        why: 'taken back by hand',
        request: 'up',
      },
    ]);
    expect((await run('holds', 'release', 'up')).code).toBe(0);
    expect((await run('holds', '-A', '-o', 'name')).out).toBe('');
  });

  it('says that there is nothing', async () => {
    expect(await run('holds')).toMatchObject({
      code: 0,
      out: '',
      err: 'Nothing is held back in namespace "shop".',
    });
  });

  it('releases one, and says who', async () => {
    cluster.put(REJECTED);
    const { code, out } = await run('holds', 'release', 'ur/no', '-n', 'shop', '--reason', 'fixed');
    expect([code, out]).toEqual([0, 'nginx:1.27.0 may be proposed again']);
    expect(cluster.requests.get('shop/no')?.metadata.annotations).toEqual({
      'headwind.sh/hold-released': 'true',
      'headwind.sh/hold-released-by': 'bob',
    });
    expect((await run('holds', 'release', 'no')).code).toBe(0);
    expect((await run('holds')).out).toBe('');
  });

  it.each<[string, string, string]>([
    ['what holds nothing', 'up', 'UpdateRequest is in Completed state and holds nothing back'],
    ['what is not there', 'gone', 'there is no update request "gone"'],
  ])('refuses to release %s', async (_name, name, message) => {
    const { code, err } = await run('holds', 'release', name);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });
});

describe('bad usage', () => {
  it.each<readonly [readonly string[]]>([
    [['history']],
    [['history', 'Web_']],
    [['history', 'pod/web']],
    [['history', 'web', '-o', 'xml']],
    [['history', 'web', '--to', '1']],
    [['history', 'deploy/web', '--kind', 'sts']],
    [['rollback', 'web', 'web', 'web']],
    [['rollback', 'web', 'web', '-c', 'proxy']],
    [['rollback', 'web', '--to', '']],
    [['rollback', 'web', '--kind', 'pod']],
    [['rollback', 'web', '--timeout', 'soon']],
    [['holds', 'extra']],
    [['holds', '--reason', 'x']],
    [['holds', 'release']],
    [['holds', 'release', 'x', '-A']],
  ])('%j ends with 2 and changes nothing', async (args) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).not.toBe('');
    expect(rollbacks()).toEqual([]);
  });
});
