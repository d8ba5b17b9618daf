import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { startTokenServer, type TokenServer } from '../parts/token-server.ts';
import { openWorld, workloadOf, type WorkloadDescription, type World } from '../parts/world.ts';
import { artifactOf, bugsIn, knownTo, requestsFor, tell, theRequestFor } from '../parts/workload-views.ts';

/** For how long a secret that was read is believed, and some for asking. */
const ROTATION_MS = 15_000;

// Words that stand nowhere else, so that a search for them finds nothing but a leak.
const USERS = {
  owner: 'pw-owner-Quohl4aech',
  alice: 'pw-alice-Iequ8Ahm1u',
  bob: 'pw-bob-phoJ9eiSh3',
};
const WRONG = { username: 'mallory', password: 'pw-mallory-Xai5ohqu7k' };
const owner = { username: 'owner', password: USERS.owner };
const login = (username: 'alice' | 'bob'): { username: string; password: string } => ({
  username,
  password: USERS[username],
});

type SecretType = 'dockerconfigjson' | 'dockercfg';
type Auths = Readonly<Record<string, { readonly username: string; readonly password: string }>>;

/** Of the two ways to write a login, the newer type has the encoded one here and the older type the plain one. */
function aPullSecret(name: string, type: SecretType, logins: Auths): object {
  const auths =
    type === 'dockercfg'
      ? logins
      : {
          auths: Object.fromEntries(
            Object.entries(logins).map(([key, { username, password }]) => [
              key,
              { auth: Buffer.from(`${username}:${password}`).toString('base64') },
            ]),
          ),
        };
  return {
    metadata: { name },
    type: `kubernetes.io/${type}`,
    data: { [`.${type}`]: Buffer.from(JSON.stringify(auths)).toString('base64') },
  };
}

describe('private registries are asked with what the workload itself would show them', () => {
  let tokens: TokenServer;
  let basic: DockerRegistry;
  let bearer: DockerRegistry;
  let world: World;
  let otherNamespace: string;

  beforeAll(async () => {
    tokens = await startTokenServer({ users: USERS });
    basic = await startDockerRegistry({ auth: { htpasswd: USERS } });
    bearer = await startDockerRegistry({ auth: { token: tokens.auth } });
    world = await openWorld(inject('controlPlane'), {
      notifies: false,
      env: {
        HEADWIND_INSECURE_REGISTRIES: `${basic.host},${bearer.host}`,
        HEADWIND_VERIFY_IMAGES: 'always',
        HEADWIND_LOG: 'trace',
      },
    });
    otherNamespace = `${world.namespace}-b`;
    await world.api.expectOk('POST', '/api/v1/namespaces', { metadata: { name: otherNamespace } });
  });
  afterAll(async () => {
    await world.api.request('DELETE', `/api/v1/namespaces/${otherNamespace}`);
    await world.close();
    await basic.stop();
    await bearer.stop();
    await tokens.stop();
  });

  const create = (plural: string, object: object, namespace = world.namespace): Promise<unknown> =>
    world.api.expectOk('POST', `/api/v1/namespaces/${namespace}/${plural}`, object);
  const aServiceAccount = (name: string, pullSecret: string): object => ({
    metadata: { name },
    imagePullSecrets: [{ name: pullSecret }],
  });
  const aDeployment = (
    name: string,
    repository: string,
    access: Pick<WorkloadDescription, 'pullSecrets' | 'serviceAccount'> = {},
  ): object => workloadOf('Deployment', { name, images: { app: `${repository}:1.0.0` }, ...access });

  const sources = (['pod', 'service account'] as const).flatMap((source) =>
    (['dockerconfigjson', 'dockercfg'] as const).flatMap((type) =>
      (['Basic', 'Bearer'] as const).map((scheme) => ({ source, type, scheme })),
    ),
  );

  it.each(sources)("$scheme: the $source's imagePullSecrets, kubernetes.io/$type", async (row) => {
    const registry = row.scheme === 'Basic' ? basic : bearer;
    const name = `${row.source}-${row.type}-${row.scheme}`.toLowerCase().replaceAll(' ', '-');
    await create('secrets', aPullSecret(name, row.type, { [registry.host]: login('alice') }));
    if (row.source !== 'pod') await create('serviceaccounts', aServiceAccount(name, name));
    const access = row.source === 'pod' ? { pullSecrets: [name] } : { serviceAccount: name };
    await world.create('deployments', aDeployment(name, `${registry.host}/${name}`, access));
    await knownTo(world, name);
    const { digest } = await registry.pushImage({ repository: name, tag: '1.1.0', credentials: owner });

    expect(await tell(world, `${registry.host}/${name}`, '1.1.0')).toMatchObject({
      status: 200,
      body: { created: 1 },
    });
    expect((await theRequestFor(world, name)).spec.newDigest).toBe(digest);
  });

  it('of several logins the one for the longest path is shown first, and one for another path never', async () => {
    const { host } = bearer;
    const logins = {
      [host]: WRONG,
      [`http://${host}/v2/shop`]: login('alice'),
      [`${host}/shop/inner`]: login('bob'),
    };
    await create('secrets', aPullSecret('by-path', 'dockerconfigjson', logins));
    const repositories = { inner: 'shop/inner/app', outer: 'shop/app', neighbour: 'shopfront/app' };
    for (const [name, repository] of Object.entries(repositories)) {
      await world.create(
        'deployments',
        aDeployment(name, `${host}/${repository}`, { pullSecrets: ['by-path'] }),
      );
      await bearer.pushImage({ repository, tag: '1.1.0', credentials: owner });
    }
    await knownTo(world, ...Object.keys(repositories));
    /** Who asked the token server for the right to see this repository, after the push. */
    const usersOf = (repository: string): readonly (string | undefined)[] =>
      tokens.requests
        .filter(
          ({ user, scopes }) => user !== 'owner' && scopes.some((scope) => scope.includes(`:${repository}:`)),
        )
        .map(({ user }) => user);

    expect((await tell(world, `${host}/${repositories.inner}`, '1.1.0')).status).toBe(200);
    expect((await tell(world, `${host}/${repositories.outer}`, '1.1.0')).status).toBe(200);
    expect((await tell(world, `${host}/${repositories.neighbour}`, '1.1.0')).status).toBe(503);
    expect(usersOf(repositories.inner)).toEqual(['bob']);
    expect(usersOf(repositories.outer)).toEqual(['alice']);
    expect(new Set(usersOf(repositories.neighbour))).toEqual(new Set([WRONG.username, undefined]));
    const [blocker] = (await artifactOf(world, 'neighbour')).blockers;
    expect(blocker?.code).toBe('registry-auth');
    expect(blocker?.message).toMatch(/^127\.0\.0\.1:\d+ answered 401: incorrect username or password/);
  });

  it.each(['Basic', 'Bearer'] as const)(
    '%s: without any nothing is known, and it says which host and what to do',
    async (scheme) => {
      const registry = scheme === 'Basic' ? basic : bearer;
      const name = `none-${scheme.toLowerCase()}`;
      await world.create('deployments', aDeployment(name, `${registry.host}/${name}`));
      await knownTo(world, name);
      await registry.pushImage({ repository: name, tag: '1.1.0', credentials: owner });

      expect((await tell(world, `${registry.host}/${name}`, '1.1.0')).status).toBe(503);
      const { blockers } = await artifactOf(world, name);
      expect(blockers.map(({ code }) => code)).toEqual(['registry-auth']);
      expect(blockers[0]?.message).toContain(`${registry.host} answered 401`);
      expect(blockers[0]?.message).toContain('no imagePullSecrets of the pod or its service account');
    },
  );

  it("one namespace's credentials are never used for another's workload, whoever asks first", async () => {
    const { host } = bearer;
    const repository = `${host}/shared/app`;
    await create('secrets', aPullSecret('pull', 'dockerconfigjson', { [host]: login('alice') }));
    await create('secrets', aPullSecret('pull', 'dockerconfigjson', { [host]: WRONG }), otherNamespace);
    await create('secrets', aPullSecret('only-here', 'dockerconfigjson', { [host]: login('bob') }));
    await world.create('deployments', aDeployment('allowed', repository, { pullSecrets: ['pull'] }));
    const refused = {
      'same-name': { pullSecrets: ['pull'] },
      'not-its-own': { pullSecrets: ['only-here'] },
      'none-at-all': {},
    };
    for (const [name, access] of Object.entries(refused)) {
      const path = `/apis/apps/v1/namespaces/${otherNamespace}/deployments`;
      await world.api.expectOk('POST', path, aDeployment(name, repository, access));
    }
    await knownTo(world, 'allowed');
    await eventually(
      async () => {
        for (const name of Object.keys(refused)) await artifactOf(world, name, otherNamespace);
        return true;
      },
      { what: 'the other namespace is known' },
    );
    await bearer.pushImage({ repository: 'shared/app', tag: '1.1.0', credentials: owner });

    // All four are asked for at the same time, and again when tokens are kept.
    for (let round = 0; round < 3; round += 1) {
      const answer = await tell(world, repository, '1.1.0');
      expect(answer.status).toBe(503);
    }
    const request = await theRequestFor(world, 'allowed');
    expect(request.spec.newDigest).toMatch(/^sha256:/);
    for (const name of Object.keys(refused)) {
      expect((await artifactOf(world, name, otherNamespace)).blockers).toMatchObject([
        { code: 'registry-auth' },
      ]);
    }
    const there = `/apis/headwind.sh/v1alpha1/namespaces/${otherNamespace}/updaterequests`;
    expect(await world.api.expectOk('GET', there)).toMatchObject({ items: [] });
    const asked = tokens.requests.filter(({ scopes }) =>
      scopes.some((scope) => scope.includes(':shared/app:')),
    );
    expect(asked.filter(({ user }) => user === 'bob')).toEqual([]);
  });

  it('a Secret that was rotated is used without a restart, within 15 s', async () => {
    const { host } = bearer;
    const name = 'rotated';
    await create('secrets', aPullSecret(name, 'dockerconfigjson', { [host]: WRONG }));
    await world.create('deployments', aDeployment(name, `${host}/${name}`, { pullSecrets: [name] }));
    await knownTo(world, name);
    await bearer.pushImage({ repository: name, tag: '1.1.0', credentials: owner });
    expect((await tell(world, `${host}/${name}`, '1.1.0')).status).toBe(503);

    const path = `/api/v1/namespaces/${world.namespace}/secrets/${name}`;
    await world.api.expectOk('PUT', path, aPullSecret(name, 'dockerconfigjson', { [host]: login('alice') }));
    await eventually(async () => (await tell(world, `${host}/${name}`, '1.1.0')).status === 200, {
      what: 'the new credential is used',
      timeoutMs: ROTATION_MS,
      everyMs: 500,
    });
    expect(requestsFor(await world.requests(), name)).toHaveLength(1);
  });

  it('no credential is in any line of the log, answer of a server, or object in Kubernetes', async () => {
    const passwords = [...Object.values(USERS), WRONG.password];
    const encoded = [
      ...Object.entries(USERS).map(([user, password]) => `${user}:${password}`),
      `${WRONG.username}:${WRONG.password}`,
    ].map((pair) => Buffer.from(pair).toString('base64').replace(/=+$/, ''));
    // The tokens of the token server are JSON in base64: each begins like this.
    const needles = [...passwords, ...encoded, 'eyJ0eXAiOiJKV1Qi'];

    const haystacks = new Map<string, string>([['log', world.headwind().output().join('\n')]]);
    const { urls } = world.headwind();
    const [request] = await world.requests();
    const routes = [
      `${urls.api}/api/v1/updates`,
      `${urls.api}/api/v1/updates/${world.namespace}/${request?.metadata.name}`,
      `${urls.api}/api/v1/workloads`,
      `${urls.ui}/`,
      `${urls.metrics}/metrics`,
      `${urls.metrics}/readyz`,
    ];
    for (const route of routes) haystacks.set(route, await (await fetch(route)).text());
    const webhook = await tell(world, `${bearer.host}/none-bearer`, '1.1.0');
    haystacks.set('webhook', JSON.stringify(webhook.body));
    for (const namespace of [world.namespace, otherNamespace]) {
      for (const path of [
        `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`,
        `/api/v1/namespaces/${namespace}/events`,
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
      ]) {
        haystacks.set(path, JSON.stringify(z.unknown().parse(await world.api.expectOk('GET', path))));
      }
    }

    const found = [...haystacks].flatMap(([where, text]) =>
      needles.filter((needle) => text.includes(needle)).map((needle) => `${needle} in ${where}`),
    );
    expect(found).toEqual([]);
    expect(haystacks.get('log')).toContain('asked a registry');
    expect(bugsIn(world)).toEqual([]);
  });
});
