import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { createCircuit, type Verdict } from './circuit.ts';
import { Unavailable } from './failure.ts';
import { createGate, type Gate, type Pass } from './gate.ts';
import type { HostTable } from './host-table.ts';
import type { HttpRequest, HttpResponse, Transport } from './http.ts';
import { parseRetryAfter } from './retry-after.ts';
import { toTransportError, type TransportFailure } from './transport-error.ts';

/** How a request to a registry or its token server ended: a metric label, so a fixed list. */
export type RequestOutcome =
  | 'answered'
  | 'not-modified'
  | 'not-found'
  | 'refused'
  | 'rate-limited'
  | 'server-error'
  | 'timeout'
  | 'network-error'
  | 'held-back';

/** What a request is for: a metric label too. */
export type RequestPurpose = 'manifest' | 'tags' | 'token' | 'index';

export interface RequestObservation {
  readonly host: string;
  readonly purpose: RequestPurpose;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly outcome: RequestOutcome;
  /** Absent where there was no answer. */
  readonly status?: number | undefined;
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
  readonly table: Pick<HostTable, 'ofAddress'>;
  /** Told of every request, also of those that were held back. */
  readonly onRequest?: ((observation: RequestObservation) => void) | undefined;
}

export interface Manner {
  readonly purpose: RequestPurpose;
  /** Somebody waits for the answer: it goes before what is not urgent, and is not held back by the rate. */
  readonly urgent: boolean;
}

/** Politeness towards hosts: how many at once, how many a second, when to pause, when to let one alone. */
export interface Hosts {
  /**
   * Asks, when it is this request's turn. Resolves with any answer below 500 but 429; throws Unavailable for those,
   * for no answer, and where the host must not be asked now.
   */
  ask(request: HttpRequest, manner: Manner): Promise<HttpResponse>;
  /** How many requests wait for their turn, at all hosts together. */
  waiting(): number;
  /** How many hosts are let alone at present because they failed. */
  openCircuits(): number;
}

const MAX_HOSTS = 500;
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

/** Keeps per host and port: a gate, the pause that it asked for, and a circuit breaker. */
export function createHosts({ transport, clock, log, table, onRequest }: HostsOptions): Hosts {
  const circuit = createCircuit({ clock, threshold: FAILURES_TO_OPEN, openMs: OPEN_MS, maxHosts: MAX_HOSTS });
  const gates = new LRUCache<string, Gate>({ max: MAX_HOSTS });
  const pausedUntilMs = new LRUCache<string, number>({ max: MAX_HOSTS });

  const gateOf = (url: URL): Gate => {
    const { concurrency, requestsPerSecond } = table.ofAddress(url);
    const gate =
      gates.get(url.host) ?? createGate({ clock, concurrency, requestsPerSecond, maxWaiting: MAX_WAITING });
    gates.set(url.host, gate);
    return gate;
  };

  const heldBack = (asked: Asked, why: string, retryAfterMs?: number): Unavailable => {
    onRequest?.({ ...asked, outcome: 'held-back', durationMs: 0 });
    return new Unavailable(`${asked.host} ${why}`, retryAfterMs === undefined ? {} : { retryAfterMs });
  };

  const refuseDuringPause = (asked: Asked): void => {
    const pauseMs = (pausedUntilMs.get(asked.host) ?? 0) - clock.elapsed();
    if (pauseMs > 0) throw heldBack(asked, 'asked for a pause', pauseMs);
  };

  /** Turns what speaks for a pause or for the circuit into Unavailable, and remembers the pause. */
  const judge = (host: string, response: HttpResponse): HttpResponse => {
    const { status } = response;
    if (status !== 429 && status < 500) return response;
    const retryAfterMs =
      parseRetryAfter(response.headers.get('retry-after'), clock.now()) ??
      (status === 429 ? DEFAULT_PAUSE_MS : undefined);
    if (asksForPause(response) && retryAfterMs !== undefined) {
      // Answers overlap: a shorter pause does not end a longer one.
      pausedUntilMs.set(host, Math.max(pausedUntilMs.get(host) ?? 0, clock.elapsed() + retryAfterMs));
      log.warn({ host, status, retryAfterMs }, 'a registry asks for a pause');
    }
    const words = status === 429 ? 'answered 429: too many requests' : `answered ${status}: it has a problem`;
    throw new Unavailable(`${host} ${words}`, retryAfterMs === undefined ? {} : { retryAfterMs });
  };

  const exchange = async (request: HttpRequest, asked: Asked): Promise<HttpResponse> => {
    const { host } = asked;
    const admission = circuit.enter(host);
    if (!admission.admitted)
      throw heldBack(
        asked,
        'failed several times in a row and is let alone for a while',
        admission.retryAfterMs,
      );
    const startedMs = clock.elapsed();
    const settle = (
      verdict: Verdict,
      outcome: RequestOutcome,
      fields: { readonly status: number } | { readonly error: Error },
    ): void => {
      const openBefore = circuit.openCount();
      admission.settle(verdict);
      const durationMs = clock.elapsed() - startedMs;
      onRequest?.({ ...asked, outcome, durationMs, ...('status' in fields && { status: fields.status }) });
      log.debug({ ...asked, durationMs, ...fields }, 'asked a registry');
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
    const { status } = response;
    settle(status >= 500 && !asksForPause(response) ? 'failed' : 'answered', outcomeOf(response), { status });
    return judge(host, response);
  };

  return {
    ask: async (request, { purpose, urgent }) => {
      const { url, method, signal } = request;
      const asked = { host: url.host, method, path: url.pathname, purpose };
      refuseDuringPause(asked);
      const pass: Pass | undefined = await gateOf(url).enter({ urgent, signal });
      const givenUp = signal?.aborted === true;
      if (pass === undefined && !givenUp) throw heldBack(asked, 'has too many questions waiting already');
      try {
        if (givenUp) throw new Unavailable(`${url.host} was not asked to the end`);
        // The pause may have begun while this one waited.
        refuseDuringPause(asked);
        return await exchange(request, asked);
      } finally {
        pass?.done();
      }
    },
    waiting: () => [...gates.values()].reduce((sum, gate) => sum + gate.waiting(), 0),
    openCircuits: () => circuit.openCount(),
  };
}

type Asked = Pick<RequestObservation, 'host' | 'method' | 'path' | 'purpose'>;

/** A 503 that says when to come back is a host that knows what it does, not one that fails. */
function asksForPause({ status, headers }: HttpResponse): boolean {
  return status === 429 || (status === 503 && headers.has('retry-after'));
}

function outcomeOf(response: HttpResponse): RequestOutcome {
  const { status } = response;
  if (asksForPause(response)) return 'rate-limited';
  if (status === 304) return 'not-modified';
  if (status === 404) return 'not-found';
  if (status === 401 || status === 403) return 'refused';
  return status >= 500 ? 'server-error' : 'answered';
}
