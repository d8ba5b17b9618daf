import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../core/clock.ts';
import { createAddressGuard } from '../notifications/address-guard.ts';
import { createGuardedLookup } from '../notifications/guarded-lookup.ts';
import { BackendError } from './backend.ts';

export interface Question {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks a backend; throws a BackendError where there is no answer, or one that says no. */
export interface BackendHttp {
  /** Posts the question; the answer's body, of status 200. */
  post(question: Question): Promise<string>;
}

export interface BackendHttpOptions {
  readonly clock: Clock;
  /** `Headwind/1.2.3`. */
  readonly userAgent: string;
  /** From the connection to the end of the answer; 10 s unless told. */
  readonly timeoutMs?: number;
  /** The longest answer that is read, in bytes; 32 MiB unless told. */
  readonly maxBytes?: number;
  /** How names become addresses; the system's way unless told. */
  readonly resolve?: typeof lookup;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * HTTP for addresses that stand in settings: whoever may change these must not be able to read what only this pod may
 * read. So no answer is passed on but numbers, redirects are not followed, and nothing is asked at link-local addresses,
 * where clouds serve the credentials of the machine; the address is checked at the moment of connecting.
 */
export function createBackendHttp(options: BackendHttpOptions): BackendHttp {
  const { clock, userAgent, resolve = lookup, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = options;
  const guard = createAddressGuard();
  const lookUp = createGuardedLookup({ guard, resolve, allowAll: false, forbidden });
  return {
    async post({ url: text, headers, body }) {
      const url = URL.parse(text);
      if (url === null || !['http:', 'https:'].includes(url.protocol))
        throw new BackendError('has no address that begins with http:// or https://');
      if (guard.forbidsHost(url.hostname)) throw forbidden();
      const { request: open } = url.protocol === 'http:' ? http : https;
      const request = open(url, {
        method: 'POST',
        headers: { ...headers, 'user-agent': userAgent, 'content-length': Buffer.byteLength(body) },
        agent: false,
        lookup: lookUp,
      });
      return exchange({ request, body, clock, timeoutMs, maxBytes });
    },
  };
}

function forbidden(): BackendError {
  return new BackendError('is at a link-local or metadata address, where Headwind asks nothing');
}

interface Exchange {
  readonly request: http.ClientRequest;
  readonly body: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

async function exchange({ request, body, clock, timeoutMs, maxBytes }: Exchange): Promise<string> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stopTimer = clock.after(timeoutMs, () =>
    reject(new BackendError(`did not answer within ${timeoutMs / 1000} s`)),
  );
  const answer = answerTo(request, maxBytes);
  // Whoever loses the race may still fail.
  answer.catch(() => undefined);
  try {
    request.end(body);
    return await Promise.race([late, answer]);
  } catch (error) {
    throw error instanceof BackendError ? error : new BackendError(explain(error), { cause: error });
  } finally {
    stopTimer();
    request.destroy();
  }
}

function answerTo(request: http.ClientRequest, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // Stays to the end: a socket may report an error late, and nobody else listens.
    request.on('error', reject);
    request.once('response', (incoming) => {
      const { statusCode = 0 } = incoming;
      incoming.on('error', reject);
      if (statusCode !== 200) {
        incoming.resume();
        reject(new BackendError(explainStatus(statusCode)));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= maxBytes) chunks.push(chunk);
        else reject(new BackendError(`answers more than ${maxBytes} bytes`));
      });
      incoming.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      incoming.once('close', () => reject(new BackendError('broke off its answer')));
    });
  });
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'does not take the question (400)',
  401: 'does not know who asks (401): it wants a token, or another one',
  403: 'refuses Headwind (403)',
  404: 'has nothing at this address (404)',
  422: 'does not take the question (422)',
  429: 'is asked too often (429)',
  503: 'is not ready (503)',
};

function explainStatus(status: number): string {
  if (status >= 300 && status < 400) return `answers with a redirect (${status}), which is not followed`;
  return STATUS_TEXTS[status] ?? `answers with status ${status}`;
}

const CODE_TEXTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'has a name that nobody knows',
  EAI_AGAIN: 'has a name that cannot be looked up just now',
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection off',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  ETIMEDOUT: 'did not answer',
  EPROTO: 'does not speak TLS there',
};

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return `has a certificate that is not trusted (${code})`;
  return CODE_TEXTS[code] ?? `cannot be asked${code === '' ? '' : ` (${code})`}`;
}
