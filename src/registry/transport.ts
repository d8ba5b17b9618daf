import type { Clock } from '../core/clock.ts';
import { createAgents } from './agents.ts';
import { exchange } from './exchange.ts';
import type { ExchangeTimeouts, HttpRequest, Transport } from './http.ts';
import { isRedirect, nextHop } from './redirect.ts';
import { TransportError } from './transport-error.ts';

const MAX_REDIRECTS = 5;
const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_CONNECT_MS = 5000;

export interface TransportOptions {
  readonly clock: Clock;
  /** For the hosts that are asked, redirects' targets included; `timeoutsFor(30_000)` unless told. */
  readonly timeoutsOf?: (url: URL) => ExchangeTimeouts;
  /** Certificates (PEM) that are trusted at an address beside the usual ones. */
  readonly caOf?: (url: URL) => string | undefined;
}

/** A limit for one answer, from the connection to the last byte, divided among its parts. */
export function timeoutsFor(timeoutMs: number): ExchangeTimeouts {
  // Connecting takes a machine's time, answering takes the registry's work, the body the line's.
  const connectMs = Math.min(MAX_CONNECT_MS, timeoutMs / 6);
  const headersMs = ((timeoutMs - connectMs) * 2) / 5;
  return { connectMs, headersMs, bodyMs: timeoutMs - connectMs - headersMs };
}

/** HTTP over `node:http` and `node:https` with kept connections; one request takes at most the three timeouts, six times. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, timeoutsOf = () => timeoutsFor(DEFAULT_TIMEOUT_MS), caOf = () => undefined } = options;
  const agents = createAgents(caOf);
  const once = (request: HttpRequest) =>
    exchange(request, {
      agent: agents.kept(request.url, request.tls),
      freshAgent: () => agents.fresh(request.url, request.tls),
      clock,
      timeouts: request.timeouts ?? timeoutsOf(request.url),
    });
  return {
    send: async (request) => {
      let next: HttpRequest = request;
      for (let redirects = 0; ; redirects += 1) {
        const response = await once(next);
        // A body is never sent on: it may hold a refresh token.
        if (!isRedirect(response.status) || request.method === 'POST') return response;
        if (redirects === MAX_REDIRECTS)
          throw new TransportError('redirect', `redirects more than ${MAX_REDIRECTS} times`);
        const hop = nextHop(next.url, response.headers.get('location') ?? '');
        if (!hop.ok) throw new TransportError('redirect', hop.error);
        // Once dropped, credentials stay dropped, even where the chain comes back.
        next = hop.value.keepCredentials ? { ...next, url: hop.value.url } : asNobody(next, hop.value.url);
      }
    },
    close: () => agents.close(),
  };
}

function asNobody(request: HttpRequest, url: URL): HttpRequest {
  const tls = request.tls === undefined ? undefined : { ca: request.tls.ca };
  return { ...request, url, authorization: undefined, tls };
}
