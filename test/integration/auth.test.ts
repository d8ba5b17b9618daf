import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { SessionView } from '../../src/http/api-shapes.ts';
import { accessControlPlane, type ControlPlaneAccess } from '../parts/control-plane-access.ts';
import { eventually } from '../parts/eventually.ts';
import { applyManifest, installHeadwind, readManifests } from '../parts/manifests.ts';
import { startHeadwind, type Program } from '../parts/program.ts';

/** Who somebody is, and what they may: in their own namespace, and in the other one. */
interface People {
  readonly approver: string;
  readonly viewer: string;
  readonly stranger: string;
}

const OPEN_NAMESPACE = `auth-${randomBytes(4).toString('hex')}`;
const CLOSED_NAMESPACE = `${OPEN_NAMESPACE}-closed`;
const APPROVER = `system:serviceaccount:${OPEN_NAMESPACE}:approver`;

let access: ControlPlaneAccess;
let directory: string;
let people: People;
let counter = 0;

beforeAll(async () => {
  access = accessControlPlane(inject('controlPlane'));
  await installHeadwind(access);
  for (const manifest of await readManifests('optional/roles.yaml')) await applyManifest(access, manifest);
  for (const name of [OPEN_NAMESPACE, CLOSED_NAMESPACE])
    await access.expectOk('POST', '/api/v1/namespaces', { metadata: { name } });
  people = {
    approver: await person('approver', 'headwind-approver'),
    viewer: await person('viewer', 'headwind-viewer'),
    stranger: await person('stranger'),
  };
  directory = await mkdtemp(join(tmpdir(), 'headwind-auth-'));
  const token = await access.serviceAccountToken('headwind-system', 'headwind');
  await writeFile(join(directory, 'kubeconfig'), access.kubeconfigFor(token), { mode: 0o600 });
});

afterAll(async () => {
  for (const name of [OPEN_NAMESPACE, CLOSED_NAMESPACE])
    await access.request('DELETE', `/api/v1/namespaces/${name}`);
  access.disconnect();
  await rm(directory, { recursive: true, force: true });
});

/** A service account with a role in the open namespace; answers its token. */
async function person(name: string, role?: string): Promise<string> {
  await access.expectOk('POST', `/api/v1/namespaces/${OPEN_NAMESPACE}/serviceaccounts`, {
    metadata: { name },
  });
  if (role !== undefined)
    await access.expectOk(
      'POST',
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${OPEN_NAMESPACE}/rolebindings`,
      {
        metadata: { name },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name, namespace: OPEN_NAMESPACE }],
      },
    );
  return access.serviceAccountToken(OPEN_NAMESPACE, name);
}

function requestsIn(namespace: string): string {
  return `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
}

/** A workload and a request for it that waits for a person; answers the request's name. */
async function aWaitingRequest(namespace: string): Promise<string> {
  counter += 1;
  const name = `web-${counter}`;
  const labels = { app: name };
  const containers = [{ name: 'app', image: 'registry.invalid/web:1.0.0' }];
  const deployment = await access.expectOk('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name, annotations: { 'headwind.sh/policy': 'minor' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  });
  const { uid } = z.object({ metadata: z.object({ uid: z.string() }) }).parse(deployment).metadata;
  await access.expectOk('POST', requestsIn(namespace), {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: { name, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name, uid }] },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace },
      updateType: 'image',
      containerName: 'app',
      currentImage: 'registry.invalid/web:1.0.0',
      newImage: 'registry.invalid/web:1.1.0',
      policy: 'minor',
      requireApproval: true,
    },
  });
  return name;
}

async function stored(namespace: string, name: string): Promise<UpdateRequest> {
  return UpdateRequest.parse(await access.expectOk('GET', `${requestsIn(namespace)}/${name}`));
}

/** Runs Headwind while `work` uses it. */
async function withHeadwind(
  env: Readonly<Record<string, string>>,
  work: (headwind: Program) => Promise<void>,
): Promise<void> {
  const headwind = await startHeadwind({
    env: {
      KUBECONFIG: join(directory, 'kubeconfig'),
      HEADWIND_NAMESPACES: `${OPEN_NAMESPACE},${CLOSED_NAMESPACE}`,
      ...env,
    },
  });
  try {
    await work(headwind);
    expect(headwind.output().join('\n')).not.toMatch(/eyJ[\w-]{20,}/);
  } finally {
    await headwind.stop();
  }
}

interface Call {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function call(url: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

function approval(base: string, namespace: string, name: string): string {
  return `${base}/api/v1/updates/${namespace}/${name}/approve`;
}

interface AuditRecord {
  readonly username: string;
  readonly action: string;
  readonly resource_type: string;
  readonly result: string;
}

/** The audit records about one request, once there are so many. */
async function auditOf(headwind: Program, name: string, count: number): Promise<readonly AuditRecord[]> {
  const Fields = z.object({
    username: z.string(),
    action: z.string(),
    resource_type: z.string(),
    name: z.string(),
    result: z.string(),
    timestamp: z.iso.datetime(),
  });
  return eventually(
    () => {
      const records = headwind
        .logs()
        .filter(({ target }) => target === 'headwind::audit')
        .map(({ fields }) => Fields.parse(fields))
        .filter((record) => record.name === name);
      if (records.length < count) throw new Error(`${records.length} records`);
      return Promise.resolve(records);
    },
    { what: `${count} audit records of ${name}` },
  );
}

const knows = async (
  headwind: Program,
  name: string,
  headers: Readonly<Record<string, string>>,
): Promise<void> => {
  await eventually(
    async () =>
      JSON.stringify((await call(`${headwind.urls.api}/api/v1/updates`, { headers })).body).includes(name),
    { what: `Headwind knows ${name}` },
  );
};

describe('mode token', () => {
  it('lets people do what RBAC lets them, each in their namespace, on both ports', async () => {
    await withHeadwind(
      { HEADWIND_API_AUTH_MODE: 'token', HEADWIND_UI_AUTH_MODE: 'token' },
      async (headwind) => {
        const open = await aWaitingRequest(OPEN_NAMESPACE);
        const closed = await aWaitingRequest(CLOSED_NAMESPACE);
        const admin = bearer(access.admin.token);
        await knows(headwind, closed, admin);
        await knows(headwind, open, admin);

        for (const base of [headwind.urls.api, headwind.urls.ui]) {
          const url = approval(base, OPEN_NAMESPACE, open);
          const attempts = [
            [await call(url, { method: 'POST' }), 401],
            [await call(url, { method: 'POST', headers: bearer('no-such-token') }), 401],
            [
              await call(url, {
                method: 'POST',
                headers: { 'x-user': 'admin', 'x-forwarded-user': 'admin' },
              }),
              401,
            ],
            [await call(url, { method: 'POST', headers: bearer(people.stranger) }), 403],
            [await call(url, { method: 'POST', headers: bearer(people.viewer) }), 403],
            [
              await call(approval(base, CLOSED_NAMESPACE, closed), {
                method: 'POST',
                headers: bearer(people.approver),
              }),
              403,
            ],
            [
              await call(url, {
                method: 'POST',
                headers: {
                  ...bearer(people.approver),
                  'sec-fetch-site': 'cross-site',
                  origin: 'https://evil.example',
                },
              }),
              403,
            ],
          ] as const;
          for (const [{ status, headers }, expected] of attempts) {
            expect(status).toBe(expected);
            expect(headers.has('www-authenticate')).toBe(expected === 401);
          }
        }
        expect((await stored(OPEN_NAMESPACE, open)).status.phase).toBe('Pending');

        const approved = await call(approval(headwind.urls.api, OPEN_NAMESPACE, open), {
          method: 'POST',
          headers: { ...bearer(people.approver), 'content-type': 'application/json' },
          body: '{"approver": "somebody-else"}',
        });
        expect(approved.status).toBe(200);
        expect((await stored(OPEN_NAMESPACE, open)).status).toMatchObject({
          phase: 'Completed',
          approvedBy: APPROVER,
        });
        expect((await stored(CLOSED_NAMESPACE, closed)).status.phase).toBe('Pending');

        const records = await auditOf(headwind, open, 13);
        expect(new Set(records.map(({ resource_type }) => resource_type))).toEqual(new Set(['Deployment']));
        expect(records.filter(({ result }) => result === 'success')).toMatchObject([
          { username: APPROVER, action: 'approve' },
        ]);
        expect(records.some(({ username }) => username.endsWith(':viewer'))).toBe(true);
      },
    );
  });

  it('shows to each what they may see', async () => {
    await withHeadwind({ HEADWIND_API_AUTH_MODE: 'token' }, async (headwind) => {
      const open = await aWaitingRequest(OPEN_NAMESPACE);
      const closed = await aWaitingRequest(CLOSED_NAMESPACE);
      await knows(headwind, open, bearer(access.admin.token));
      await knows(headwind, closed, bearer(access.admin.token));
      const { api } = headwind.urls;
      const namespacesSeen = async (token: string, path: string): Promise<readonly string[]> => {
        const { status, body } = await call(`${api}${path}`, { headers: bearer(token) });
        expect(status).toBe(200);
        const seen = z.array(z.object({ namespace: z.string() })).parse(body);
        return [...new Set(seen.map(({ namespace }) => namespace))].sort();
      };
      for (const path of ['/api/v1/updates', '/api/v1/workloads']) {
        expect(await namespacesSeen(people.viewer, path)).toEqual([OPEN_NAMESPACE]);
        expect(await namespacesSeen(people.stranger, path)).toEqual([]);
        expect(await namespacesSeen(access.admin.token, path)).toEqual([OPEN_NAMESPACE, CLOSED_NAMESPACE]);
      }
      const statusOf = async (token: string, path: string): Promise<number> =>
        (await call(`${api}${path}`, { headers: bearer(token) })).status;
      expect(await statusOf(people.viewer, `/api/v1/updates/${OPEN_NAMESPACE}/${open}`)).toBe(200);
      expect(await statusOf(people.viewer, `/api/v1/updates/${CLOSED_NAMESPACE}/${closed}`)).toBe(403);
      expect(await statusOf(people.viewer, `/api/v1/updates?namespace=${CLOSED_NAMESPACE}`)).toBe(403);
      expect(await statusOf(people.viewer, '/api/v1/webhooks/recent')).toBe(403);
      expect(await statusOf(access.admin.token, '/api/v1/webhooks/recent')).toBe(200);
      for (const path of ['/health', '/livez', '/readyz', '/openapi.json'])
        expect((await call(`${api}${path}`)).status).toBe(200);
    });
  });

  it('takes only tokens that are meant for Headwind, where that is set', async () => {
    const env = { HEADWIND_API_AUTH_MODE: 'token', HEADWIND_TOKEN_AUDIENCES: 'headwind' };
    await withHeadwind(env, async (headwind) => {
      const path = `/api/v1/namespaces/${OPEN_NAMESPACE}/serviceaccounts/viewer/token`;
      const meant = z.object({ status: z.object({ token: z.string() }) }).parse(
        await access.expectOk('POST', path, {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { audiences: ['headwind'], expirationSeconds: 600 },
        }),
      ).status.token;
      const url = `${headwind.urls.api}/api/v1/session`;
      expect((await call(url, { headers: bearer(people.viewer) })).status).toBe(401);
      expect((await call(url, { headers: bearer(meant) })).body).toMatchObject({
        username: `system:serviceaccount:${OPEN_NAMESPACE}:viewer`,
        mode: 'token',
      });
    });
  });
});

describe('sessions of the dashboard', () => {
  const cookieOf = (answer: Answer): string => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

  const signIn = async (ui: string, token: string): Promise<Answer> =>
    call(`${ui}/auth/sign-in`, {
      method: 'POST',
      headers: { ...FORM, origin: ui },
      body: new URLSearchParams({ token, next: '/' }).toString(),
    });

  it('begin with a token, act with their own CSRF token only, and do not come back', async () => {
    await withHeadwind({ HEADWIND_UI_AUTH_MODE: 'token' }, async (headwind) => {
      const { ui } = headwind.urls;
      const name = await aWaitingRequest(OPEN_NAMESPACE);
      await knows(headwind, name, {});
      const page = await call(`${ui}/`, { headers: { accept: 'text/html' } });
      expect(page.status).toBe(303);
      expect(page.headers.get('location')).toBe('/auth/sign-in');
      expect((await call(`${ui}/auth/sign-in`)).status).toBe(200);

      expect((await signIn(ui, 'wrong')).status).toBe(401);
      const signedIn = await signIn(ui, people.approver);
      expect(signedIn.status).toBe(303);
      expect(signedIn.headers.get('set-cookie')).toMatch(
        /^headwind-session=[\w-]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      );
      const cookie = cookieOf(signedIn);
      expect(cookie).not.toContain(people.approver);

      const session = SessionView.parse(
        (await call(`${ui}/api/v1/session?namespace=${OPEN_NAMESPACE}`, { headers: { cookie } })).body,
      );
      expect(session).toMatchObject({
        username: APPROVER,
        mode: 'token',
        may: { approve: true, changeSettings: false },
      });
      expect((await call(`${ui}/`, { headers: { cookie, accept: 'text/html' } })).status).toBe(200);
      const { body: list } = await call(`${ui}/api/v1/dashboard/updates`, { headers: { cookie } });
      expect(JSON.stringify(list)).toContain(name);

      const url = approval(ui, OPEN_NAMESPACE, name);
      const token = session.csrfToken ?? '';
      const act = async (headers: Readonly<Record<string, string>>): Promise<number> =>
        (await call(url, { method: 'POST', headers: { ...FORM, ...headers }, body: 'approver=mallory' }))
          .status;
      expect(await act({ cookie })).toBe(403);
      expect(await act({ cookie, 'x-csrf-token': 'AAAA' })).toBe(403);
      expect(await act({ cookie, 'x-csrf-token': token, origin: 'https://evil.example' })).toBe(403);
      expect(await act({ cookie: `${cookie.slice(0, -6)}AAAAAA`, 'x-csrf-token': token })).toBe(401);
      expect(await act({ cookie, 'x-csrf-token': token, origin: ui })).toBe(200);
      expect((await stored(OPEN_NAMESPACE, name)).status.approvedBy).toBe(APPROVER);

      const signedOut = await call(`${ui}/auth/sign-out`, {
        method: 'POST',
        headers: { cookie, 'x-csrf-token': token },
      });
      expect(signedOut.status).toBe(204);
      expect(signedOut.headers.get('set-cookie')).toContain('Max-Age=0');
      expect((await call(`${ui}/api/v1/session`, { headers: { cookie } })).status).toBe(401);
      expect(await act({ cookie, 'x-csrf-token': token })).toBe(401);
    });
  });

  it('hold at another process with the same key, and end when the token is revoked', async () => {
    const env = { HEADWIND_UI_AUTH_MODE: 'token', HEADWIND_SESSION_KEY: randomBytes(32).toString('base64') };
    const token = await person('leaver', 'headwind-viewer');
    let cookie = '';
    await withHeadwind(env, async (headwind) => {
      cookie = cookieOf(await signIn(headwind.urls.ui, token));
    });
    await withHeadwind(env, async (headwind) => {
      const url = `${headwind.urls.ui}/api/v1/session`;
      expect((await call(url, { headers: { cookie } })).status).toBe(200);
      await access.expectOk('DELETE', `/api/v1/namespaces/${OPEN_NAMESPACE}/serviceaccounts/leaver`);
      await eventually(async () => (await call(url, { headers: { cookie } })).status === 401, {
        what: 'the session has ended',
        timeoutMs: 90_000,
        everyMs: 1000,
      });
    });
    await withHeadwind(
      { ...env, HEADWIND_SESSION_KEY: randomBytes(32).toString('base64') },
      async (headwind) => {
        expect((await call(`${headwind.urls.ui}/api/v1/session`, { headers: { cookie } })).status).toBe(401);
      },
    );
  });

  it('are slow to guess', async () => {
    await withHeadwind({ HEADWIND_UI_AUTH_MODE: 'token' }, async (headwind) => {
      const statuses: number[] = [];
      for (let tries = 0; tries < 12; tries += 1)
        statuses.push((await signIn(headwind.urls.ui, `guess-${tries}`)).status);
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    });
  });

  it('are of the whole host and of HTTPS alone where a trusted proxy says that it is spoken', async () => {
    const env = { HEADWIND_UI_AUTH_MODE: 'token', HEADWIND_TRUSTED_PROXIES: '127.0.0.1' };
    await withHeadwind(env, async (headwind) => {
      const { ui } = headwind.urls;
      const answer = await call(`${ui}/auth/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-proto': 'https' },
        body: JSON.stringify({ token: people.viewer }),
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('set-cookie')).toMatch(/^__Host-headwind-session=.*; Path=\/;.*; Secure$/);
      const cookie = cookieOf(answer);
      const https = { cookie, 'x-forwarded-proto': 'https' };
      expect((await call(`${ui}/api/v1/session`, { headers: https })).status).toBe(200);
      expect((await call(`${ui}/api/v1/session`, { headers: { cookie } })).status).toBe(401);
    });
  });
});

describe('the dashboard’s stream', () => {
  it('is for those who may see, shows what they may see, and ends with their session', async () => {
    const leaver = await person('listener', 'headwind-viewer');
    await withHeadwind({ HEADWIND_UI_AUTH_MODE: 'token' }, async (headwind) => {
      const url = `${headwind.urls.ui}/api/v1/events/updates`;
      expect((await call(url)).status).toBe(401);
      const stream = await fetch(url, { headers: bearer(leaver), signal: AbortSignal.timeout(170_000) });
      let told = '';
      let isOver = false;
      const reading = (async () => {
        for await (const chunk of stream.body ?? []) told += Buffer.from(chunk).toString();
        isOver = true;
      })();
      const hidden = await aWaitingRequest(CLOSED_NAMESPACE);
      const shown = await aWaitingRequest(OPEN_NAMESPACE);
      const isTold = (): Promise<boolean> => Promise.resolve(told.includes(`"name":"${shown}"`));
      await eventually(isTold, { what: 'the stream tells of the request' });
      expect(told).toContain('event: init-done');
      expect(told).not.toContain(`"name":"${hidden}"`);
      await access.expectOk('DELETE', `/api/v1/namespaces/${OPEN_NAMESPACE}/serviceaccounts/listener`);
      await eventually(() => Promise.resolve(isOver), {
        what: 'the stream is over',
        timeoutMs: 150_000,
        everyMs: 1000,
      });
      await reading;
    });
  });
});

describe.each([
  ['simple', 'x-user', {}],
  ['proxy', 'x-auth-request-user', { HEADWIND_UI_PROXY_HEADER: 'X-Auth-Request-User' }],
])('mode %s', (mode, header, env) => {
  const modes = { HEADWIND_API_AUTH_MODE: mode, HEADWIND_UI_AUTH_MODE: mode, ...env };

  it('takes the name from a trusted proxy, and from the body never', async () => {
    await withHeadwind({ ...modes, HEADWIND_TRUSTED_PROXIES: '127.0.0.0/8,::1' }, async (headwind) => {
      const name = await aWaitingRequest(OPEN_NAMESPACE);
      await knows(headwind, name, { [header]: 'alice' });
      const url = approval(headwind.urls.ui, OPEN_NAMESPACE, name);
      const post = async (headers: Readonly<Record<string, string>>): Promise<number> =>
        (
          await call(url, {
            method: 'POST',
            headers: { ...headers, 'content-type': 'application/json' },
            body: '{"approver":"mallory"}',
          })
        ).status;
      expect(await post({})).toBe(401);
      expect(await post({ [header]: ' ' })).toBe(401);
      expect(await post({ [header]: 'system:admin' })).toBe(401);
      expect(await post({ [header]: 'alice', 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await post({ [header]: 'alice' })).toBe(200);
      expect((await stored(OPEN_NAMESPACE, name)).status.approvedBy).toBe('alice');
      const records = await auditOf(headwind, name, 5);
      expect(records.map(({ result }) => result)).toEqual(['error', 'error', 'error', 'error', 'success']);
    });
  });

  it('believes nobody else', async () => {
    await withHeadwind({ ...modes, HEADWIND_TRUSTED_PROXIES: '10.0.0.0/8' }, async (headwind) => {
      for (const url of [headwind.urls.api, headwind.urls.ui])
        for (const path of ['/api/v1/updates', '/api/v1/session', '/api/v1/workloads']) {
          const { status, body } = await call(`${url}${path}`, {
            headers: { [header]: 'alice', 'x-forwarded-for': '10.0.0.1' },
          });
          expect(status).toBe(401);
          expect(body).toMatchObject({ code: 'HW_UNAUTHENTICATED' });
        }
      expect((await call(`${headwind.urls.ui}/`, { headers: { [header]: 'alice' } })).status).toBe(401);
    });
  });

  it('does not start without trusted proxies', async () => {
    const headwind = await startHeadwind({
      env: { KUBECONFIG: join(directory, 'kubeconfig'), ...modes },
      waitUntilReady: false,
    });
    expect(await headwind.exited).toMatchObject({ code: 2 });
    expect(headwind.output().join('\n')).toContain('HEADWIND_TRUSTED_PROXIES');
  });
});

describe('mode proxy with groups', () => {
  it('asks RBAC what the groups may, and hands out none of Kubernetes’ own', async () => {
    await access.expectOk(
      'POST',
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${OPEN_NAMESPACE}/rolebindings`,
      {
        metadata: { name: 'leads' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'headwind-approver' },
        subjects: [{ kind: 'Group', name: 'shop-leads', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    );
    const env = {
      HEADWIND_UI_AUTH_MODE: 'proxy',
      HEADWIND_UI_PROXY_GROUPS_HEADER: 'X-Forwarded-Groups',
      HEADWIND_TRUSTED_PROXIES: '127.0.0.1',
    };
    await withHeadwind(env, async (headwind) => {
      const name = await aWaitingRequest(OPEN_NAMESPACE);
      await knows(headwind, name, {});
      const url = approval(headwind.urls.ui, OPEN_NAMESPACE, name);
      const post = async (groups: string): Promise<number> =>
        (
          await call(url, {
            method: 'POST',
            headers: { 'x-forwarded-user': 'alice', 'x-forwarded-groups': groups },
          })
        ).status;
      expect(await post('')).toBe(403);
      expect(await post('system:masters')).toBe(403);
      expect(await post('others, shop-leads')).toBe(200);
    });
  });
});

describe('mode none', () => {
  it('warns loudly, records who people say they are, and refuses pages of other sites', async () => {
    await withHeadwind({}, async (headwind) => {
      const warnings = headwind.logs().filter(({ level }) => level === 'WARN');
      const settings = warnings.map(({ fields }) => fields['setting']);
      expect(settings).toEqual(expect.arrayContaining(['HEADWIND_API_AUTH_MODE', 'HEADWIND_UI_AUTH_MODE']));
      const names = [await aWaitingRequest(OPEN_NAMESPACE), await aWaitingRequest(OPEN_NAMESPACE)];
      for (const name of names) await knows(headwind, name, {});
      const [first = '', second = ''] = names;
      const { ui } = headwind.urls;
      expect((await call(`${ui}/api/v1/session`)).body).toMatchObject({
        username: 'web-ui-user',
        mode: 'none',
        may: { approve: true },
      });
      const evil = { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' };
      expect(
        (await call(approval(ui, OPEN_NAMESPACE, first), { method: 'POST', headers: evil })).status,
      ).toBe(403);

      const bulk = await call(`${ui}/api/v1/updates/bulk/approve`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          updates: [...names, 'no-such'].map((name) => ({ namespace: OPEN_NAMESPACE, name })),
          approver: 'ann',
        }),
      });
      expect(bulk.body).toMatchObject({ success_count: 2, failed_count: 1 });
      expect(JSON.stringify(bulk.body)).toContain(`${OPEN_NAMESPACE}/no-such: HTTP 404 Not Found`);
      expect((await stored(OPEN_NAMESPACE, second)).status.approvedBy).toBe('ann');
      expect(await auditOf(headwind, second, 1)).toMatchObject([
        { username: 'ann', action: 'bulk_approve', resource_type: 'Deployment', result: 'success' },
      ]);
    });
  });
});
