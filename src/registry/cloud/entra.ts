import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Environment } from '../../config/problem.ts';
import { parseJson, remoteText } from '../failure.ts';
import type { Transport } from '../http.ts';
import { TransportError } from '../transport-error.ts';
import { CloudIdentityError } from './cloud-identity.ts';

export interface EntraQuestion {
  readonly env: Environment;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** The registries of all of Azure's clouds take tokens for it, whether or not they take those for the ARM API. */
const AUDIENCE = 'https://containerregistry.azure.net';
const AUTHORITY_HOST = 'https://login.microsoftonline.com/';
const METADATA_SERVER = 'http://169.254.169.254';
const METADATA_PATH = '/metadata/identity/oauth2/token';
const METADATA_VERSION = '2018-02-01';
const MAX_ANSWER_BYTES = 256 * 1024;

/** `{"access_token":"eyJ…","expires_on":"1506484173","token_type":"Bearer",…}` or `{"error":"invalid_request",…}` */
const MetadataAnswer = z.union([
  z.object({ error: z.string() }),
  z.object({ access_token: z.string().min(1) }),
]);

/**
 * Headwind's access token from Microsoft Entra for Azure's registries: as the workload identity that
 * AZURE_FEDERATED_TOKEN_FILE speaks for, through Microsoft's client; else as the machine's managed identity, the one with
 * AZURE_CLIENT_ID if that is set.
 * Undefined where there is neither. Throws a CloudIdentityError, or TransportError 'aborted'.
 */
export async function askEntra(question: EntraQuestion): Promise<string | undefined> {
  const tokenFile = question.env['AZURE_FEDERATED_TOKEN_FILE'] ?? '';
  if (tokenFile !== '') return askAsWorkload(tokenFile, question);
  return askAsMachine(question);
}

async function askAsWorkload(tokenFile: string, { env, transport, signal }: EntraQuestion): Promise<string> {
  const clientId = required(env, 'AZURE_CLIENT_ID');
  const tenantId = required(env, 'AZURE_TENANT_ID');
  const authority = authorityOf(env['AZURE_AUTHORITY_HOST'] ?? '', tenantId);
  // Read each time: the kubelet replaces it every hour or so.
  const assertion = await readFile(tokenFile, 'utf8').catch((error: unknown) => {
    throw new CloudIdentityError('the file that AZURE_FEDERATED_TOKEN_FILE names cannot be read', {
      cause: error,
    });
  });
  const { askAsClient } = await import('./entra-client.ts');
  return askAsClient({
    clientId,
    authority,
    assertion: assertion.trim(),
    audience: AUDIENCE,
    transport,
    signal,
  });
}

/**
 * The token that the machine's metadata server gives out
 * (https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#get-a-token-using-http).
 * It refuses in JSON; what says anything else at this address is another cloud's, or nobody.
 */
async function askAsMachine({ env, transport, signal }: EntraQuestion): Promise<string | undefined> {
  const named = env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] ?? '';
  const clientId = env['AZURE_CLIENT_ID'] ?? '';
  const url = new URL(METADATA_PATH, named === '' ? METADATA_SERVER : named);
  url.searchParams.set('api-version', METADATA_VERSION);
  url.searchParams.set('resource', AUDIENCE);
  if (clientId !== '') url.searchParams.set('client_id', clientId);
  const response = await transport
    .send({ method: 'GET', url, headers: { metadata: 'true' }, maxBodyBytes: MAX_ANSWER_BYTES, signal })
    .catch((error: unknown) => {
      if (!(error instanceof TransportError) || error.kind === 'aborted') throw error;
      return undefined;
    });
  if (response === undefined) return undefined;
  const answer = MetadataAnswer.safeParse(parseJson(response.body));
  if (!answer.success) return undefined;
  if ('error' in answer.data)
    throw new CloudIdentityError(
      `the metadata server answered ${response.status}${remoteText(response, [])}`,
    );
  return response.status === 200 ? answer.data.access_token : undefined;
}

function authorityOf(host: string, tenantId: string): URL {
  const base = URL.parse(host === '' ? AUTHORITY_HOST : host);
  if (base?.protocol !== 'https:')
    throw new CloudIdentityError('AZURE_AUTHORITY_HOST is not an https:// address');
  return new URL(encodeURIComponent(tenantId), base);
}

function required(env: Environment, name: string): string {
  const value = env[name] ?? '';
  if (value === '') throw new CloudIdentityError(`AZURE_FEDERATED_TOKEN_FILE is set, but ${name} is not`);
  return value;
}
