import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { updateRequestCrd } from '../../src/core/update-request-crd.ts';
import {
  startEmbeddedKubernetes,
  type EmbeddedKubernetes,
} from '../../src/sandbox/kubernetes/embedded-kubernetes.ts';
import { systemClock } from '../../src/system.ts';
import { makeSelfSigned } from '../parts/certificate.ts';
import { eventually } from '../parts/eventually.ts';
import { startHeadwind, type Program } from '../parts/program.ts';
import { jwt, startVendorServer, type VendorScript, type VendorServer } from '../parts/vendor-server.ts';

const ECR = '123456789012.dkr.ecr.eu-west-3.amazonaws.com';
const GOOGLE = 'europe-docker.pkg.dev';
const AZURE = 'team.azurecr.io';
const TOKEN = jwt('system:serviceaccount:headwind-system:headwind', Date.now() + 3_600_000);
const DIGEST = `sha256:${'a'.repeat(64)}`;

const nameOf = (host: string): string => host.replaceAll('.', '-');

const cleanups: (() => Promise<unknown>)[] = [];
let kubernetes: EmbeddedKubernetes;
let headwind: Program;
let ecr: VendorServer;
let sts: VendorServer;
let entra: VendorServer;
/** Stands in for the registries of all three clouds: their mirror, trusted with their credentials; Azure's is open. */
let mirror: VendorServer;

async function aServer(
  script: VendorScript,
  secure?: { readonly key: string; readonly cert: string },
): Promise<VendorServer> {
  const server = await startVendorServer(script, secure);
  cleanups.push(() => server.stop());
  return server;
}

beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-cloud-'));
  cleanups.push(() => rm(directory, { recursive: true }));
  const write = async (name: string, content: unknown): Promise<string> => {
    const path = join(directory, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const own = await makeSelfSigned(directory, 'localhost');

  const authorizationToken = Buffer.from('AWS:ecr-password').toString('base64');
  ecr = await aServer(() => ({
    status: 200,
    body: { authorizationData: [{ authorizationToken, expiresAt: Date.now() / 1000 + 43_200 }] },
  }));
  sts = await aServer(() => ({
    status: 200,
    body: { access_token: 'google-token', token_type: 'Bearer', expires_in: 3600 },
  }));
  // It refuses: the token exchange that would follow is at the registry itself.
  entra = await aServer(
    ({ method, headers }) =>
      method === 'POST'
        ? {
            status: 400,
            body: { error: 'invalid_client', error_description: 'AADSTS700016: not in this tenant' },
          }
        : {
            status: 200,
            body: {
              issuer: `https://${headers.host}/tenant/v2.0`,
              authorization_endpoint: `https://${headers.host}/tenant/oauth2/v2.0/authorize`,
              token_endpoint: `https://${headers.host}/tenant/oauth2/v2.0/token`,
              jwks_uri: `https://${headers.host}/tenant/discovery/v2.0/keys`,
            },
          },
    { key: own.key, cert: own.certificate.toString() },
  );
  const openTo = `/v2/${nameOf(AZURE)}/`;
  mirror = await aServer(({ url, headers }) =>
    headers.authorization === undefined && !url.startsWith(openTo)
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="mirror"' } }
      : { status: 200, headers: { 'docker-content-digest': DIGEST } },
  );

  const mirrorHost = `127.0.0.1:${mirror.port}`;
  const mirrors = [{ host: mirrorHost, credentials: true }];
  const registryConfig = {
    hosts: {
      [ECR]: { mirrors },
      [GOOGLE]: { mirrors },
      [AZURE]: { mirrors },
      [mirrorHost]: { insecure: true },
    },
  };
  kubernetes = await startEmbeddedKubernetes({ crds: [updateRequestCrd()], clock: systemClock });
  cleanups.push(() => kubernetes.close());
  headwind = await startHeadwind({
    from: 'build',
    env: {
      HOME: directory,
      HEADWIND_KUBECONFIG: await write('kubeconfig', kubernetes.kubeconfig),
      HEADWIND_LOG_FORMAT: 'json',
      HEADWIND_LOG: 'debug',
      HEADWIND_REGISTRY_CONFIG: await write('registries.yaml', registryConfig),
      NODE_EXTRA_CA_CERTS: own.certificateFile,
      AWS_ENDPOINT_URL_ECR: ecr.url,
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'aws-secret-key',
      GOOGLE_APPLICATION_CREDENTIALS: await write('google.json', {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${sts.url}/v1/token`,
        credential_source: { file: await write('google-token', TOKEN) },
      }),
      AZURE_FEDERATED_TOKEN_FILE: await write('azure-token', TOKEN),
      AZURE_CLIENT_ID: 'client',
      AZURE_TENANT_ID: 'tenant',
      AZURE_AUTHORITY_HOST: `https://localhost:${entra.port}/`,
    },
  });
  cleanups.push(() => headwind.stop());
});

afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function push(host: string): Promise<void> {
  const name = nameOf(host);
  const labels = { app: name };
  kubernetes.store.create('deployments', {
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'headwind.sh/policy': 'minor', 'headwind.sh/require-approval': 'true' },
    },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', image: `${host}/${name}/app:1.0.0` }] },
      },
    },
  });
  await eventually(
    async () => {
      const views = await (await fetch(`${headwind.urls.api}/api/v1/workloads`)).text();
      return views.includes(`"${name}"`);
    },
    { what: `${name} is known`, timeoutMs: 10_000 },
  );
  const response = await fetch(`${headwind.urls.webhook}/webhook/registry`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ repository: `${host}/${name}/app`, tag: '1.1.0' }),
  });
  expect(response.status).toBe(200);
}

const shown = (path: string): readonly (string | undefined)[] =>
  mirror.requests.filter(({ url }) => url.startsWith(path)).map(({ headers }) => headers.authorization);
const basic = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`;

test('the built program shows ECR what AWS’s client gets', async () => {
  await push(ECR);

  expect(shown(`/v2/${nameOf(ECR)}/`)).toContain(basic('AWS:ecr-password'));
});

test('the built program shows Artifact Registry what Google’s client gets', async () => {
  await push(GOOGLE);

  expect(shown(`/v2/${nameOf(GOOGLE)}/`)).toContain(basic('oauth2accesstoken:google-token'));
});

test('the built program asks Microsoft Entra through MSAL, and logs why nothing came', async () => {
  await push(AZURE);

  const asked = new URLSearchParams(entra.requests.at(-1)?.body);
  expect(asked.get('client_assertion')).toBe(TOKEN);
  const logged = headwind
    .logs()
    .filter(({ fields }) => fields.message === 'cloud identity gives no credential');
  expect(logged).toMatchObject([
    {
      level: 'WARN',
      fields: { host: AZURE, why: expect.stringContaining('AADSTS700016: not in this tenant') },
    },
  ]);
});

test('no secret is printed, even at level debug', () => {
  const output = headwind.output().join('\n');

  for (const secret of [TOKEN, 'ecr-password', 'google-token', 'aws-secret-key'])
    expect(output).not.toContain(secret);
});
