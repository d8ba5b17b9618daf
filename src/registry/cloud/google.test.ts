import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
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
import { createTransport } from '../transport.ts';
import { createCloudCredentials, type CloudCredentials } from './cloud-credentials.ts';
import { createGoogleIdentity } from './google.ts';

const HOST = 'europe-docker.pkg.dev';
const TOKEN = 'ya29.a0-example-access-token';
const METADATA_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
const FLAVOR = { 'metadata-flavor': 'Google' };

let directory = '';
const cleanups: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'google-'));
  for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT', 'HTTPS_PROXY', 'https_proxy'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('GCE_METADATA_HOST', new URL(await urlOfNobody()).host);
});

afterEach(async () => {
  vi.unstubAllEnvs();
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

/** A metadata server, at which Headwind is pointed. */
async function aMetadataServer(answer: VendorAnswer): Promise<VendorServer> {
  const server = await aServer(() => ({ ...answer, headers: { ...FLAVOR, ...answer.headers } }));
  vi.stubEnv('GCE_METADATA_HOST', `127.0.0.1:${server.port}`);
  return server;
}

/** Writes what GOOGLE_APPLICATION_CREDENTIALS names. */
async function credentialsFile(content: unknown): Promise<void> {
  const path = join(directory, 'credentials.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path);
}

function aCloud(): CloudCredentials & { readonly clock: FakeClock; readonly logged: readonly string[] } {
  // Google's client reckons with the machine's clock.
  const clock = new FakeClock(Date.now());
  const transport = createTransport({ clock });
  cleanups.push(() => transport.close());
  const logged: string[] = [];
  const log = (fields: object, message: string): void => void logged.push(message + JSON.stringify(fields));
  const identities = [createGoogleIdentity({ env: process.env, clock, transport })];
  const cloud = createCloudCredentials({ identities, clock, log: { debug: log, warn: log } });
  return { ...cloud, clock, logged };
}

/** What a person is told of a failure. */
async function problem(): Promise<string | undefined> {
  const cloud = aCloud();
  expect(await cloud.credentialsFor(HOST)).toEqual([]);
  return cloud.problemOf(HOST)?.replace(`Google Cloud gave no credential for ${HOST}: `, '');
}

const LOGIN = [{ username: 'oauth2accesstoken', password: TOKEN }];

describe('hosts of Google’s registries', () => {
  const clock = new FakeClock();
  const identity = createGoogleIdentity({ env: {}, clock, transport: createTransport({ clock }) });

  it.each(['gcr.io', 'eu.gcr.io', 'europe-docker.pkg.dev', 'us-central1-docker.pkg.dev'])(
    '%s is one',
    (host) => {
      expect(identity.matches(host)).toBe(true);
    },
  );

  it.each([
    'evilgcr.io',
    'gcr.io.evil.example',
    'a.b.gcr.io',
    'docker.pkg.dev.evil.example',
    'europe-docker.pkg.dev:8443',
    'europe-python.pkg.dev',
    'docker.io',
  ])('%s is none', (host) => {
    expect(identity.matches(host)).toBe(false);
  });
});

describe('Google’s registries by the metadata server', () => {
  const answer = { status: 200, body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' } };

  it('take the token of the pod’s or the node’s service account', async () => {
    const metadata = await aMetadataServer(answer);

    expect(await aCloud().credentialsFor(HOST)).toEqual(LOGIN);
    expect(metadata.requests).toMatchObject([{ method: 'GET', url: METADATA_PATH, headers: FLAVOR }]);
  });

  it('get a new token shortly before the old one expires', async () => {
    const metadata = await aMetadataServer(answer);
    const cloud = aCloud();

    await cloud.credentialsFor(HOST);
    await cloud.clock.advance(3_600_000 - 180_001);
    await cloud.credentialsFor(HOST);
    expect(metadata.requests).toHaveLength(1);
    await cloud.clock.advance(1);
    await cloud.credentialsFor(HOST);
    expect(metadata.requests).toHaveLength(2);
  });

  it('have no identity where another cloud’s metadata server answers', async () => {
    await aMetadataServer({ status: 404, headers: { 'metadata-flavor': 'Other' } });

    expect(await problem()).toBeUndefined();
  });

  it('have no identity where there is no metadata server', async () => {
    const refusing = createTransport({ clock: new FakeClock() });
    cleanups.push(() => refusing.close());
    const nobody = new URL(METADATA_PATH, await urlOfNobody());
    const identity = createGoogleIdentity({
      env: {},
      clock: new FakeClock(),
      transport: { ...refusing, send: (request) => refusing.send({ ...request, url: nobody }) },
    });

    expect(await identity.credentials(HOST, AbortSignal.timeout(5000))).toBeUndefined();
  });

  it.each([
    {
      what: 'no service account',
      answer: { status: 404 },
      told: 'the metadata server knows no service account here',
    },
    { what: 'a refusal', answer: { status: 403, body: TOKEN }, told: 'the metadata server answered 403' },
    {
      what: 'nonsense',
      answer: { status: 200, body: '<html>' },
      told: 'the metadata server answered with something that is no token',
    },
  ])('tell of $what', async ({ answer, told }) => {
    await aMetadataServer(answer);

    expect(await problem()).toBe(told);
  });

  it('tell of a metadata server that is named and does not answer', async () => {
    expect(await problem()).toMatch(
      /^the metadata server 127\.0\.0\.1:\d+ refuses connections \(ECONNREFUSED\)$/,
    );
  });
});

describe('Google’s registries by workload identity federation', () => {
  const subjectToken = jwt('system:serviceaccount:headwind-system:headwind', Date.now() + 3_600_000);

  async function federated(script: VendorScript): Promise<VendorServer> {
    const sts = await aServer(script);
    const file = join(directory, 'subject-token');
    await writeFile(file, subjectToken);
    await credentialsFile({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${sts.url}/v1/token`,
      credential_source: { file },
    });
    return sts;
  }

  it('take the token that the security token service gives for the pod’s', async () => {
    const sts = await federated(() => ({
      status: 200,
      body: {
        access_token: TOKEN,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 3600,
      },
    }));

    expect(await aCloud().credentialsFor(HOST)).toEqual(LOGIN);
    expect(Object.fromEntries(new URLSearchParams(sts.requests[0]?.body))).toMatchObject({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
  });

  it('tell of a refusal, without the token that the service repeats', async () => {
    await federated(() => ({
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description: `The token ${subjectToken} is not from that issuer`,
      },
    }));

    const cloud = aCloud();
    await cloud.credentialsFor(HOST);

    expect(cloud.problemOf(HOST)).toMatch(/invalid_grant.*The token \[redacted\] is not from that issuer/);
    expect(cloud.logged.join('\n')).not.toContain('eyJ');
  });

  it('give up when the service does not answer', async () => {
    const sts = await federated(() => undefined);
    const cloud = aCloud();

    const answer = cloud.credentialsFor(HOST);
    await vi.waitFor(() => expect(sts.requests.length).toBeGreaterThan(0));
    await cloud.clock.advance(10_000);

    expect(await answer).toEqual([]);
    expect(cloud.problemOf(HOST)).toContain('no answer within 10 s');
  });
});

describe('Google’s registries by a service account’s key', () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const account = 'headwind@example.iam.gserviceaccount.com';
  const key = {
    type: 'service_account',
    client_email: account,
    private_key: privateKey,
    private_key_id: '1',
  };

  /** Google's token endpoint, whose address is fixed: reached through a proxy, with a certificate of our own. */
  async function aTokenEndpoint(script: VendorScript): Promise<VendorServer> {
    const own = await makeSelfSigned(directory, 'oauth2.googleapis.com');
    const cert = own.certificate.toString();
    const usual = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...usual, cert]);
    cleanups.push(() => tls.setDefaultCACertificates(usual));
    const endpoint = await aServer(script, { key: own.key, cert });
    vi.stubEnv('HTTPS_PROXY', await aProxyTo(endpoint.port));
    return endpoint;
  }

  async function aProxyTo(port: number): Promise<string> {
    const proxy = createServer().on('connect', (_, client) => {
      const onward = connect(port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(client).pipe(onward);
      });
      for (const socket of [onward, client]) {
        socket.on('error', () => undefined);
        cleanups.push(() => void socket.destroy());
      }
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => void proxy.close());
    const address = proxy.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  it('take the token that Google gives for it', async () => {
    const endpoint = await aTokenEndpoint(() => ({
      status: 200,
      body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' },
    }));
    await credentialsFile(key);

    expect(await aCloud().credentialsFor(HOST)).toEqual(LOGIN);
    const form = new URLSearchParams(endpoint.requests[0]?.body);
    const claims: unknown = JSON.parse(
      Buffer.from(form.get('assertion')?.split('.')[1] ?? '', 'base64url').toString(),
    );
    expect(endpoint.requests[0]?.url).toBe('/token');
    expect(claims).toMatchObject({ iss: account, scope: 'https://www.googleapis.com/auth/cloud-platform' });
  });

  it('tell of a refusal', async () => {
    await aTokenEndpoint(() => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
    }));
    await credentialsFile(key);

    expect(await problem()).toBe('invalid_grant: Invalid JWT Signature.');
  });

  it('tell of a key that cannot be read, without it', async () => {
    await credentialsFile({ ...key, private_key: 'not-a-private-key' });

    const told = await problem();
    expect(told).toMatch(/\S/);
    expect(told).not.toContain('not-a-private-key');
  });

  it('tell of a file that is no JSON, without what it holds', async () => {
    await credentialsFile('the-secret-itself');

    expect(await problem()).toBe('the file that GOOGLE_APPLICATION_CREDENTIALS names holds no JSON');
  });

  it('tell of a file that is not there', async () => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(directory, 'nowhere.json'));

    expect(await problem()).toBe('the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read');
  });
});
