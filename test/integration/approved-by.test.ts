import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { requirePart } from '../parts/binaries.ts';
import type { ApiAnswer } from '../parts/control-plane-access.ts';
import { startControlPlane, type ControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, installationFiles, installHeadwind, readManifests } from '../parts/manifests.ts';
import { aPerson, type Person } from '../parts/people.ts';
import { pluginPath, runProgram, type Ran } from '../parts/plugin-people.ts';
import { startHeadwind, type Program } from '../parts/program.ts';
import { workloadOf } from '../parts/world.ts';

/** Headwind watches the shop; the shelf holds requests that nothing happens to. */
const SHOP = 'shop';
const SHELF = 'shelf';
/** What the API server calls olga. */
const OLGA = `system:serviceaccount:${SHELF}:olga`;
const FILE = 'optional/approved-by.yaml';
const DENIED = "ValidatingAdmissionPolicy 'headwind-approved-by'";
const Message = z.object({ message: z.string() });

let plane: ControlPlane;
let directory: string;
let headwind: Program;
let headwindToken: string;
/** May approve. */
let ann: Person;
/** May do all that somebody may be given who is not Headwind. */
let olga: Person;
let counter = 0;

beforeAll(async () => {
  plane = await startControlPlane({ modern: true });
  await installHeadwind(plane);
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(plane, manifest);
  for (const name of [SHOP, SHELF])
    await plane.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  ann = await aPerson(plane, { namespace: SHOP, name: 'ann', roles: ['headwind-approver'] });
  olga = await aPerson(plane, { namespace: SHELF, name: 'olga', roles: ['headwind-rollbacker'] });
  const roleRef = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'headwind-rollbacker',
  };
  const subjects = [{ kind: 'ServiceAccount', name: 'olga', namespace: SHELF }];
  await plane.expectOk('POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${SHOP}/rolebindings`, {
    metadata: { name: 'olga' },
    roleRef,
    subjects,
  });
  directory = await mkdtemp(join(tmpdir(), 'headwind-approved-by-'));
  headwindToken = await plane.serviceAccountToken('headwind-system', 'headwind');
  const KUBECONFIG = await kubeconfigOf('headwind', headwindToken);
  const env = {
    KUBECONFIG,
    HEADWIND_NAMESPACES: SHOP,
    HEADWIND_VERIFY_IMAGES: 'never',
    HEADWIND_API_AUTH_MODE: 'token',
  };
  headwind = await startHeadwind({ env });
});

afterAll(async () => {
  await headwind.stop();
  await plane.stop();
  await rm(directory, { recursive: true, force: true });
});

async function kubeconfigOf(name: string, token: string): Promise<string> {
  const file = join(directory, `${name}.yaml`);
  await writeFile(file, plane.kubeconfigFor(token), { mode: 0o600 });
  return file;
}

function requestsIn(namespace: string): string {
  return `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
}

const SPEC = {
  targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: SHELF },
  updateType: 'image',
  containerName: 'app',
  currentImage: 'registry.invalid/web:1.0.0',
  newImage: 'registry.invalid/web:1.1.0',
  policy: 'minor',
};

/** A request on the shelf with this status, as Headwind has written it; answers its path. */
async function aRequest(status: object = { phase: 'Pending' }): Promise<string> {
  counter += 1;
  const name = `shelved-${counter}`;
  const path = `${requestsIn(SHELF)}/${name}`;
  await plane.expectOk('POST', requestsIn(SHELF), { ...OBJECT, metadata: { name } });
  expect(await patch(headwindToken, `${path}/status`, { status })).toMatchObject({ status: 200 });
  return path;
}

const OBJECT = { apiVersion: 'headwind.sh/v1alpha1', kind: 'UpdateRequest', spec: SPEC };

function patch(token: string, path: string, body: object): Promise<ApiAnswer> {
  return plane.requestAs(token, { method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
}

/** As `patch`, but nothing is kept of it. */
function tryPatch(token: string, path: string, body: object): Promise<ApiAnswer> {
  return patch(token, `${path}?dryRun=All`, body);
}

async function refusal(answer: ApiAnswer): Promise<string> {
  const { message } = Message.parse(answer.body);
  expect([answer.status, message]).toEqual([403, expect.stringContaining(DENIED)]);
  return message;
}

/** A request of Headwind itself, caused by a push, for a new workload; answers its name. */
async function aPush(annotations: Readonly<Record<string, string>> = {}): Promise<string> {
  counter += 1;
  const workload = `web-${counter}`;
  const images = { app: `registry.invalid/${workload}:1.0.0` };
  const deployments = `/apis/apps/v1/namespaces/${SHOP}/deployments`;
  await plane.expectOk(
    'POST',
    deployments,
    workloadOf('Deployment', { name: workload, images, annotations }),
  );
  return eventually(
    async () => {
      await fetch(`${headwind.urls.webhook}/webhook/generic`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ repository: `registry.invalid/${workload}`, tag: '1.1.0' }),
      });
      const { items } = z
        .object({ items: z.array(UpdateRequest) })
        .parse(await plane.expectOk('GET', requestsIn(SHOP)));
      const found = items.find(({ spec }) => spec.targetRef.name === workload);
      if (found === undefined) throw new Error(`${items.length} requests`);
      return found.metadata.name;
    },
    { what: `a request for ${workload}` },
  );
}

/** Waits until the request in the shop is in that phase, and answers it. */
async function becomes(name: string, phase: string): Promise<UpdateRequest> {
  return eventually(
    async () => {
      const request = UpdateRequest.parse(await plane.expectOk('GET', `${requestsIn(SHOP)}/${name}`));
      if (request.status.phase !== phase) throw new Error(JSON.stringify(request.status));
      return request;
    },
    { what: `${name} is ${phase}` },
  );
}

async function kubectl(person: Person, ...args: readonly string[]): Promise<Ran> {
  const KUBECONFIG = await kubeconfigOf('person', person.token);
  const env = { PATH: pluginPath(), HOME: directory, KUBECONFIG };
  return runProgram(requirePart('kubectl-1.33', process.env), ['headwind', ...args, '-n', SHOP], { env });
}

describe('without the policy', () => {
  it('whoever may patch the status may write any name there', async () => {
    const path = await aRequest();
    const answer = await tryPatch(olga.token, `${path}/status`, {
      status: { phase: 'Approved', approvedBy: 'the boss' },
    });
    expect(answer).toMatchObject({ status: 200, body: { status: { approvedBy: 'the boss' } } });
  });

  it('is how it is everywhere at first: an older API server would not know the policy', async () => {
    expect(await installationFiles()).not.toContain(FILE);
  });
});

describe('with the policy', () => {
  beforeAll(async () => {
    const path = await aRequest();
    for (const manifest of await readManifests(FILE)) await applyManifest(plane, manifest);
    const forged = { status: { phase: 'Approved', approvedBy: 'the boss' } };
    await eventually(async () => (await tryPatch(olga.token, `${path}/status`, forged)).status === 403, {
      what: 'the policy is in force',
    });
  });

  describe('of a pending request', () => {
    let path: string;
    beforeAll(async () => {
      path = await aRequest();
    });

    it.each([
      ['approves by kubectl', { phase: 'Approved', approvedBy: OLGA }],
      ['rejects', { phase: 'Rejected', rejectedBy: OLGA, message: 'not on a Friday' }],
      [
        'approves with all that the plugin writes',
        {
          phase: 'Approved',
          approvedBy: OLGA,
          approvedAt: '2026-01-02T03:04:05Z',
          lastUpdated: '2026-01-02T03:04:05Z',
          createdAt: '2026-01-02T03:04:05Z',
          message: `Approved by ${OLGA}`,
          conditions: [aCondition('Approved', 'True'), aCondition('Verified', 'False')],
        },
      ],
      ['changes nothing', { phase: 'Pending' }],
    ])('somebody %s, in their own name', async (_what, status) => {
      const answer = await tryPatch(olga.token, `${path}/status`, { status });
      expect(answer).toMatchObject({ status: 200, body: { status } });
    });

    it.each([
      [
        'the approver is somebody else',
        { phase: 'Approved', approvedBy: 'bob' },
        `status.approvedBy is "bob" and you are "${OLGA}": approve in your own name`,
      ],
      ['the approver is nobody', { phase: 'Approved' }, `status.approvedBy is "" and you are "${OLGA}"`],
      [
        'policy is said to have approved it',
        { phase: 'Approved', approvedBy: 'policy' },
        'status.approvedBy is "policy"',
      ],
      [
        'somebody else is said to have rejected it',
        { phase: 'Rejected', rejectedBy: 'bob' },
        'status.rejectedBy is "bob"',
      ],
      [
        'both is said at once',
        { phase: 'Approved', approvedBy: OLGA, rejectedBy: 'bob' },
        'either approved or rejected',
      ],
      [
        'a name is laid in store',
        { approvedBy: 'bob' },
        'may only move a Pending one to Approved or Rejected, and this one is Pending',
      ],
      [
        'it is said to be done',
        { phase: 'Completed', approvedBy: OLGA },
        'would go from Pending to Completed',
      ],
      [
        'a version to go back to is brought along',
        { phase: 'Approved', approvedBy: OLGA, previousImage: 'registry.invalid/web:0.1.0' },
        'status.previousImage, startedAt, verification, notifications and announced are written by Headwind',
      ],
      [
        'that it was told of is brought along',
        { phase: 'Approved', approvedBy: OLGA, announced: 'Approved' },
        'notifications and announced are written by Headwind',
      ],
      [
        'a condition of Headwind is brought along',
        {
          phase: 'Approved',
          approvedBy: OLGA,
          conditions: [aCondition('Healthy', 'True')],
        },
        'other conditions are written by Headwind alone',
      ],
      [
        'a registry is said to have confirmed it',
        {
          phase: 'Approved',
          approvedBy: OLGA,
          conditions: [aCondition('Verified', 'True')],
        },
        'Verified as spec.newDigest has it',
      ],
    ])('is refused where %s', async (_what, status, message) => {
      const answer = await tryPatch(olga.token, `${path}/status`, { status });
      expect(await refusal(answer)).toContain(message);
    });

    it.each([
      ['another image', { newImage: 'registry.invalid/web:2.0.0' }],
      ['another workload', { targetRef: { ...SPEC.targetRef, name: 'bank' } }],
      ['a digest', { newDigest: `sha256:${'0'.repeat(64)}` }],
      ['what it takes back', { undoes: ['other'] }],
    ])('%s cannot be put into it while somebody looks at it', async (_what, spec) => {
      const message = await refusal(await tryPatch(olga.token, path, { spec }));
      expect(message).toContain('stays as it was made: make another one');
    });

    it('labels and how long it waits are free', async () => {
      const body = { metadata: { labels: { team: 'shop' } }, spec: { expiresAt: '2099-01-01T00:00:00Z' } };
      expect(await tryPatch(olga.token, path, body)).toMatchObject({ status: 200 });
    });

    it('is not approved by somebody who happens to be called "policy"', async () => {
      const status = { phase: 'Approved', approvedBy: 'policy' };
      const said = await impersonating('policy', path, status);
      expect(said).toContain(DENIED);
      expect(said).toContain('"policy" as approver means that Headwind itself decided');
    });

    it('Headwind records whom it has authenticated', async () => {
      const status = { phase: 'Approved', approvedBy: 'carol@example.com' };
      const answer = await tryPatch(headwindToken, `${path}/status`, { status });
      expect(answer).toMatchObject({ status: 200, body: { status } });
    });
  });

  it.each([
    ['the approver', { approvedBy: 'bob' }],
    ['the phase', { phase: 'Completed' }],
    ['what ran before', { previousImage: 'registry.invalid/web:0.1.0' }],
  ])('%s of a decided request is not changed by others', async (_what, status) => {
    const path = await aRequest({ phase: 'Approved', approvedBy: 'carol@example.com' });
    const answer = await tryPatch(olga.token, `${path}/status`, { status });
    expect(await refusal(answer)).toContain('is written by Headwind');
  });

  it('what was approved stays what is done', async () => {
    const path = await aRequest({ phase: 'Approved', approvedBy: 'carol@example.com' });
    const answer = await tryPatch(olga.token, path, { spec: { notBefore: '2099-01-01T00:00:00Z' } });
    expect(await refusal(answer)).toContain('that is Approved stays as it was decided on');
  });

  it('a request can be made, but not with a digest that only a registry can have said', async () => {
    const path = `${requestsIn(SHELF)}?dryRun=All`;
    const post = (spec: object): Promise<ApiAnswer> =>
      plane.requestAs(olga.token, {
        method: 'POST',
        path,
        body: { ...OBJECT, metadata: { name: 'made' }, spec },
      });
    expect(await post(SPEC)).toMatchObject({ status: 201 });
    expect(await refusal(await post({ ...SPEC, newDigest: `sha256:${'0'.repeat(64)}` }))).toContain(
      'spec.newDigest',
    );
  });

  it('a hold is lifted in nobody else’s name', async () => {
    const path = await aRequest({ phase: 'Rejected', rejectedBy: 'carol@example.com' });
    const lift = (by: string): Promise<ApiAnswer> =>
      tryPatch(olga.token, path, {
        metadata: {
          annotations: { 'headwind.sh/hold-released': 'true', 'headwind.sh/hold-released-by': by },
        },
      });
    expect(await lift(OLGA)).toMatchObject({ status: 200 });
    expect(await refusal(await lift('bob'))).toContain('headwind.sh/hold-released-by is "bob"');
  });
});

describe('under it, Headwind and its plugin', () => {
  it('carry an update from the push to its end where policy approves', async () => {
    const done = await becomes(await aPush({ 'require-approval': 'false' }), 'Completed');
    expect(done.status.approvedBy).toBe('policy');
  });

  it('apply what somebody approves in the API with a token', async () => {
    const name = await aPush();
    const url = `${headwind.urls.api}/api/v1/updates/${SHOP}/${name}/approve`;
    const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${ann.token}` } });
    expect(answer.status).toBe(200);
    expect((await becomes(name, 'Completed')).status.approvedBy).toBe(ann.username);
  });

  it('apply what somebody approves by a patch in their own name', async () => {
    const name = await aPush();
    const status = { phase: 'Approved', approvedBy: ann.username };
    expect(await patch(ann.token, `${requestsIn(SHOP)}/${name}/status`, { status })).toMatchObject({
      status: 200,
    });
    expect((await becomes(name, 'Completed')).status.approvedBy).toBe(ann.username);
  });

  it('approve, reject, roll back and lift holds with kubectl 1.33', async () => {
    const name = await aPush();
    expect(await kubectl(ann, 'approve', name)).toMatchObject({ code: 0, err: '' });
    const done = await becomes(name, 'Completed');
    expect(done.status.approvedBy).toBe(ann.username);

    const workload = done.spec.targetRef.name;
    const back = await kubectl(olga, 'rollback', workload);
    expect(back).toMatchObject({ code: 0, err: '' });
    await becomes(name, 'RolledBack');
    expect(await kubectl(olga, 'holds', 'release', name)).toMatchObject({ code: 0, err: '' });

    const other = await aPush();
    expect(await kubectl(ann, 'reject', other, 'not now')).toMatchObject({ code: 0, err: '' });
    expect((await becomes(other, 'Rejected')).status.rejectedBy).toBe(ann.username);
  });

  it('the plugin hands on the refusal where it is told another name', async () => {
    const name = await aPush();
    const { code, err } = await kubectl(ann, 'approve', name, '--approver', 'bob');
    expect(code).toBe(1);
    expect(err).toContain(`status.approvedBy is "bob" and you are "${ann.username}"`);
    expect(err).not.toContain('you may not');
  });
});

function aCondition(type: string, status: string): object {
  const lastTransitionTime = '2026-01-02T03:04:05Z';
  return { type, status, reason: 'Told', message: 'Somebody said so.', lastTransitionTime };
}

/** What kubectl says to an administrator who tries to write this status, on the shelf, as somebody of that name. */
async function impersonating(user: string, path: string, status: object): Promise<string> {
  const KUBECONFIG = await kubeconfigOf('admin', plane.admin.token);
  const env = { PATH: '/usr/bin:/bin', HOME: directory, KUBECONFIG };
  const what = ['patch', 'ur', basename(path), '-n', SHELF, '--subresource=status', '--type=merge'];
  const who = [`--as=${user}`, '--as-group=system:masters', '--dry-run=server'];
  const args = [...what, ...who, '-p', JSON.stringify({ status })];
  return (await runProgram(requirePart('kubectl-1.33', process.env), args, { env })).err;
}
