import { z } from 'zod';
import type { Environment } from '../../config/problem.ts';
import type { Clock } from '../../core/clock.ts';
import { parseJson, remoteText } from '../failure.ts';
import type { Transport } from '../http.ts';
import { TransportError } from '../transport-error.ts';
import { CloudIdentityError, type CloudIdentity, type IssuedCredential } from './cloud-identity.ts';
import { askEntra } from './entra.ts';

export interface AcrIdentityOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly transport: Transport;
}

/** Azure, and its clouds in China, Germany and of the US government. */
const HOST = /^[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,3}\.azurecr\.(?:io|cn|de|us)$/;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Of a refresh token that does not tell when it expires; they live for three hours. */
const LIFETIME_MS = 3_600_000;

const Exchanged = z.object({ refresh_token: z.string().min(1) });
const Claims = z.object({ exp: z.number().positive() });

/**
 * Azure's registries: Headwind's token from Microsoft Entra is exchanged at the registry for a refresh token of the
 * registry itself (https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md), which the token flow takes as an
 * identity token.
 */
export function createAcrIdentity({ env, clock, transport }: AcrIdentityOptions): CloudIdentity {
  return {
    name: 'Azure Container Registry',
    matches: (host) => HOST.test(host),
    credentials: async (host, signal) => {
      const accessToken = await askEntra({ env, transport, signal });
      if (accessToken === undefined) return undefined;
      const tenant = env['AZURE_TENANT_ID'] ?? '';
      const form = new URLSearchParams({
        grant_type: 'access_token',
        service: host,
        ...(tenant === '' ? {} : { tenant }),
        access_token: accessToken,
      });
      return exchange({ host, form, accessToken, transport, signal, nowMs: clock.now() });
    },
  };
}

async function exchange({
  host,
  form,
  accessToken,
  transport,
  signal,
  nowMs,
}: {
  readonly host: string;
  readonly form: URLSearchParams;
  readonly accessToken: string;
  readonly transport: Transport;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}): Promise<IssuedCredential> {
  const response = await transport
    .send({
      method: 'POST',
      url: new URL(`https://${host}/oauth2/exchange`),
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
      maxBodyBytes: MAX_ANSWER_BYTES,
      signal,
    })
    .catch((error: unknown) => {
      if (!(error instanceof TransportError) || error.kind === 'aborted') throw error;
      throw new CloudIdentityError(`${host} ${error.message}`, { cause: error });
    });
  if (response.status !== 200) {
    const text = remoteText(response, [accessToken]);
    throw new CloudIdentityError(`${host} answered ${response.status} to Headwind's identity${text}`);
  }
  const exchanged = Exchanged.safeParse(parseJson(response.body));
  if (!exchanged.success) throw new CloudIdentityError(`${host} answered with something that is no token`);
  const identityToken = exchanged.data.refresh_token;
  return { credential: { identityToken }, expiresAtMs: expiryOf(identityToken) ?? nowMs + LIFETIME_MS };
}

/** The `exp` of a JSON Web Token, in milliseconds. Who signed it is the registry's business. */
function expiryOf(token: string): number | undefined {
  const claims = Claims.safeParse(parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url')));
  return claims.success ? claims.data.exp * 1000 : undefined;
}
