import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { UpdateRequest } from '../../src/core/update-request.ts';
import { requirePart } from '../parts/binaries.ts';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, MANIFESTS, readManifests } from '../parts/manifests.ts';
import { aPerson, type Person } from '../parts/people.ts';
import { runProgram, type Ran } from '../parts/plugin-people.ts';
import { openWorld, requestsWhen, workloadOf, type World } from '../parts/world.ts';

describe('on Kubernetes 1.33, under the shipped role', () => {
  let plane: ControlPlane;
  let world: World;
  let ann: Person;

  beforeAll(async () => {
    plane = await startControlPlane({ modern: true });
    world = await openWorld(plane, { env: { HEADWIND_API_AUTH_MODE: 'token' } });
    for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(plane, manifest);
    ann = await aPerson(plane, { namespace: world.namespace, name: 'ann', roles: ['headwind-approver'] });
    await world.registry.pushImage({ repository: 'shop/web', tag: '1.0.0' });
    const images = { web: `${world.registry.host}/shop/web:1.0.0` };
    for (const [kind, plural] of KINDS)
      await world.create(plural, workloadOf(kind, { name: plural, images }));
  });

  afterAll(async () => {
    await world.close();
    await plane.stop();
  });

  const KINDS = [
    ['Deployment', 'deployments'],
    ['StatefulSet', 'statefulsets'],
    ['DaemonSet', 'daemonsets'],
  ] as const;

  const approve = async (token: string, request: UpdateRequest): Promise<number> => {
    const { namespace, name } = request.metadata;
    const url = `${world.headwind().urls.api}/api/v1/updates/${namespace}/${name}/approve`;
    return (await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status;
  };
  const pending = (tag: string): Promise<readonly UpdateRequest[]> =>
    requestsWhen(world, `three requests for ${tag}`, (all) => ofTag(all, tag).length === 3);
  const ofTag = (all: readonly UpdateRequest[], tag: string): readonly UpdateRequest[] =>
    all.filter(({ spec, status }) => spec.newImage.endsWith(`:${tag}`) && status.phase === 'Pending');

  const kubectl = (...args: readonly string[]): Promise<Ran> =>
    runProgram(requirePart('kubectl-1.33', process.env), args, {
      env: { PATH: '/usr/bin:/bin', HOME: plane.directory, KUBECONFIG: plane.admin.kubeconfigPath },
    });

  it('is 1.33', () => {
    expect(plane.version).toMatch(/^v1\.33\./);
  });

  it('a push becomes a request, and its approval by somebody with a token the new image, for every kind', async () => {
    await world.registry.pushImage({ repository: 'shop/web', tag: '1.1.0' });
    const stranger = await aPerson(plane, { namespace: world.namespace, name: 'stranger', roles: [] });
    for (const request of ofTag(await pending('1.1.0'), '1.1.0')) {
      expect(await approve('no such token', request)).toBe(401);
      expect(await approve(stranger.token, request)).toBe(403);
      expect(await approve(ann.token, request)).toBe(200);
    }
    for (const [, plural] of KINDS)
      expect(await world.images(plural, plural)).toEqual({ web: `${world.registry.host}/shop/web:1.1.0` });
    const approvers = (await world.requests()).map(({ status }) => status.approvedBy);
    expect(new Set(approvers)).toEqual(new Set([ann.username]));
  });

  it('goes on after the API server was killed and knows nothing of the old watches', async () => {
    await plane.stopApiServer();
    await plane.startApiServer();
    const images = { web: `${world.registry.host}/shop/late:1.0.0` };
    await world.create('deployments', workloadOf('Deployment', { name: 'late', images }));
    await world.registry.pushImage({ repository: 'shop/web', tag: '1.2.0' });
    for (const request of ofTag(await pending('1.2.0'), '1.2.0'))
      expect(await approve(ann.token, request)).toBe(200);
    for (const [, plural] of KINDS)
      expect(await world.images(plural, plural)).toEqual({ web: `${world.registry.host}/shop/web:1.2.0` });
    const url = `${world.headwind().urls.api}/api/v1/workloads?namespace=${world.namespace}`;
    const known = async (): Promise<boolean> => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${ann.token}` } });
      const views = z.array(z.object({ name: z.string() })).parse(await answer.json());
      return views.some(({ name }) => name === 'late');
    };
    await eventually(known, { what: 'the Deployment that came after the restart is known' });
  });

  it('kubectl 1.33 shows the requests, and says what Headwind says of rights', async () => {
    const here = ['-n', world.namespace];
    expect((await kubectl('get', 'ur', ...here)).out).toMatch(/^NAME +TARGET .*\n.*Completed/);
    const as = `--as=${ann.username}`;
    expect((await kubectl('auth', 'can-i', 'approve', 'updaterequests.headwind.sh', as, ...here)).out).toBe(
      'yes',
    );
    expect((await kubectl('auth', 'can-i', 'create', 'updaterequests.headwind.sh', as, ...here)).out).toBe(
      'no',
    );
  });

  it('takes every shipped manifest from kubectl 1.33, and finds them unchanged the second time', async () => {
    const apply = async (): Promise<string> => {
      const files = [
        ['-k', MANIFESTS],
        ['-f', join(MANIFESTS, 'optional')],
      ];
      const ran = await Promise.all(files.map((file) => kubectl('apply', ...file)));
      return ran.map(({ out, err }) => `${out}\n${err}`).join('\n');
    };
    expect(await apply()).toContain(
      'validatingadmissionpolicy.admissionregistration.k8s.io/headwind-approved-by',
    );
    const again = (await apply()).split('\n');
    expect(again.filter((line) => line !== '' && !line.endsWith(' unchanged'))).toEqual([]);
  });

  it('leaves no error in the log', () => {
    const errors = world
      .headwind()
      .logs()
      .filter(({ level }) => level === 'ERROR');
    expect(errors).toEqual([]);
  });
});
