/**
 * What kind of failure left a request without an answer. `host` and `timeout` speak against the host; `redirect` is
 * an answer that must not be followed; `aborted` was our own wish.
 */
export type TransportFailure = 'host' | 'timeout' | 'redirect' | 'aborted';

/** A request without an answer. The message completes the sentence "<host> …". */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly kind: TransportFailure;

  constructor(kind: TransportFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

const WORDS = new Map<string, string>([
  ['ENOTFOUND', 'is not known to DNS'],
  ['EAI_AGAIN', 'could not be looked up: DNS did not answer'],
  ['ECONNREFUSED', 'refuses connections'],
  ['ECONNRESET', 'closed the connection'],
  ['EPIPE', 'closed the connection'],
  ['ETIMEDOUT', 'cannot be reached: the connection timed out'],
  ['EHOSTUNREACH', 'cannot be reached: no route to it'],
  ['ENETUNREACH', 'cannot be reached: no route to its network'],
  ['CERT_HAS_EXPIRED', 'has an expired TLS certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'has a TLS certificate for another name'],
]);

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Says in words why the socket, TLS or the HTTP parser gave up; the remote side's bytes are not quoted. */
export function toTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const code = errorCode(error);
  const known = WORDS.get(code);
  if (known !== undefined) return new TransportError('host', `${known} (${code})`, error);
  if (UNTRUSTED.has(code))
    return new TransportError('host', `has a TLS certificate that is not trusted here (${code})`, error);
  // OpenSSL's words for an HTTP server behind an https address: ERR_SSL_WRONG_VERSION_NUMBER, or a packet length.
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_'))
    return new TransportError(
      'host',
      `does not speak TLS as expected (${code}); a registry with plain HTTP must stand in HEADWIND_INSECURE_REGISTRIES`,
      error,
    );
  if (code.startsWith('HPE_')) return new TransportError('host', `does not speak HTTP (${code})`, error);
  return new TransportError('host', code === '' ? 'failed' : `failed (${code})`, error);
}

/** The `code` of an error of Node, or of the first of several (one per address that was tried); else empty. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? errorCode(error.errors[0]) : '';
}
