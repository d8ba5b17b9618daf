import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSelfSigned } from '../../../test/parts/certificate.ts';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import {
  jwt,
  startVendorServer,
  urlOfNobody,
  type VendorAnswer,
  type VendorScript,
  type VendorServer,
} from '../../../test/parts/vendor-server.ts';
import type { Transport } from '../http.ts';
import { createTransport } from '../transport.ts';
import { createAcrIdentity } from './acr.ts';
import { createCloudCredentials, type CloudCredentials } from './cloud-credentials.ts';

const HOST = 'team.azurecr.io';
const TENANT = '11111111-2222-3333-4444-555555555555';
const CLIENT = '99999999-8888-7777-6666-555555555555';
const HOUR_MS = 3_600_000;
const NOW_MS = Date.now();
const FEDERATED_TOKEN = jwt('system:serviceaccount:headwind-system:headwind', NOW_MS + HOUR_MS);
const ENTRA_TOKEN = jwt('entra', NOW_MS + HOUR_MS);
const AUDIENCE = 'https://containerregistry.azure.net';
const METADATA_PATH = '/metadata/identity/oauth2/token';

let directory = '';
const cleanups: (() => Promise<void> | void)[] = [];
/** Where what is meant for a host goes instead. */
const detours = new Map<string, string>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'acr-'));
  for (const name of Object.keys(process.env))
    if (/^(?:AZURE|IDENTITY|MSI|IMDS)_/.test(name)) vi.stubEnv(name, undefined);
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', await urlOfNobody());
});

afterEach(async () => {
  vi.unstubAllEnvs();
  detours.clear();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await rm(directory, { recursive: true });
});

async function aServer(
  script: VendorScript,
  secure?: { readonly key: string; readonly cert: string },
): Promise<VendorServer> {
  const server = await startVendorServer(script, secure);
  cleanups.push(() => server.stop());
  return server;
}

/** The registry's own token exchange. */
async function aRegistry(
  script: VendorScript = () => exchanged(NOW_MS + 3 * HOUR_MS),
): Promise<VendorServer> {
  const server = await aServer(script);
  detours.set(HOST, server.url);
  return server;
}

function exchanged(expMs: number): VendorAnswer {
  return { status: 200, body: { refresh_token: jwt('acr', expMs) } };
}

const ENTRA_ANSWER = {
  status: 200,
  body: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: ENTRA_TOKEN },
};

/** Microsoft Entra, for a workload identity that is set up as AKS does it. */
async function anEntra(script: VendorScript = () => ENTRA_ANSWER): Promise<VendorServer> {
  const server = await aServer(script);
  detours.set('login.microsoftonline.com', server.url);
  await aWorkloadIdentity();
  vi.stubEnv('AZURE_AUTHORITY_HOST', 'https://login.microsoftonline.com/');
  return server;
}

async function aWorkloadIdentity(): Promise<void> {
  const file = join(directory, 'azure-identity-token');
  await writeFile(file, FEDERATED_TOKEN);
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', file);
  vi.stubEnv('AZURE_CLIENT_ID', CLIENT);
  vi.stubEnv('AZURE_TENANT_ID', TENANT);
}

/** The metadata server of a machine at Azure. */
async function aMetadataServer(script: VendorScript): Promise<VendorServer> {
  const server = await aServer((request) =>
    request.headers['metadata'] === 'true'
      ? script(request)
      : {
          status: 400,
          body: { error: 'invalid_request', error_description: 'Required metadata header not specified' },
        },
  );
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', server.url);
  return server;
}

function aTransport(clock: FakeClock): Transport {
  const real = createTransport({ clock });
  cleanups.push(() => real.close());
  return {
    send: (request) => {
      const detour = detours.get(request.url.host);
      if (detour === undefined) return real.send(request);
      return real.send({ ...request, url: new URL(request.url.pathname + request.url.search, detour) });
    },
    close: () => real.close(),
  };
}

function aCloud(): CloudCredentials & { readonly clock: FakeClock; readonly logged: readonly string[] } {
  const clock = new FakeClock(NOW_MS);
  const logged: string[] = [];
  const log = (fields: object, message: string): void => void logged.push(message + JSON.stringify(fields));
  const identities = [createAcrIdentity({ env: process.env, clock, transport: aTransport(clock) })];
  const cloud = createCloudCredentials({ identities, clock, log: { debug: log, warn: log } });
  return { ...cloud, clock, logged };
}

/** What a person is told of a failure; never a token. */
async function problem(): Promise<string | undefined> {
  const cloud = aCloud();
  expect(await cloud.credentialsFor(HOST)).toEqual([]);
  expect(cloud.logged.join('\n')).not.toContain('eyJ');
  return cloud.problemOf(HOST)?.replace(`Azure Container Registry gave no credential for ${HOST}: `, '');
}

const formOf = (server: VendorServer, index = 0): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(server.requests[index]?.body));

describe('hosts of Azure’s registries', () => {
  const clock = new FakeClock();
  const identity = createAcrIdentity({ env: {}, clock, transport: aTransport(clock) });

  it.each([
    'team.azurecr.io',
    'team-x1y2.azurecr.io',
    'team.azurecr.cn',
    'team.azurecr.us',
    'team.azurecr.de',
  ])('%s is one', (host) => {
    expect(identity.matches(host)).toBe(true);
  });

  it.each([
    'azurecr.io',
    'team.azurecr.io.evil.example',
    'evil.example/team.azurecr.io',
    'evilazurecr.io',
    'team.azurecr.io:8443',
    'mcr.microsoft.com',
  ])('%s is none', (host) => {
    expect(identity.matches(host)).toBe(false);
  });
});

describe('Azure’s registries by workload identity', () => {
  it('take a refresh token of their own, for the token that the pod has', async () => {
    const entra = await anEntra();
    const registry = await aRegistry();

    expect(await aCloud().credentialsFor(HOST)).toEqual([
      { identityToken: jwt('acr', NOW_MS + 3 * HOUR_MS) },
    ]);
    expect(entra.requests.map(({ method, url }) => [method, url.split('?')[0]])).toEqual([
      ['POST', `/${TENANT}/oauth2/v2.0/token`],
    ]);
    expect(formOf(entra)).toMatchObject({
      grant_type: 'client_credentials',
      client_id: CLIENT,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: FEDERATED_TOKEN,
      scope: expect.stringContaining(`${AUDIENCE}/.default`),
    });
    expect(registry.requests).toMatchObject([{ method: 'POST', url: '/oauth2/exchange' }]);
    expect(formOf(registry)).toEqual({
      grant_type: 'access_token',
      service: HOST,
      tenant: TENANT,
      access_token: ENTRA_TOKEN,
    });
  });

  it('get a new one before that expires, with the token that the kubelet has written meanwhile', async () => {
    const entra = await anEntra();
    const registry = await aRegistry();
    const cloud = aCloud();

    await cloud.credentialsFor(HOST);
    // The time in a token has whole seconds.
    await cloud.clock.advance(3 * HOUR_MS - 182_000);
    await cloud.credentialsFor(HOST);
    expect(registry.requests).toHaveLength(1);
    const renewed = jwt('renewed', NOW_MS + 4 * HOUR_MS);
    await writeFile(join(directory, 'azure-identity-token'), renewed);
    await cloud.clock.advance(2000);
    await cloud.credentialsFor(HOST);

    expect(registry.requests).toHaveLength(2);
    expect(formOf(entra, 1)).toMatchObject({ client_assertion: renewed });
  });

  it('take a refresh token that does not say how long it lives for an hour’s', async () => {
    await anEntra();
    const registry = await aRegistry(() => ({ status: 200, body: { refresh_token: 'opaque' } }));
    const cloud = aCloud();

    expect(await cloud.credentialsFor(HOST)).toEqual([{ identityToken: 'opaque' }]);
    await cloud.clock.advance(HOUR_MS - 180_000);
    await cloud.credentialsFor(HOST);
    expect(registry.requests).toHaveLength(2);
  });

  it('ask another cloud’s authority by HTTPS, at the address that is set', async () => {
    const own = await makeSelfSigned(directory, 'localhost');
    const cert = own.certificate.toString();
    const usual = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...usual, cert]);
    cleanups.push(() => tls.setDefaultCACertificates(usual));
    const authority: VendorServer = await aServer(
      ({ method }) => {
        if (method === 'POST') return ENTRA_ANSWER;
        const base = `https://localhost:${authority.port}/${TENANT}`;
        return {
          status: 200,
          body: {
            issuer: `${base}/v2.0`,
            authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
            token_endpoint: `${base}/oauth2/v2.0/token`,
            jwks_uri: `${base}/discovery/v2.0/keys`,
          },
        };
      },
      { key: own.key, cert },
    );
    await aRegistry();
    await aWorkloadIdentity();
    vi.stubEnv('AZURE_AUTHORITY_HOST', `https://localhost:${authority.port}/`);

    expect(await aCloud().credentialsFor(HOST)).toHaveLength(1);
    expect(authority.requests.map(({ method, url }) => [method, url.split('?')[0]])).toEqual([
      ['GET', `/${TENANT}/v2.0/.well-known/openid-configuration`],
      ['POST', `/${TENANT}/oauth2/v2.0/token`],
    ]);
  });
});

describe('Azure’s registries by managed identity', () => {
  const answer = {
    status: 200,
    body: {
      access_token: ENTRA_TOKEN,
      expires_on: String(Math.floor((NOW_MS + 24 * HOUR_MS) / 1000)),
      resource: AUDIENCE,
      token_type: 'Bearer',
    },
  };

  it.each([
    { what: 'the machine’s own', clientId: undefined },
    { what: 'the one that is named', clientId: CLIENT },
  ])('take $what', async ({ clientId }) => {
    vi.stubEnv('AZURE_CLIENT_ID', clientId);
    const metadata = await aMetadataServer(() => answer);
    const registry = await aRegistry();

    expect(await aCloud().credentialsFor(HOST)).toHaveLength(1);
    const asked = new URL(metadata.requests[0]?.url ?? '', metadata.url);
    expect(asked.pathname).toBe(METADATA_PATH);
    expect(asked.searchParams.get('resource')).toBe(AUDIENCE);
    expect(asked.searchParams.get('client_id')).toBe(clientId ?? null);
    expect(formOf(registry)).toMatchObject({ access_token: ENTRA_TOKEN });
  });

  it.each([
    { what: 'there is no metadata server', script: undefined },
    { what: 'it is another cloud’s', script: () => ({ status: 404 }) },
    { what: 'it wants a session, as at AWS', script: () => ({ status: 401 }) },
  ])('have no identity where $what', async ({ script }) => {
    if (script !== undefined) vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', (await aServer(script)).url);
    const registry = await aRegistry();

    expect(await problem()).toBeUndefined();
    expect(registry.requests).toEqual([]);
  });

  it('tell that the machine has several, and none is named', async () => {
    const description =
      'Multiple user assigned identities exist, please specify the clientId / resourceId of the identity';
    await aMetadataServer(() => ({
      status: 400,
      body: { error: 'invalid_request', error_description: description },
    }));

    expect(await problem()).toBe(`the metadata server answered 400: ${description}`);
  });
});

describe('what a person is told when an Azure registry gives nothing', () => {
  it('is what Microsoft Entra says, without the token', async () => {
    await anEntra(() => ({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: `AADSTS700213: No matching federated identity record found for ${FEDERATED_TOKEN}`,
        error_codes: [700_213],
      },
    }));

    expect(await problem()).toMatch(
      /AADSTS700213: No matching federated identity record found for \[redacted\]/,
    );
  });

  it.each(['AZURE_CLIENT_ID', 'AZURE_TENANT_ID'])('is that %s is missing', async (name) => {
    await anEntra();
    vi.stubEnv(name, '');

    expect(await problem()).toBe(`AZURE_FEDERATED_TOKEN_FILE is set, but ${name} is not`);
  });

  it('is that the authority has no https:// address', async () => {
    await anEntra();
    vi.stubEnv('AZURE_AUTHORITY_HOST', 'http://login.example');

    expect(await problem()).toBe('AZURE_AUTHORITY_HOST is not an https:// address');
  });

  it('is that the token file cannot be read', async () => {
    await anEntra();
    vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', join(directory, 'nowhere'));

    expect(await problem()).toBe('the file that AZURE_FEDERATED_TOKEN_FILE names cannot be read');
  });

  it('is that Microsoft Entra refuses connections', async () => {
    await anEntra();
    detours.set('login.microsoftonline.com', await urlOfNobody());

    expect(await problem()).toBe('login.microsoftonline.com refuses connections (ECONNREFUSED)');
  });

  it('is that Microsoft Entra answers with a page', async () => {
    await anEntra(() => ({ status: 502, body: '<html>Bad gateway</html>' }));

    expect(await problem()).toBe('login.microsoftonline.com answered 502 with something that is no JSON');
  });

  it('is that the registry does not know this identity, without the token that it repeats', async () => {
    await anEntra();
    await aRegistry(() => ({
      status: 401,
      body: { errors: [{ code: 'UNAUTHORIZED', message: `no access for ${ENTRA_TOKEN}` }] },
    }));

    expect(await problem()).toBe(
      `${HOST} answered 401 to Headwind's identity: UNAUTHORIZED no access for [redacted]`,
    );
  });

  it.each([
    { what: 'a page', body: '<html>' },
    { what: 'no token', body: {} },
  ])('is that the registry answered with $what', async ({ body }) => {
    await anEntra();
    await aRegistry(() => ({ status: 200, body }));

    expect(await problem()).toBe(`${HOST} answered with something that is no token`);
  });

  it('is that the registry refuses connections', async () => {
    await anEntra();
    detours.set(HOST, await urlOfNobody());

    expect(await problem()).toBe(`${HOST} refuses connections (ECONNREFUSED)`);
  });

  it('is that nothing came in time, and the request is given up', async () => {
    const entra = await anEntra(() => undefined);
    const cloud = aCloud();

    const answer = cloud.credentialsFor(HOST);
    await vi.waitFor(() => expect(entra.requests).toHaveLength(1));
    await cloud.clock.advance(10_000);

    expect(await answer).toEqual([]);
    expect(cloud.problemOf(HOST)).toContain('no answer within 10 s');
    expect(cloud.clock.pending).toBe(0);
  });
});
