import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credential } from '../../src/core/credential.ts';
import { createRegistry, type Registry, type TagListing } from '../../src/registry/client.ts';
import type { RequestObservation } from '../../src/registry/hosts.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { startPagingFront, type PagingFront } from '../parts/paging-front.ts';
import { configOf } from '../parts/registry-bench.ts';
import { startTokenServer, type TokenServer } from '../parts/token-server.ts';
import { systemClock } from '../../src/system.ts';

const silent = { debug: () => undefined, warn: () => undefined };
const rightUser = { username: 'ci', password: 's3cret:with colon' };
const wrongUser = { username: 'ci', password: 'not the password' };
const TAGS = Array.from({ length: 25 }, (_, index) => `1.${String(index).padStart(2, '0')}`);

const clients: Registry[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Client {
  readonly requests: readonly RequestObservation[];
  list(path: string, credentials?: readonly Credential[]): Promise<TagListing>;
}

function aClient(host: string): Client {
  const requests: RequestObservation[] = [];
  const registry = createRegistry({
    insecureHosts: [host],
    clock: systemClock,
    log: silent,
    onRequest: (observation) => void requests.push(observation),
  });
  clients.push(registry);
  return {
    requests,
    list: (path, credentials = []) =>
      registry.listTags({ repository: { host, path }, credentials: async () => credentials }),
  };
}

function sorted(listing: TagListing): TagListing {
  return listing.outcome === 'complete' ? { ...listing, tags: listing.tags.toSorted() } : listing;
}

async function pushAll(
  docker: DockerRegistry,
  repository: string,
  credentials?: typeof rightUser,
): Promise<void> {
  for (const tag of TAGS)
    await docker.pushImage({
      repository,
      tag,
      content: 'one',
      ...(credentials === undefined ? {} : { credentials }),
    });
}

async function aFront(docker: DockerRegistry, breaks?: (page: number) => boolean): Promise<PagingFront> {
  const front = await startPagingFront({
    url: docker.url,
    pageSize: 10,
    ...(breaks === undefined ? {} : { breaks }),
  });
  onTestFinished(() => front.stop());
  return front;
}

describe('a registry that is open to everybody', () => {
  let docker: DockerRegistry;
  beforeAll(async () => {
    docker = await startDockerRegistry();
    await pushAll(docker, 'team/app');
  });
  afterAll(async () => docker.stop());

  it('lists all tags in one request: distribution 2.8 knows no pages', async () => {
    const client = aClient(docker.host);

    expect(sorted(await client.list('team/app'))).toEqual({
      outcome: 'complete',
      tags: TAGS,
      unchanged: false,
    });
    expect(client.requests.map(({ purpose, outcome }) => [purpose, outcome])).toEqual([['tags', 'answered']]);
  });

  it('is known to be unchanged although it has no ETag, and changed after a push', async () => {
    await docker.pushImage({ repository: 'team/moving', tag: '1.0' });
    const client = aClient(docker.host);
    await client.list('team/moving');

    expect(await client.list('team/moving')).toEqual({ outcome: 'complete', tags: ['1.0'], unchanged: true });
    await docker.pushImage({ repository: 'team/moving', tag: '1.1' });

    expect(sorted(await client.list('team/moving'))).toEqual({
      outcome: 'complete',
      tags: ['1.0', '1.1'],
      unchanged: false,
    });
  });

  it('says that there is no such repository', async () => {
    expect(await aClient(docker.host).list('nobody/nothing')).toEqual({
      outcome: 'missing',
      message: `${docker.host} has no repository nobody/nothing`,
    });
  });

  it('is read page by page behind a front that has pages', async () => {
    const front = await aFront(docker);

    expect(await aClient(front.host).list('team/app')).toEqual({
      outcome: 'complete',
      tags: TAGS,
      unchanged: false,
    });
    expect(front.lists).toEqual(['?n=1000', '?last=1.09&n=10', '?last=1.19&n=10']);
  });

  it('decides nothing where a page breaks off, and is read again from the start', async () => {
    let broken = true;
    const front = await aFront(docker, (page) => broken && page === 2);
    const client = aClient(front.host);

    expect(await client.list('team/app')).toEqual({
      outcome: 'unavailable',
      message: expect.stringContaining(`${front.host} closed the connection`),
    });
    broken = false;

    expect(await client.list('team/app')).toMatchObject({ outcome: 'complete', tags: TAGS });
  });

  it('is asked in the place of another one that it mirrors', async () => {
    const registry = createRegistry({
      insecureHosts: [docker.host],
      config: configOf({
        'registry.invalid': { mirrors: [{ host: docker.host, prefix: '', sendsCredentials: false }] },
      }),
      clock: systemClock,
      log: silent,
    });
    clients.push(registry);
    const repository = { host: 'registry.invalid', path: 'team/app' };

    const listing = await registry.listTags({ repository, credentials: async () => [rightUser] });

    expect(sorted(listing)).toMatchObject({ outcome: 'complete', tags: TAGS });
  });

  it('is unavailable, not denied and not missing, when it is stopped', async () => {
    const stopped = await startDockerRegistry();
    await stopped.stop();

    expect(await aClient(stopped.host).list('team/app')).toEqual({
      outcome: 'unavailable',
      message: `${stopped.host} refuses connections (ECONNREFUSED)`,
    });
  });
});

describe('a registry with htpasswd (Basic)', () => {
  let docker: DockerRegistry;
  beforeAll(async () => {
    docker = await startDockerRegistry({ auth: { htpasswd: { [rightUser.username]: rightUser.password } } });
    await pushAll(docker, 'team/app', rightUser);
  });
  afterAll(async () => docker.stop());

  it('lists all pages to the right user, whose way of signing in is learnt once', async () => {
    const front = await aFront(docker);
    const client = aClient(front.host);

    expect(await client.list('team/app', [rightUser])).toMatchObject({ outcome: 'complete', tags: TAGS });
    expect(client.requests.map(({ outcome }) => outcome)).toEqual([
      'refused',
      'answered',
      'answered',
      'answered',
    ]);
  });

  it.each([
    { who: 'a wrong password', credentials: [wrongUser] },
    { who: 'nobody', credentials: [] },
  ])('is denied to $who, and says so', async ({ credentials }) => {
    expect(await aClient(docker.host).list('team/app', credentials)).toMatchObject({
      outcome: 'unavailable',
      denied: true,
      message: expect.stringContaining(`${docker.host} answered 401`),
    });
  });

  it('says that there is no such repository to the right user', async () => {
    expect(await aClient(docker.host).list('nobody/nothing', [rightUser])).toMatchObject({
      outcome: 'missing',
    });
  });

  it('does not tell one asker what it told another', async () => {
    const client = aClient(docker.host);

    expect(await client.list('team/app', [rightUser])).toMatchObject({ outcome: 'complete' });
    expect(await client.list('team/app', [wrongUser])).toMatchObject({
      outcome: 'unavailable',
      denied: true,
    });
    expect(await client.list('team/app', [rightUser])).toMatchObject({ unchanged: true });
  });
});

describe('a registry with a token server (Bearer)', () => {
  let tokens: TokenServer;
  let docker: DockerRegistry;
  beforeAll(async () => {
    tokens = await startTokenServer({
      users: { [rightUser.username]: rightUser.password },
      identityTokens: { 'the-identity-token': rightUser.username },
      publicRepositories: ['open/app'],
      lifetimeSeconds: 300,
    });
    docker = await startDockerRegistry({ auth: { token: tokens.auth } });
    await pushAll(docker, 'team/app', rightUser);
    await pushAll(docker, 'open/app', rightUser);
  });
  afterAll(async () => {
    await docker.stop();
    await tokens.stop();
  });

  it.each([
    { who: 'a user', path: 'team/app', credentials: [rightUser] },
    {
      who: 'the holder of an identity token',
      path: 'team/app',
      credentials: [{ identityToken: 'the-identity-token' }],
    },
    { who: 'nobody, where it is public', path: 'open/app', credentials: [] },
    { who: 'a wrong password, where it is public', path: 'open/app', credentials: [wrongUser] },
  ])('lists all pages to $who, with one token', async ({ path, credentials }) => {
    const front = await aFront(docker);
    const before = tokens.requests.length;

    expect(await aClient(front.host).list(path, credentials)).toMatchObject({
      outcome: 'complete',
      tags: TAGS,
    });
    const given = tokens.requests.slice(before).filter(({ status }) => status === 200);
    expect(given.map(({ scopes }) => scopes)).toEqual([[`repository:${path}:pull`]]);
  });

  it('is denied to a wrong password, by the token server', async () => {
    const listing = await aClient(docker.host).list('team/app', [wrongUser]);

    expect(listing).toMatchObject({
      outcome: 'unavailable',
      denied: true,
      message: expect.stringContaining('answered 401: incorrect username or password'),
    });
    expect(JSON.stringify(listing)).not.toContain(wrongUser.password);
  });

  it('is not denied, but unavailable, when the token server is stopped', async () => {
    const ownTokens = await startTokenServer({ users: {} });
    const own = await startDockerRegistry({ auth: { token: ownTokens.auth } });
    onTestFinished(async () => own.stop());
    await ownTokens.stop();

    expect(await aClient(own.host).list('team/app', [rightUser])).toEqual({
      outcome: 'unavailable',
      message: `${new URL(ownTokens.auth.realm).host} refuses connections (ECONNREFUSED)`,
    });
  });
});
