/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

const SECRET_KEYS = new Set([
  'auth',
  'cookie',
  'setcookie',
  'pass',
  'passwd',
  'secret',
  'bearer',
  'xregistryauth',
]);
const SECRET_KEY_ENDS = [
  'authorization',
  'token',
  'password',
  'apikey',
  'privatekey',
  'clientsecret',
  'webhooksecret',
  'accesskey',
  'signature',
];

/**
 * Secrets as they stand in free text. Every repetition that could meet itself has an upper bound, so that the time is
 * linear in the text's length whatever it holds.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // user:password@ in a URL; also user@, since some registries take a token as the user.
  [/(\b[a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/?#@"']{1,500}@/gi, `$1${REDACTED}@`],
  // `Authorization: Bearer …`, and the schemes alone.
  [/\b(bearer|basic)\s{1,4}[\w.~+/=-]{6,4096}/gi, `$1 ${REDACTED}`],
  // JSON Web Tokens, by their shape.
  [/\beyJ[\w-]{6,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?/g, REDACTED],
  // ?token=… and the like, in URLs and forms; X-Amz-Signature ends in the same word.
  [
    /((?:token|password|secret|api[_-]?key|signature|sig|credential|access[_-]?key)=)[^\s&#"',;]{1,4096}/gi,
    `$1${REDACTED}`,
  ],
  // "password": "…" in quoted JSON.
  [
    /("(?:[\w-]{0,30}token|password|auth|[\w-]{0,30}secret|authorization)"\s{0,4}:\s{0,4}")[^"]{1,4096}"/gi,
    `$1${REDACTED}"`,
  ],
  // Paths that are a secret: our own /webhook/<sender>/<token> and the chat services' incoming webhooks.
  [/(\/webhook\/[a-z0-9-]{1,40}\/)[^\s/?#"']{1,500}/gi, `$1${REDACTED}`],
  [/(\bhooks\.slack\.com\/)[^\s?#"']{1,500}/gi, `$1${REDACTED}`],
  [/(\b(?:[\w-]{1,60}\.){0,4}(?:office|office365)\.com\/webhook)[^\s?#"']{1,500}/gi, `$1/${REDACTED}`],
];

/** The text without what looks like a secret: credentials in URLs, authorization values, tokens, secret paths. */
export function redactText(text: string): string {
  let clean = text;
  for (const [pattern, replacement] of PATTERNS) clean = clean.replace(pattern, replacement);
  return clean;
}

/** Whether what stands under `key` is a secret by its name, e.g. `Authorization`, `identity_token`, `password`. */
export function isSecretKey(key: string): boolean {
  const plain = key.toLowerCase().replaceAll(/[-_.]/g, '');
  return SECRET_KEYS.has(plain) || SECRET_KEY_ENDS.some((end) => plain.endsWith(end));
}
