import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { applyManifest, readManifests } from '../parts/manifests.ts';
import { eventually } from '../parts/eventually.ts';
import { openInstalled, type Installed } from '../parts/cluster/installed.ts';
import { allRun } from '../parts/cluster/pods.ts';
import { rounds } from '../parts/cluster/rounds.ts';
import { runningWorkload, SHAPES } from '../parts/cluster/shapes.ts';
import { historyOf, requestsInOrder, storyIs, told } from '../parts/cluster/story.ts';

const NAMESPACE = 'headwind-system';
const MAX_IDLE_MB = 110;
const shape = SHAPES.Deployment;

/** Run inside the container by the one program that is there. */
const LOOK_AROUND = `
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const status = Object.fromEntries(readFileSync('/proc/1/status', 'utf8').split('\\n').map((line) => line.split(/:\\s*/)));
const fails = (path) => { try { writeFileSync(path, ''); } catch ({ code }) { return code; } };
const commands = ['/bin', '/sbin', '/usr/bin', '/usr/sbin', '/usr/local/bin'].flatMap((place) => {
  try { return readdirSync(place); } catch { return []; }
});
console.log(JSON.stringify({
  uid: status.Uid, gid: status.Gid, capabilities: status.CapBnd, noNewPrivileges: status.NoNewPrivs, seccomp: status.Seccomp,
  written: ['/x', '/app/x', '/tmp/x', '/etc/x'].map(fails), commands, arenas: readFileSync('/proc/1/environ', 'utf8').includes('MALLOC_ARENA_MAX=1'),
  residentKib: parseInt(status.VmRSS), anonymousKib: parseInt(status.RssAnon),
}));`;
const Surroundings = z.looseObject({ residentKib: z.number(), anonymousKib: z.number() });
const LogLine = z.object({ level: z.string() });

describe.each(rounds(process.env))('the image, installed by the shipped manifests, round %i', () => {
  let headwind: Installed;

  beforeAll(async () => {
    headwind = await openInstalled();
  });
  afterAll(async () => {
    await headwind.close();
  });

  const lookAround = async (): Promise<z.infer<typeof Surroundings>> => {
    const { metadata } = await headwind.ownPod();
    const words = ['--namespace', NAMESPACE, 'exec', metadata.name, '--', '/usr/bin/node', '-e', LOOK_AROUND];
    return Surroundings.parse(JSON.parse(await headwind.kubectl.run(...words)));
  };

  /** Creates a workload that runs version 1.0.0. */
  const play = async (name: string, annotations: Readonly<Record<string, string>> = {}): Promise<void> => {
    await headwind.push(name, '1.0.0', 'healthy');
    const image = headwind.image(name, '1.0.0');
    const path = `/apis/apps/v1/namespaces/${headwind.namespace}/${shape.plural}`;
    await headwind.api.expectOk('POST', path, runningWorkload(shape, { name, image, annotations }));
    await allRun(headwind, { shape, name, image });
  };

  it('runs without rights, on a root that nobody can write to, with no command beside node', async () => {
    const { residentKib, anonymousKib, ...around } = await lookAround();

    expect(around).toEqual({
      uid: '1001\t1001\t1001\t1001',
      gid: '1001\t1001\t1001\t1001',
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      seccomp: '2',
      written: ['EROFS', 'EROFS', 'EROFS', 'EROFS'],
      commands: ['node'],
      arenas: true,
    });
    const [resident, anonymous] = [residentKib, anonymousKib].map((kib) => (kib * 1024) / 1e6);
    process.stdout.write(
      `image: at rest ${resident?.toFixed(1)} MB resident, of which ${anonymous?.toFixed(1)} MB its own\n`,
    );
    expect(resident).toBeLessThan(MAX_IDLE_MB);
  });

  it.each(['sh', '/bin/sh', 'bash', 'busybox', 'apt-get', 'dpkg'])('has no %s', async (command) => {
    const { metadata } = await headwind.ownPod();
    const words = ['--namespace', NAMESPACE, 'exec', metadata.name, '--', command];

    await expect(headwind.kubectl.run(...words)).rejects.toThrow(/no such file|not found/);
  });

  it('asks everybody for a token, and shows its dashboard to whoever has one', async () => {
    const answers = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
      eventually(() => fetch(url, { headers }), { what: `${url} answers`, everyMs: 200 });
    const { ui, approval, namespace, api } = headwind;

    expect((await answers(`${approval.url}/api/v1/updates`)).status).toBe(401);
    expect((await answers(`${ui.url}/api/v1/workloads`)).status).toBe(401);
    expect(await (await answers(ui.url, { accept: 'text/html' })).text()).toContain('Sign in');
    const token = await api.serviceAccountToken(namespace, 'default');
    const page = await answers(ui.url, { accept: 'text/html', authorization: `Bearer ${token}` });
    expect(await page.text()).toMatch(/src="[^"]*assets\/[^"]+\.js"/);
  });

  it('rolls a pushed image out once a person who may has approved it', async () => {
    await play('approved', { 'require-approval': 'true' });
    const token = await approver(headwind);
    await headwind.push('approved', '1.1.0', 'healthy');
    const [request] = await storyIs(headwind, 'approved', ['1.0.0 -> 1.1.0 Pending']);
    const url = `${headwind.approval.url}/api/v1/updates/${headwind.namespace}/${request?.metadata.name}/approve`;
    const approve = (bearer: string): Promise<Response> =>
      fetch(url, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } });
    const stranger = await headwind.api.serviceAccountToken(headwind.namespace, 'default');

    expect((await approve(stranger)).status).toBe(403);
    expect((await approve(token)).status).toBe(200);
    await allRun(headwind, { shape, name: 'approved', image: headwind.image('approved', '1.1.0') });
    expect(await historyOf(headwind, shape, 'approved')).toEqual([
      `1.1.0 system:serviceaccount:${headwind.namespace}:approver`,
      '1.0.0 -',
    ]);
  });

  it('goes on where it was when its pod is killed, and does nothing twice', async () => {
    await Promise.all([play('bad'), play('good')]);
    await headwind.push('bad', '1.1.0', 'crashes at once');
    await headwind.push('good', '1.1.0', 'is ready after 20 s');
    await eventually(
      async () => {
        const requests = await Promise.all(['bad', 'good'].map((name) => requestsInOrder(headwind, name)));
        return requests.every((all) => all.some(({ status }) => status.phase === 'Completed'));
      },
      { what: 'both are applied and watched', timeoutMs: 60_000, everyMs: 50 },
    );

    const { metadata: before } = await headwind.ownPod();
    await headwind.kubectl.run(
      '--namespace',
      NAMESPACE,
      'delete',
      'pod',
      before.name,
      '--grace-period=0',
      '--force',
    );
    const after = await headwind.ownPod();
    for (const one of [headwind.webhook, headwind.approval]) one.renew();
    expect(after.metadata.uid).not.toBe(before.uid);

    const undone = ['1.0.0 -> 1.1.0 RolledBack', 'rollback 1.1.0 -> 1.0.0 Completed'];
    await storyIs(headwind, 'bad', undone);
    await allRun(headwind, { shape, name: 'bad', image: headwind.image('bad', '1.0.0') });
    await allRun(headwind, { shape, name: 'good', image: headwind.image('good', '1.1.0') });
    // The registry repeats what nobody took.
    await headwind.push('good', '1.2.0', 'healthy');
    await storyIs(headwind, 'good', ['1.0.0 -> 1.1.0 Completed', '1.1.0 -> 1.2.0 Completed']);
    await allRun(headwind, { shape, name: 'good', image: headwind.image('good', '1.2.0') });
    expect((await requestsInOrder(headwind, 'bad')).map(told)).toEqual(undone);
    expect(await historyOf(headwind, shape, 'bad')).toEqual([
      '1.0.0 headwind-auto-rollback',
      '1.1.0 policy',
      '1.0.0 -',
    ]);
    expect(await historyOf(headwind, shape, 'good')).toEqual(['1.2.0 policy', '1.1.0 policy', '1.0.0 -']);
  });

  it('needs no more than its role, and has nothing to complain of', async () => {
    const { metadata, status } = await headwind.ownPod();
    const log = await headwind.kubectl.run('--namespace', NAMESPACE, 'logs', metadata.name);
    const lines = log.trimEnd().split('\n');

    expect(lines.filter((line) => LogLine.parse(JSON.parse(line)).level === 'ERROR')).toEqual([]);
    expect(lines.filter((line) => /forbidden/i.test(line))).toEqual([]);
    expect(status.containerStatuses?.[0].restartCount).toBe(0);
  });
});

/** The token of somebody who may approve in the namespace of the workloads, by the shipped role for that. */
async function approver({ api, namespace }: Installed): Promise<string> {
  for (const role of await readManifests('optional/roles.yaml')) await applyManifest(api, role);
  await api.expectOk('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    metadata: { name: 'approver' },
  });
  await api.expectOk('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`, {
    metadata: { name: 'approvers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-approver' },
    subjects: [{ kind: 'ServiceAccount', name: 'approver', namespace }],
  });
  return api.serviceAccountToken(namespace, 'approver');
}
