import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import {
  jwt,
  startVendorServer,
  urlOfNobody,
  type VendorAnswer,
  type VendorScript,
  type VendorServer,
} from '../../../test/parts/vendor-server.ts';
import { createCloudCredentials } from './cloud-credentials.ts';
import type { IssuedCredential } from './cloud-identity.ts';
import { createEcrIdentity } from './ecr.ts';

const HOST = '123456789012.dkr.ecr.eu-west-3.amazonaws.com';
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const SESSION_TOKEN = 'FwoGZXIvYXdzEAEaDEXAMPLESESSIONTOKEN';
const EXPIRES_S = 1_800_000_000;

let directory = '';
const servers: VendorServer[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ecr-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('HOME', directory);
  // Where nothing else is said, the machine's metadata server is nobody.
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', await urlOfNobody());
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.stop();
  await rm(directory, { recursive: true });
});

async function aServer(script: VendorScript): Promise<VendorServer> {
  const server = await startVendorServer(script);
  servers.push(server);
  return server;
}

/** The API of ECR, at which the SDK is pointed. */
async function anEcr(script: VendorScript = () => authorization('AWS:ecr-password')): Promise<VendorServer> {
  const server = await aServer(script);
  vi.stubEnv('AWS_ENDPOINT_URL_ECR', server.url);
  return server;
}

function authorization(login: string): VendorAnswer {
  const authorizationToken = Buffer.from(login).toString('base64');
  return { status: 200, body: { authorizationData: [{ authorizationToken, expiresAt: EXPIRES_S }] } };
}

function staticKeys(): void {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIASTATIC');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET_KEY);
}

async function aFile(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const ask = (host = HOST, signal = AbortSignal.timeout(15_000)): Promise<IssuedCredential | undefined> =>
  createEcrIdentity({ env: process.env }).credentials(host, signal);

/** What a person is told of a failure. */
async function problem(): Promise<string | undefined> {
  const log = (): void => undefined;
  const identities = [createEcrIdentity({ env: process.env })];
  const cloud = createCloudCredentials({
    identities,
    clock: new FakeClock(),
    log: { debug: log, warn: log },
  });
  expect(await cloud.credentialsFor(HOST)).toEqual([]);
  return cloud.problemOf(HOST);
}

describe('hosts of Amazon ECR', () => {
  const identity = createEcrIdentity({ env: {} });

  it.each([
    HOST,
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    '123456789012.dkr-ecr.eu-west-3.on.aws',
    '123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov',
    '123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu',
    'public.ecr.aws',
  ])('%s is one', (host) => {
    expect(identity.matches(host)).toBe(true);
  });

  it.each([
    '12345.dkr.ecr.eu-west-3.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-3.amazonaws.com.evil.example',
    'evil.example/123456789012.dkr.ecr.eu-west-3.amazonaws.com',
    '123456789012.dkr.ecr.evil.example#.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-3.amazonaws.com:8443',
    'x123456789012.dkr.ecr.eu-west-3.amazonaws.com',
    'public.ecr.aws.evil.example',
    'docker.io',
  ])('%s is none', (host) => {
    expect(identity.matches(host)).toBe(false);
  });
});

describe('Amazon ECR', () => {
  it('gives a login to static keys, asked in the region of the host', async () => {
    staticKeys();
    const ecr = await anEcr();

    expect(await ask()).toEqual({
      credential: { username: 'AWS', password: 'ecr-password' },
      expiresAtMs: EXPIRES_S * 1000,
    });
    expect(ecr.requests).toHaveLength(1);
    expect(ecr.requests[0]?.headers).toMatchObject({
      'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken',
      authorization: expect.stringMatching(/Credential=AKIASTATIC\/\d{8}\/eu-west-3\/ecr\/aws4_request/),
    });
  });

  it('keeps a password that holds colons whole', async () => {
    staticKeys();
    await anEcr(() => authorization('AWS:a:b:'));

    expect(await ask()).toMatchObject({ credential: { username: 'AWS', password: 'a:b:' } });
  });

  it('gives one to an IAM role for service accounts, with the token that the kubelet wrote', async () => {
    const token = jwt('system:serviceaccount:headwind-system:headwind', Date.now() + 3_600_000);
    const sts = await aServer(() => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: ASSUMED,
    }));
    const ecr = await anEcr();
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/headwind');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', await aFile('token', token));

    expect(await ask()).toMatchObject({ credential: { username: 'AWS', password: 'ecr-password' } });
    const form = new URLSearchParams(sts.requests[0]?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      Action: 'AssumeRoleWithWebIdentity',
      RoleArn: 'arn:aws:iam::123456789012:role/headwind',
      WebIdentityToken: token,
    });
    expect(ecr.requests[0]?.headers).toMatchObject({
      'x-amz-security-token': SESSION_TOKEN,
      authorization: expect.stringContaining('Credential=ASIAROLE/'),
    });
  });

  it('gives one to an EKS Pod Identity, by the agent and the token that the pod has for it', async () => {
    const agent = await aServer(() => ({
      status: 200,
      body: {
        AccessKeyId: 'ASIAPOD',
        SecretAccessKey: SECRET_KEY,
        Token: SESSION_TOKEN,
        AccountId: '123456789012',
        Expiration: '2099-01-01T00:00:00Z',
      },
    }));
    const ecr = await anEcr();
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${agent.url}/v1/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', await aFile('eks-token', 'pod-identity-token'));

    expect(await ask()).toMatchObject({ credential: { password: 'ecr-password' } });
    expect(agent.requests[0]).toMatchObject({
      url: '/v1/credentials',
      headers: { authorization: 'pod-identity-token' },
    });
    expect(ecr.requests[0]?.headers.authorization).toContain('Credential=ASIAPOD/');
  });

  it('gives one to the role of the instance', async () => {
    const role = '/latest/meta-data/iam/security-credentials/';
    const metadata = await aServer(({ method, url, headers }) => {
      if (method === 'PUT' && url === '/latest/api/token') return { status: 200, body: 'imds-token' };
      if (headers['x-aws-ec2-metadata-token'] !== 'imds-token') return { status: 401 };
      if (url === role) return { status: 200, body: 'node-role' };
      if (url !== `${role}node-role`) return { status: 404 };
      const keys = { AccessKeyId: 'ASIANODE', SecretAccessKey: SECRET_KEY, Token: SESSION_TOKEN };
      return { status: 200, body: { ...keys, Code: 'Success', Expiration: '2099-01-01T00:00:00Z' } };
    });
    const ecr = await anEcr();
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.url);

    expect(await ask()).toMatchObject({ credential: { password: 'ecr-password' } });
    expect(ecr.requests[0]?.headers.authorization).toContain('Credential=ASIANODE/');
  });

  it('gives one to the keys of a shared file', async () => {
    const file = `[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = ${SECRET_KEY}\n`;
    const ecr = await anEcr();
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', await aFile('credentials', file));

    expect(await ask()).toMatchObject({ credential: { password: 'ecr-password' } });
    expect(ecr.requests[0]?.headers.authorization).toContain('Credential=AKIAFILE/');
  });

  it('gives one for the public registry, whose tokens come from us-east-1', async () => {
    staticKeys();
    const authorizationToken = Buffer.from('AWS:public-password').toString('base64');
    const ecr = await aServer(() => ({
      status: 200,
      body: { authorizationData: { authorizationToken, expiresAt: EXPIRES_S } },
    }));
    vi.stubEnv('AWS_ENDPOINT_URL_ECR_PUBLIC', ecr.url);

    expect(await ask('public.ecr.aws')).toMatchObject({
      credential: { username: 'AWS', password: 'public-password' },
    });
    expect(ecr.requests[0]?.headers.authorization).toContain('/us-east-1/ecr-public/');
  });

  it('does without one at the public registry where the role may not ask', async () => {
    staticKeys();
    const ecr = await aServer(() => ({
      status: 400,
      body: {
        __type: 'AccessDeniedException',
        message: 'not authorized to perform ecr-public:GetAuthorizationToken',
      },
    }));
    vi.stubEnv('AWS_ENDPOINT_URL_ECR_PUBLIC', ecr.url);

    expect(await ask('public.ecr.aws')).toBeUndefined();
  });

  it('gives none, and no failure, where nothing is configured', async () => {
    const ecr = await anEcr();

    expect(await ask()).toBeUndefined();
    expect(ecr.requests).toEqual([]);
  });

  it('ends when it is told to', async () => {
    staticKeys();
    await anEcr(() => undefined);
    const controller = new AbortController();
    const answer = ask(HOST, controller.signal);
    await vi.waitFor(() => expect(servers.at(-1)?.requests).toHaveLength(1));

    controller.abort();

    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('what a person is told when Amazon ECR gives nothing', () => {
  const beginning = `Amazon ECR gave no credential for ${HOST}: `;

  it('is that the role may not ask', async () => {
    staticKeys();
    await anEcr(() => ({
      status: 400,
      body: {
        __type: 'AccessDeniedException',
        message:
          'User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ecr:GetAuthorizationToken',
      },
    }));

    expect(await problem()).toBe(
      `${beginning}AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ecr:GetAuthorizationToken`,
    );
  });

  it('is that the role may not be assumed, without the token that STS repeats', async () => {
    const token = jwt('headwind', Date.now() + 3_600_000);
    const sts = await aServer(() => ({
      status: 403,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized: ${token}</Message></Error></ErrorResponse>`,
    }));
    await anEcr();
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/headwind');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', await aFile('token', token));

    expect(await problem()).toBe(`${beginning}AccessDenied: Not authorized: [redacted]`);
  });

  it('is that there were no credentials where there should have been', async () => {
    await anEcr();
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${await urlOfNobody()}/v1/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'pod-identity-token');

    expect(await problem()).toBe(
      `${beginning}no AWS credentials could be had, although AWS_CONTAINER_CREDENTIALS_FULL_URI is set`,
    );
  });

  it('is that the signature is wrong, without the request that AWS repeats', async () => {
    staticKeys();
    vi.stubEnv('AWS_SESSION_TOKEN', SESSION_TOKEN);
    await anEcr(() => ({
      status: 400,
      body: {
        __type: 'InvalidSignatureException',
        message: `The request signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:${SESSION_TOKEN}`,
      },
    }));

    expect(await problem()).toBe(
      `${beginning}InvalidSignatureException: The request signature does not match.`,
    );
  });

  it('is that nothing listens there', async () => {
    staticKeys();
    vi.stubEnv('AWS_ENDPOINT_URL_ECR', await urlOfNobody());

    expect(await problem()).toMatch(/: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
  });

  it.each([
    { what: 'no data', body: {} },
    { what: 'no password', body: authorization('AWS:').body },
    { what: 'no user', body: authorization(':secret').body },
    { what: 'no expiry', body: { authorizationData: [{ authorizationToken: 'QVdTOnA=' }] } },
  ])('is that there was no token in an answer with $what', async ({ body }) => {
    staticKeys();
    await anEcr(() => ({ status: 200, body }));

    expect(await problem()).toBe(`${beginning}GetAuthorizationToken answered without a token`);
  });
});

const ASSUMED = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <Credentials>
      <AccessKeyId>ASIAROLE</AccessKeyId>
      <SecretAccessKey>${SECRET_KEY}</SecretAccessKey>
      <SessionToken>${SESSION_TOKEN}</SessionToken>
      <Expiration>2099-01-01T00:00:00Z</Expiration>
    </Credentials>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/headwind/session</Arn>
      <AssumedRoleId>AROAEXAMPLE:session</AssumedRoleId>
    </AssumedRoleUser>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`;
