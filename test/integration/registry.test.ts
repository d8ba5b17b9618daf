import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Credential } from '../../src/core/credential.ts';
import { createRegistry, type Confirmation, type Registry } from '../../src/registry/client.ts';
import type { RequestObservation } from '../../src/registry/hosts.ts';
import { makeSelfSigned } from '../parts/certificate.ts';
import { startDockerRegistry, type DockerRegistry } from '../parts/docker-registry.ts';
import { eventually } from '../parts/eventually.ts';
import { startScriptedServer } from '../parts/scripted-server.ts';
import { startTokenServer, type TokenServer } from '../parts/token-server.ts';
import { systemClock } from '../../src/system.ts';

const silent = { debug: () => undefined, warn: () => undefined };
const rightUser = { username: 'ci', password: 's3cret:with colon' };
const wrongUser = { username: 'ci', password: 'not the password' };

const clients: Registry[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

interface Client {
  readonly requests: readonly RequestObservation[];
  confirm(path: string, tag: string, credentials?: readonly Credential[]): Promise<Confirmation>;
}

function aClient(host: string, insecureHosts: readonly string[] = [host]): Client {
  const requests: RequestObservation[] = [];
  const registry = createRegistry({
    insecureHosts,
    clock: systemClock,
    log: silent,
    onRequest: (observation) => void requests.push(observation),
  });
  clients.push(registry);
  return {
    requests,
    confirm: (path, tag, credentials = []) =>
      registry.confirm({ repository: { host, path }, tag, credentials: async () => credentials }),
  };
}

describe('a registry that is open to everybody', () => {
  let docker: DockerRegistry;
  beforeAll(async () => {
    docker = await startDockerRegistry();
  });
  afterAll(async () => docker.stop());

  it('tells the digest of a tag in one request', async () => {
    const { digest } = await docker.pushImage({ repository: 'team/app', tag: '1.0' });
    const client = aClient(docker.host);

    expect(await client.confirm('team/app', '1.0')).toEqual({ outcome: 'found', digest });
    expect(client.requests.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('tells the new digest when the tag was pushed again', async () => {
    const first = await docker.pushImage({ repository: 'team/moving', tag: 'latest' });
    const client = aClient(docker.host);
    expect(await client.confirm('team/moving', 'latest')).toEqual({ outcome: 'found', digest: first.digest });

    const second = await docker.pushImage({ repository: 'team/moving', tag: 'latest' });

    expect(second.digest).not.toBe(first.digest);
    expect(await client.confirm('team/moving', 'latest')).toEqual({
      outcome: 'found',
      digest: second.digest,
    });
  });

  it('says that there is no such tag', async () => {
    await docker.pushImage({ repository: 'team/app', tag: '1.0' });

    expect(await aClient(docker.host).confirm('team/app', '9.9')).toEqual({
      outcome: 'missing',
      message: `${docker.host} has no tag 9.9 of team/app`,
    });
  });

  // Distribution answers a manifest of an unknown repository with MANIFEST_UNKNOWN as well.
  it('says that there is no such tag where there is no such repository', async () => {
    expect(await aClient(docker.host).confirm('nobody/nothing', '1.0')).toMatchObject({ outcome: 'missing' });
  });

  it('is asked once by identical questions in flight', async () => {
    const { digest } = await docker.pushImage({ repository: 'team/busy', tag: '1.0' });
    const client = aClient(docker.host);

    const answers = await Promise.all(Array.from({ length: 50 }, () => client.confirm('team/busy', '1.0')));

    expect(answers).toEqual(Array.from({ length: 50 }, () => ({ outcome: 'found', digest })));
    expect(client.requests).toHaveLength(1);
  });

  it('is unavailable when it is stopped, and by name', async () => {
    const stopped = await startDockerRegistry();
    await stopped.stop();

    expect(await aClient(stopped.host).confirm('team/app', '1.0')).toEqual({
      outcome: 'unavailable',
      message: `${stopped.host} refuses connections (ECONNREFUSED)`,
    });
  });
});

describe('a registry with notifications', () => {
  it('tells of a push, with the headers that it was given', async () => {
    const listener = await startScriptedServer((_, response) => void response.end());
    onTestFinished(async () => listener.stop());
    const docker = await startDockerRegistry({
      notifications: [
        { name: 'headwind', url: `${listener.url}/webhook`, headers: { authorization: ['Bearer hook'] } },
      ],
    });
    onTestFinished(async () => docker.stop());

    const { digest } = await docker.pushImage({ repository: 'team/app', tag: '1.0' });
    const told = await eventually(() => listener.requests.find(({ body }) => /"tag":\s*"1\.0"/.test(body)), {
      what: 'the notification of the push',
    });

    expect(told).toMatchObject({ method: 'POST', url: '/webhook', authorization: 'Bearer hook' });
    expect(told.body).toContain(digest);
  });
});

describe('a registry with htpasswd (Basic)', () => {
  let docker: DockerRegistry;
  let digest: string;
  beforeAll(async () => {
    docker = await startDockerRegistry({ auth: { htpasswd: { [rightUser.username]: rightUser.password } } });
    ({ digest } = await docker.pushImage({ repository: 'team/app', tag: '1.0', credentials: rightUser }));
  });
  afterAll(async () => docker.stop());

  it('tells the digest to the right user', async () => {
    expect(await aClient(docker.host).confirm('team/app', '1.0', [rightUser])).toEqual({
      outcome: 'found',
      digest,
    });
  });

  it('is asked once for a second tag: how to sign in is remembered', async () => {
    const client = aClient(docker.host);
    await client.confirm('team/app', '1.0', [rightUser]);
    const before = client.requests.length;

    await client.confirm('team/app', '1.0', [rightUser]);

    expect(before).toBe(2);
    expect(client.requests).toHaveLength(3);
  });

  it('tells the right user that a tag is missing', async () => {
    expect(await aClient(docker.host).confirm('team/app', '9.9', [rightUser])).toMatchObject({
      outcome: 'missing',
    });
  });

  it('tells the digest when only the second of two credentials is right', async () => {
    expect(await aClient(docker.host).confirm('team/app', '1.0', [wrongUser, rightUser])).toEqual({
      outcome: 'found',
      digest,
    });
  });

  it.each([
    { who: 'a wrong password', credentials: [wrongUser], words: 'asked with one credential, and without' },
    {
      who: 'nobody',
      credentials: [],
      words: 'asked without credentials: no imagePullSecrets of the pod or its service account are for it',
    },
    { who: 'an identity token', credentials: [{ identityToken: 'tok3n' }], words: 'takes no identity token' },
  ])('is unavailable to $who, and says why', async ({ credentials, words }) => {
    const confirmation = await aClient(docker.host).confirm('team/app', '1.0', credentials);

    expect(confirmation).toMatchObject({ outcome: 'unavailable', message: expect.stringContaining(words) });
    expect(confirmation).toMatchObject({ message: expect.stringContaining(docker.host) });
    expect(JSON.stringify(confirmation)).not.toContain('password');
    expect(JSON.stringify(confirmation)).not.toContain('tok3n');
  });
});

describe('a registry with a token server (Bearer)', () => {
  let tokens: TokenServer;
  let docker: DockerRegistry;
  const digests = { private: '', public: '' };
  beforeAll(async () => {
    tokens = await startTokenServer({
      users: { [rightUser.username]: rightUser.password },
      identityTokens: { 'the-identity-token': rightUser.username },
      publicRepositories: ['open/app'],
    });
    docker = await startDockerRegistry({ auth: { token: tokens.auth } });
    const push = { tag: '1.0', credentials: rightUser };
    digests.private = (await docker.pushImage({ repository: 'team/app', ...push })).digest;
    digests.public = (await docker.pushImage({ repository: 'open/app', ...push })).digest;
  });
  afterAll(async () => {
    await docker.stop();
    await tokens.stop();
  });

  it('tells a public image to nobody in particular', async () => {
    expect(await aClient(docker.host).confirm('open/app', '1.0')).toEqual({
      outcome: 'found',
      digest: digests.public,
    });
    expect(tokens.requests.at(-1)).toEqual({
      method: 'GET',
      user: undefined,
      scopes: ['repository:open/app:pull'],
      status: 200,
    });
  });

  it('tells a private image to its user', async () => {
    expect(await aClient(docker.host).confirm('team/app', '1.0', [rightUser])).toEqual({
      outcome: 'found',
      digest: digests.private,
    });
  });

  it('tells a private image to the holder of an identity token', async () => {
    expect(
      await aClient(docker.host).confirm('team/app', '1.0', [{ identityToken: 'the-identity-token' }]),
    ).toEqual({
      outcome: 'found',
      digest: digests.private,
    });
    expect(tokens.requests.at(-1)).toMatchObject({ method: 'POST', user: 'ci', status: 200 });
  });

  it('falls back to nobody in particular where a password is wrong and the image is public', async () => {
    expect(await aClient(docker.host).confirm('open/app', '1.0', [wrongUser])).toMatchObject({
      outcome: 'found',
    });
  });

  it('gives one token for many questions', async () => {
    const client = aClient(docker.host);
    const before = tokens.requests.length;

    for (const tag of ['1.0', '1.0', '2.0', '1.0']) await client.confirm('team/app', tag, [rightUser]);

    expect(tokens.requests.length - before).toBe(1);
  });

  it('gives one token where many questions come at once', async () => {
    const client = aClient(docker.host);
    const before = tokens.requests.length;

    const tags = Array.from({ length: 30 }, (_, index) => `no-${index}`);
    const answers = await Promise.all(tags.map((tag) => client.confirm('team/app', tag, [rightUser])));

    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['missing']));
    expect(tokens.requests.length - before).toBeLessThanOrEqual(2);
  });

  it('does not serve one asker with the rights of another', async () => {
    const client = aClient(docker.host);

    const [mine, theirs] = await Promise.all([
      client.confirm('team/app', '1.0', [rightUser]),
      client.confirm('team/app', '1.0', []),
    ]);

    expect(mine).toEqual({ outcome: 'found', digest: digests.private });
    expect(theirs).toMatchObject({ outcome: 'unavailable' });
  });

  it('is unavailable to a wrong password, sent once, and quotes the token server', async () => {
    const before = tokens.requests.length;

    const confirmation = await aClient(docker.host).confirm('team/app', '1.0', [wrongUser, wrongUser]);

    expect(confirmation).toEqual({
      outcome: 'unavailable',
      message: `${new URL(tokens.auth.realm).host} answered 401: incorrect username or password (asked with one credential, and without)`,
      denied: true,
    });
    expect(tokens.requests.slice(before).map(({ user }) => user)).toEqual(['ci', undefined]);
  });

  it('is unavailable when the token server is stopped', async () => {
    const ownTokens = await startTokenServer({ users: {} });
    const own = await startDockerRegistry({ auth: { token: ownTokens.auth } });
    onTestFinished(async () => own.stop());
    await ownTokens.stop();

    const confirmation = await aClient(own.host).confirm('team/app', '1.0');

    expect(confirmation).toEqual({
      outcome: 'unavailable',
      message: `${new URL(ownTokens.auth.realm).host} refuses connections (ECONNREFUSED)`,
    });
  });
});

describe('a registry behind TLS', () => {
  it('is unavailable while its certificate is not trusted, and is sent nothing', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-tls-'));
    const { key, certificate } = await makeSelfSigned(directory, 'localhost');
    let requests = 0;
    onTestFinished(async () => rm(directory, { recursive: true }));
    const server = createServer({ key, cert: certificate.toString() }, (_, response) => {
      requests += 1;
      response.end();
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

    const confirmation = await aClient(host, []).confirm('team/app', '1.0', [rightUser]);
    await new Promise((resolve) => void server.close(resolve));

    expect(confirmation).toEqual({
      outcome: 'unavailable',
      message: `${host} has a TLS certificate that is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    });
    expect(requests).toBe(0);
  });
});
