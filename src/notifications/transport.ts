import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import tls from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { createAddressGuard } from './address-guard.ts';
import { createGuardedLookup } from './guarded-lookup.ts';
import type { Answer } from './message.ts';
import { SendError, toSendError } from './send-error.ts';

export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From the connection to the end of the answer. */
  readonly timeoutMs: number;
  readonly ca?: string | undefined;
  readonly allowLinkLocal: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Posts one message. Throws a SendError where there is no answer. */
export interface Transport {
  post(outgoing: Outgoing): Promise<Answer>;
}

export interface TransportOptions {
  readonly clock: Clock;
  /** `Headwind/1.2.3`. */
  readonly userAgent: string;
  /** How names become addresses; the system's way unless told. */
  readonly resolve?: typeof lookup;
  /** Proxies that are asked to connect; none unless told. */
  readonly proxies?: Proxies | undefined;
}

/** Addresses of proxies by the scheme of what they lead to, and the hosts that are reached without. */
export interface Proxies {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly except?: string | undefined;
}

/** An answer's body is of use for its first words only. */
const MAX_ANSWER_BYTES = 4096;

/**
 * HTTP over `node:http` and `node:https`: no redirects, which could lead anywhere, and no kept connections, so that each
 * try asks for the address anew and has it checked at the moment of connecting. Where a proxy connects, it is the one
 * that knows the address; only what stands in the URL itself can be checked then.
 */
export function createNotificationTransport(options: TransportOptions): Transport {
  const { clock, userAgent, resolve = lookup } = options;
  const guard = createAddressGuard();
  const agents = createAgents(options.proxies);
  return {
    post: async (outgoing) => {
      const url = readUrl(outgoing.url);
      if (!outgoing.allowLinkLocal && guard.forbidsHost(url.hostname)) throw forbidden();
      const allowAll = outgoing.allowLinkLocal;
      const guarded = createGuardedLookup({ guard, resolve, allowAll, forbidden });
      const request = open(url, outgoing, { userAgent, agents, lookup: guarded });
      return exchange(request, outgoing, clock);
    },
  };
}

interface Agents {
  readonly http: http.Agent | false;
  readonly https: https.Agent | false;
}

function createAgents(proxies: Proxies = {}): Agents {
  if (proxies.http === undefined && proxies.https === undefined) return { http: false, https: false };
  const proxyEnv = {
    ...(proxies.http === undefined ? {} : { HTTP_PROXY: proxies.http }),
    ...(proxies.https === undefined ? {} : { HTTPS_PROXY: proxies.https }),
    ...(proxies.except === undefined ? {} : { NO_PROXY: proxies.except }),
  };
  const options = { keepAlive: false, proxyEnv };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new SendError('refused', 'is not at an http or https address');
  return url;
}

function forbidden(): SendError {
  return new SendError(
    'refused',
    'is at a link-local or metadata address, where Headwind sends nothing (HEADWIND_NOTIFICATIONS_ALLOW_LINK_LOCAL)',
  );
}

function open(
  url: URL,
  { headers, body, ca }: Outgoing,
  {
    userAgent,
    agents,
    lookup: look,
  }: { readonly userAgent: string; readonly agents: Agents; readonly lookup: LookupFunction },
): http.ClientRequest {
  const options: https.RequestOptions = {
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? null : url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, 'user-agent': userAgent, 'content-length': Buffer.byteLength(body) },
    lookup: look,
  };
  if (url.protocol === 'http:') return http.request({ ...options, agent: agents.http });
  const trusted = ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] };
  return https.request({ ...options, ...trusted, agent: agents.https, rejectUnauthorized: true });
}

async function exchange(
  request: http.ClientRequest,
  { body, timeoutMs, signal }: Outgoing,
  clock: Clock,
): Promise<Answer> {
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (error: SendError): void => {
    reject(error);
    request.destroy();
  };
  const abort = (): void => giveUp(new SendError('later', 'was not asked to the end'));
  const stopTimer = clock.after(timeoutMs, () =>
    giveUp(new SendError('later', `did not answer within ${timeoutMs / 1000} s`)),
  );
  signal?.addEventListener('abort', abort, { once: true });
  try {
    if (signal?.aborted === true) abort();
    const answer = answerTo(request);
    // Whoever loses the race may still fail.
    answer.catch(() => undefined);
    request.end(body);
    return await Promise.race([givenUp, answer]);
  } catch (error) {
    throw toSendError(error);
  } finally {
    stopTimer();
    signal?.removeEventListener('abort', abort);
    request.destroy();
  }
}

function answerTo(request: http.ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Stays to the end: a socket may report an error late, and nobody else listens.
    request.on('error', reject);
    request.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = (): void => {
        const retryAfter = incoming.headers['retry-after'];
        const text = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, retryAfter, text });
      };
      incoming.on('data', (chunk: Buffer) => {
        if (size < MAX_ANSWER_BYTES) chunks.push(chunk);
        size += chunk.length;
        if (size >= MAX_ANSWER_BYTES) finish();
      });
      // The status has been said: what follows it is only for the reason, so a body that breaks off changes nothing.
      for (const end of ['end', 'error', 'close'] as const) incoming.once(end, finish);
      incoming.on('error', () => undefined);
    });
  });
}
