/** A try without an answer; `later` may work another time. The message completes the sentence "<target> …". */
export class SendError extends Error {
  override readonly name = 'SendError';
  readonly kind: 'later' | 'refused';

  constructor(kind: 'later' | 'refused', message: string, cause?: unknown) {
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
  ['ERR_PROXY_TUNNEL', 'cannot be reached through the proxy'],
  ['ERR_PROXY_INVALID_CONFIG', 'cannot be reached: HTTPS_PROXY or HTTP_PROXY is no address of a proxy'],
  ['CERT_HAS_EXPIRED', 'has an expired TLS certificate'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'has a TLS certificate for another name'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'has a TLS certificate that is not trusted here'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'has a TLS certificate that is not trusted here'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'has a TLS certificate that is not trusted here'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'has a TLS certificate that is not trusted here'],
]);

/** Says in words why there is no answer, by the error's code alone: its message may hold an address. */
export function toSendError(error: unknown): SendError {
  if (error instanceof SendError) return error;
  const code = codeOf(error);
  const known = WORDS.get(code);
  if (known !== undefined) return new SendError('later', `${known} (${code})`, error);
  if (code.startsWith('HPE_')) return new SendError('later', `does not speak HTTP (${code})`, error);
  return new SendError('later', code === '' ? 'gave no answer' : `gave no answer (${code})`, error);
}

/** The `code` of an error of Node, or of the first of several (one per address that was tried); else empty. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
}
