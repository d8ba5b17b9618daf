import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../core/clock.ts';
import { isRedirect, nextHop } from './redirect.ts';
import { exchange, type ExchangeTimeouts } from './exchange.ts';
import type { HttpRequest, Transport } from './http.ts';
import { TransportError } from './transport-error.ts';

const MAX_REDIRECTS = 5;
const MAX_FREE_SOCKETS_PER_HOST = 4;
const MAX_SOCKETS = 256;
const IDLE_SOCKET_MS = 30_000;

export const DEFAULT_TIMEOUTS: ExchangeTimeouts = { connectMs: 5000, headersMs: 10_000, bodyMs: 15_000 };

/** HTTP over `node:http` and `node:https` with kept connections; one request takes at most the three timeouts, six times. */
export function createTransport(options: {
  readonly clock: Clock;
  readonly timeouts?: ExchangeTimeouts;
}): Transport {
  const agentOptions = {
    keepAlive: true,
    maxFreeSockets: MAX_FREE_SOCKETS_PER_HOST,
    maxTotalSockets: MAX_SOCKETS,
    timeout: IDLE_SOCKET_MS,
  };
  const agents = { http: new http.Agent(agentOptions), https: new https.Agent(agentOptions) };
  const exchangeOptions = { agents, clock: options.clock, timeouts: options.timeouts ?? DEFAULT_TIMEOUTS };
  return {
    send: async (request) => {
      let next: HttpRequest = request;
      for (let redirects = 0; ; redirects += 1) {
        const response = await exchange(next, exchangeOptions);
        // A body is never sent on: it may hold a refresh token.
        if (!isRedirect(response.status) || request.method === 'POST') return response;
        if (redirects === MAX_REDIRECTS)
          throw new TransportError('redirect', `redirects more than ${MAX_REDIRECTS} times`);
        const hop = nextHop(next.url, response.headers.get('location') ?? '');
        if (!hop.ok) throw new TransportError('redirect', hop.error);
        // Once dropped, credentials stay dropped, even where the chain comes back.
        const authorization = hop.value.keepCredentials ? next.authorization : undefined;
        next = { ...next, url: hop.value.url, authorization };
      }
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
