import { redactText } from '../../core/redact.ts';
import { CloudIdentityError } from './cloud-identity.ts';

const MAX_TEXT = 200;
/** Names that say nothing about what happened. */
const PLAIN_NAMES = new Set(['Error', 'TypeError', 'AggregateError', 'GaxiosError', '']);

/**
 * Why a vendor's client failed, for a person: one line without secrets. Only the first line of its message is quoted,
 * since what follows it may be the request that was signed (AWS) or a whole page; `secrets` are those that it was given.
 */
export function failureText(error: unknown, secrets: readonly string[] = []): string {
  if (!(error instanceof Error)) return 'it failed without saying why';
  if (error instanceof CloudIdentityError) return error.message;
  const known = secrets
    .map((secret) => secret.trim())
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '[redacted]'), error.message);
  const line = redactText(known.trim().split(/[\r\n\u2028\u2029]/)[0] ?? '').replaceAll(/\s+/g, ' ');
  const said = line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT)}…` : line;
  const name = PLAIN_NAMES.has(error.name) ? codeOf(error) : error.name;
  const parts = [name, said].filter((part) => part !== '');
  return parts.length === 0 ? 'it failed without saying why' : parts.join(': ');
}

/** Node's code of a failed connection, where the message says nothing (several addresses were tried). */
function codeOf(error: Error): string {
  return error.message === '' && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
