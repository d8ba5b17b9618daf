// Imported when it is needed, since it loads MSAL, Microsoft's client for Entra.
import {
  ConfidentialClientApplication,
  type INetworkModule,
  type NetworkRequestOptions,
  type NetworkResponse,
} from '@azure/msal-node';
import { parseJson } from '../failure.ts';
import type { HttpRequest, Transport } from '../http.ts';
import { TransportError } from '../transport-error.ts';
import { CloudIdentityError } from './cloud-identity.ts';
import { failureText } from './failure-text.ts';

export interface EntraClient {
  readonly clientId: string;
  /** With the tenant as its path. */
  readonly authority: URL;
  /** The token by which somebody whom Entra trusts vouches for the client. */
  readonly assertion: string;
  /** For whom the token is to be. */
  readonly audience: string;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 256 * 1024;

/** The access token that Microsoft Entra gives a client for its assertion. Throws a CloudIdentityError. */
export async function askAsClient(client: EntraClient): Promise<string> {
  const { clientId, authority, assertion, audience } = client;
  const network = networkOver(client.transport, client.signal);
  const application = new ConfidentialClientApplication({
    auth: {
      clientId,
      authority: authority.href,
      clientAssertion: assertion,
      // It is the administrator's word: nobody else is asked whether it is an authority.
      knownAuthorities: [authority.host],
    },
    system: { networkClient: network.client, disableInternalRetries: true },
  });
  try {
    const answer = await application.acquireTokenByClientCredential({ scopes: [`${audience}/.default`] });
    if (answer !== null && answer.accessToken !== '') return answer.accessToken;
  } catch (error) {
    // MSAL hides what the network said behind a text of its own.
    throw network.failure() ?? new CloudIdentityError(failureText(error, [assertion]), { cause: error });
  }
  throw new CloudIdentityError('Microsoft Entra answered without a token');
}

interface Network {
  readonly client: INetworkModule;
  /** Why its last request had no answer that could be read. */
  readonly failure: () => CloudIdentityError | undefined;
}

/** MSAL's requests through the registry's own client: bounded in time and size, and ended with `signal`. */
function networkOver(transport: Transport, signal: AbortSignal): Network {
  let failure: CloudIdentityError | undefined;
  const fail = (message: string, cause?: unknown): CloudIdentityError => {
    failure = new CloudIdentityError(message, { cause });
    return failure;
  };
  const send = async <T>(
    request: Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'>,
  ): Promise<NetworkResponse<T>> => {
    const { host } = request.url;
    const response = await transport
      .send({ ...request, maxBodyBytes: MAX_ANSWER_BYTES, signal })
      .catch((error: unknown) => {
        throw error instanceof TransportError ? fail(`${host} ${error.message}`, error) : error;
      });
    if (parseJson(response.body) === undefined)
      throw fail(`${host} answered ${response.status} with something that is no JSON`);
    // What T is only MSAL knows, which checks the members that it reads.
    const body: T = JSON.parse(new TextDecoder().decode(response.body));
    return { headers: Object.fromEntries(response.headers), body, status: response.status };
  };
  const headersOf = (options: NetworkRequestOptions | undefined): Record<string, string> =>
    options?.headers ?? {};
  return {
    client: {
      sendGetRequestAsync: (url, options) =>
        send({ method: 'GET', url: new URL(url), headers: headersOf(options) }),
      sendPostRequestAsync: (url, options) =>
        send({ method: 'POST', url: new URL(url), headers: headersOf(options), body: options?.body ?? '' }),
    },
    failure: () => failure,
  };
}
