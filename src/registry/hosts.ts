import { LRUCache } from 'lru-cache';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Clock } from '../core/clock.ts';
import { createCircuit, type Verdict } from './circuit.ts';
import { Unavailable } from './failure.ts';
import type { HttpRequest, HttpResponse, Transport } from './http.ts';
import { parseRetryAfter } from './retry-after.ts';
import { toTransportError, type TransportFailure } from './transport-error.ts';

/** How a request to a registry or its token server ended: a metric label, so a fixed list. */
export type RequestOutcome =
  | 'answered'
  | 'not-found'
  | 'refused'
  | 'rate-limited'
  | 'server-error'
  | 'timeout'
  | 'network-error'
  | 'held-back';

export interface RequestObservation {
  readonly host: string;
  readonly method: HttpRequest['method'];
  readonly outcome: RequestOutcome;
  readonly durationMs: number;
}

/** What this room needs of a log. */
export interface RegistryLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface HostsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: RegistryLog;
  /** Told of every request, also of those that were held back. */
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
}

/** Politeness towards hosts: how many at once, when to pause, when to let one alone. */
export interface Hosts {
  /**
   * Asks, when it is this request's turn. Resolves with any answer below 500 but 429; throws Unavailable for those,
   * for no answer, and where the host must not be asked now.
   */
  ask(request: HttpRequest): Promise<HttpResponse>;
  /** How many hosts are let alone at present because they failed. */
  openCircuits(): number;
}

const MAX_HOSTS = 500;
const MAX_AT_ONCE = 8;
const MAX_WAITING = 1000;
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 30_000;
/** For a 429 that does not say how long. */
const DEFAULT_PAUSE_MS = 10_000;

const VERDICTS: Readonly<Record<TransportFailure, readonly [Verdict, RequestOutcome]>> = {
  aborted: ['unknown', 'timeout'],
  redirect: ['answered', 'answered'],
  timeout: ['failed', 'timeout'],
  host: ['failed', 'network-error'],
};

/** Keeps per host and port: a concurrency limit, the pause that it asked for, and a circuit breaker. */
export function createHosts({ transport, clock, log, onRequest }: HostsOptions): Hosts {
  const circuit = createCircuit({ clock, threshold: FAILURES_TO_OPEN, openMs: OPEN_MS, maxHosts: MAX_HOSTS });
  const limits = new LRUCache<string, LimitFunction>({ max: MAX_HOSTS });
  const pausedUntilMs = new LRUCache<string, number>({ max: MAX_HOSTS });

  const limitOf = (host: string): LimitFunction => {
    const limit = limits.get(host) ?? pLimit(MAX_AT_ONCE);
    limits.set(host, limit);
    return limit;
  };

  const heldBack = (request: HttpRequest, why: string, retryAfterMs?: number): Unavailable => {
    const host = request.url.host;
    onRequest?.({ host, method: request.method, outcome: 'held-back', durationMs: 0 });
    return new Unavailable(`${host} ${why}`, retryAfterMs === undefined ? {} : { retryAfterMs });
  };

  /** Turns what speaks for a pause or for the circuit into Unavailable, and remembers the pause. */
  const judge = (host: string, response: HttpResponse): HttpResponse => {
    const limited = response.status === 429;
    if (!limited && response.status < 500) return response;
    const asked = parseRetryAfter(response.headers.get('retry-after'), clock.now());
    const pauses = limited || response.status === 503;
    const retryAfterMs = limited ? (asked ?? DEFAULT_PAUSE_MS) : asked;
    if (pauses && retryAfterMs !== undefined) {
      pausedUntilMs.set(host, clock.now() + retryAfterMs);
      log.warn({ host, status: response.status, retryAfterMs }, 'a registry asks for a pause');
    }
    const words = limited
      ? 'answered 429: too many requests'
      : `answered ${response.status}: it has a problem`;
    throw new Unavailable(`${host} ${words}`, retryAfterMs === undefined ? {} : { retryAfterMs });
  };

  const exchange = async (request: HttpRequest): Promise<HttpResponse> => {
    const host = request.url.host;
    if (request.signal?.aborted === true) throw new Unavailable(`${host} was not asked to the end`);
    const pauseMs = (pausedUntilMs.get(host) ?? 0) - clock.now();
    if (pauseMs > 0) throw heldBack(request, 'asked for a pause', pauseMs);
    const admission = circuit.enter(host);
    if (!admission.admitted)
      throw heldBack(
        request,
        'failed several times in a row and is let alone for a while',
        admission.retryAfterMs,
      );
    const startedMs = clock.now();
    const settle = (verdict: Verdict, outcome: RequestOutcome, fields: object): void => {
      const openBefore = circuit.openCount();
      admission.settle(verdict);
      const durationMs = clock.now() - startedMs;
      onRequest?.({ host, method: request.method, outcome, durationMs });
      log.debug(
        { host, method: request.method, path: request.url.pathname, durationMs, ...fields },
        'asked a registry',
      );
      if (circuit.openCount() > openBefore)
        log.warn({ host }, 'a registry fails and is let alone for a while');
    };
    let response;
    try {
      response = await transport.send(request);
    } catch (error) {
      const failure = toTransportError(error);
      settle(...VERDICTS[failure.kind], { error: failure });
      throw new Unavailable(`${host} ${failure.message}`, { cause: failure });
    }
    settle(response.status >= 500 ? 'failed' : 'answered', outcomeOf(response.status), {
      status: response.status,
    });
    return judge(host, response);
  };

  return {
    ask: async (request) => {
      const limit = limitOf(request.url.host);
      if (limit.pendingCount >= MAX_WAITING)
        throw heldBack(request, 'has too many questions waiting already');
      return limit(() => exchange(request));
    },
    openCircuits: () => circuit.openCount(),
  };
}

function outcomeOf(status: number): RequestOutcome {
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'refused';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'server-error' : 'answered';
}
