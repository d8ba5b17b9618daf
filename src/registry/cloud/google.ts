import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Environment } from '../../config/problem.ts';
import type { Clock } from '../../core/clock.ts';
import { parseJson } from '../failure.ts';
import type { HttpResponse, Transport } from '../http.ts';
import { TransportError } from '../transport-error.ts';
import { CloudIdentityError, type CloudIdentity, type IssuedCredential } from './cloud-identity.ts';

export interface GoogleIdentityOptions {
  readonly env: Environment;
  readonly clock: Clock;
  /** For the metadata server. */
  readonly transport: Transport;
}

const HOST = /^(?:gcr\.io|[a-z0-9-]{1,63}\.gcr\.io|[a-z0-9-]{1,56}-docker\.pkg\.dev)$/;
/** By its address, so that nothing is asked of DNS where there is no such server. */
const METADATA_HOST = '169.254.169.254';
const METADATA_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';
const MAX_ANSWER_BYTES = 64 * 1024;

/** `{"access_token":"ya29.…","expires_in":3599,"token_type":"Bearer"}` */
const MetadataToken = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

/**
 * Google's registries: an access token as the password of `oauth2accesstoken`. It comes from the file that
 * GOOGLE_APPLICATION_CREDENTIALS names (a service account's key, or workload identity federation), through Google's
 * client; else from the metadata server, which speaks for the node, or on GKE with workload identity for the pod.
 */
export function createGoogleIdentity(options: GoogleIdentityOptions): CloudIdentity {
  const keyFile = options.env['GOOGLE_APPLICATION_CREDENTIALS'] ?? '';
  return {
    name: 'Google Cloud',
    matches: (host) => HOST.test(host),
    credentials: (_host, signal) =>
      keyFile === '' ? askMetadataServer(options, signal) : askAsFile(keyFile, signal),
  };
}

async function askAsFile(keyFile: string, signal: AbortSignal): Promise<IssuedCredential> {
  // Read here first: Google's client would quote a file that is no JSON.
  const content = await readFile(keyFile).catch((error: unknown) => {
    throw new CloudIdentityError('the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read', {
      cause: error,
    });
  });
  if (parseJson(content) === undefined)
    throw new CloudIdentityError('the file that GOOGLE_APPLICATION_CREDENTIALS names holds no JSON');
  const { askAsApplication } = await import('./google-client.ts');
  const { token, expiresAtMs } = await askAsApplication(signal);
  if (token == null || expiresAtMs == null) throw new CloudIdentityError('Google answered without a token');
  return issue(token, expiresAtMs);
}

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
async function askMetadataServer(
  { env, clock, transport }: GoogleIdentityOptions,
  signal: AbortSignal,
): Promise<IssuedCredential | undefined> {
  const named = env['GCE_METADATA_HOST'] ?? '';
  const response = await transport
    .send({
      method: 'GET',
      url: new URL(`http://${named === '' ? METADATA_HOST : named}${METADATA_PATH}`),
      headers: { 'metadata-flavor': 'Google' },
      maxBodyBytes: MAX_ANSWER_BYTES,
      signal,
    })
    .catch((error: unknown) => {
      if (!(error instanceof TransportError) || error.kind === 'aborted') throw error;
      if (named === '') return undefined;
      throw new CloudIdentityError(`the metadata server ${named} ${error.message}`, { cause: error });
    });
  // At the same address other clouds have servers of their own.
  if (response?.headers.get('metadata-flavor') !== 'Google') return undefined;
  return readMetadataToken(response, clock.now());
}

function readMetadataToken(response: HttpResponse, nowMs: number): IssuedCredential {
  if (response.status === 404)
    throw new CloudIdentityError('the metadata server knows no service account here');
  if (response.status !== 200)
    throw new CloudIdentityError(`the metadata server answered ${response.status}`);
  const token = MetadataToken.safeParse(parseJson(response.body));
  if (!token.success)
    throw new CloudIdentityError('the metadata server answered with something that is no token');
  return issue(token.data.access_token, nowMs + token.data.expires_in * 1000);
}

function issue(token: string, expiresAtMs: number): IssuedCredential {
  return { credential: { username: 'oauth2accesstoken', password: token }, expiresAtMs };
}
