import { z } from 'zod';
import type { HttpResponse } from './http.ts';

/**
 * Nothing is known about what was asked. The message is for a person: it names the host and what it answered, and
 * holds no secret.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  /** When it makes sense to ask again, in milliseconds, where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

const MAX_REMOTE_TEXT = 200;

/**
 * The errors of a distribution registry
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes), as they come:
 *
 *   {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"9.9"}}]}
 */
const RegistryErrors = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().catch('') })).min(1),
});

/** Docker Hub's token server says `details`, distribution's `errors`, OAuth2 servers `error_description`. */
const TokenServerError = z.object({
  details: z.string().optional().catch(undefined),
  error_description: z.string().optional().catch(undefined),
  error: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

export interface RegistryError {
  readonly code: string;
  readonly message: string;
}

/** The errors in a registry's answer; none where the body is something else, such as a proxy's page. */
export function registryErrors(response: HttpResponse): readonly RegistryError[] {
  const parsed = RegistryErrors.safeParse(parseJson(response.body));
  return parsed.success ? parsed.data.errors : [];
}

/**
 * What the remote side says about its refusal, for a person: one line of at most 200 characters without any of the
 * secrets, headed by `: `; empty where it says nothing in a known form. A body of another form is never quoted: it may
 * be anything that lies behind a redirect.
 */
export function remoteText(response: HttpResponse, secrets: readonly string[]): string {
  const first = registryErrors(response)[0];
  if (first !== undefined) return quote(`${first.code} ${first.message}`, secrets);
  const parsed = TokenServerError.safeParse(parseJson(response.body));
  if (!parsed.success) return '';
  const { details, error_description: description, error, message } = parsed.data;
  return quote(details ?? description ?? message ?? error ?? '', secrets);
}

function quote(text: string, secrets: readonly string[]): string {
  const scrubbed = secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text);
  // eslint-disable-next-line no-control-regex -- control characters are what is removed
  const line = scrubbed.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ').trim();
  if (line === '') return '';
  return `: ${line.length > MAX_REMOTE_TEXT ? `${line.slice(0, MAX_REMOTE_TEXT)}…` : line}`;
}

/** The JSON value in `body`, or undefined where it is none. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
