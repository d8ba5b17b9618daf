import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as far as it can prove who sent it. */
export interface ProofRequest {
  readonly headers: Headers;
  readonly query: URLSearchParams;
  /** The body exactly as it came. */
  readonly raw: Uint8Array;
  /** The JSON alone: what a form has in its field, else the same as `raw`. */
  readonly content: Uint8Array;
}

/** What a request says by one kind of proof. `wrong`: it is there, and does not hold. */
export type Standing = 'absent' | 'right' | 'wrong';

/** One way in which a sender proves itself. */
export interface Proof {
  /** Where it stands, for the error that tells what was expected. */
  readonly where: string;
  /** The challenge that an answer without a right proof carries. */
  readonly challenge?: string;
  /**
   * Whether a wrong one refuses the request whatever else is right: a signature that does not hold means that the body
   * is not what was signed.
   */
  readonly isBinding: boolean;
  judge(request: ProofRequest, secrets: readonly Secret[]): Standing;
}

/** A secret, kept so that comparing with it takes the same time whatever it is compared with. */
export interface Secret {
  readonly key: Buffer;
  readonly digest: Buffer;
}

/** `text` as a secret to compare with. */
export function toSecret(text: string): Secret {
  return { key: Buffer.from(text), digest: digestOf(text) };
}

/** Whether `given` is one of the secrets: digests of equal length, and all of them, so that time tells nothing. */
export function isOneOf(secrets: readonly Secret[], given: string): boolean {
  const digest = digestOf(given);
  return secrets.map((secret) => timingSafeEqual(secret.digest, digest)).includes(true);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

interface Signature {
  readonly header: string;
  readonly algorithm: 'sha256' | 'sha1';
  /** What stands before the hexadecimal digits. */
  readonly prefix?: string;
  /** The bytes that may have been signed. */
  readonly signed: (request: ProofRequest) => readonly Uint8Array[];
}

/** An HMAC in a header, in hexadecimal digits. */
export function hmacProof({ header, algorithm, prefix = '', signed }: Signature): Proof {
  return {
    where: header,
    isBinding: true,
    judge(request, secrets) {
      // Gitea sends the header without a value where the webhook has no secret.
      const given = request.headers.get(header) ?? '';
      if (given === '') return 'absent';
      const mac = given.toLowerCase().startsWith(prefix) ? given.slice(prefix.length) : '';
      return isMacOf(mac, algorithm, secrets, signed(request)) ? 'right' : 'wrong';
    },
  };
}

const HEX_LENGTH = { sha256: 64, sha1: 40 } as const;

function isMacOf(
  hex: string,
  algorithm: Signature['algorithm'],
  secrets: readonly Secret[],
  candidates: readonly Uint8Array[],
): boolean {
  if (hex.length !== HEX_LENGTH[algorithm] || !/^[0-9a-f]+$/i.test(hex)) return false;
  const given = Buffer.from(hex, 'hex');
  return secrets
    .flatMap(({ key }) => candidates.map((bytes) => createHmac(algorithm, key).update(bytes).digest()))
    .map((mac) => timingSafeEqual(mac, given))
    .includes(true);
}

/**
 * GitHub signs the body as it is; Gitea signs the JSON in it, which is not the same where it is sent as a form.
 *
 * https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
export const hubSignature = hmacProof({
  header: 'X-Hub-Signature-256',
  algorithm: 'sha256',
  prefix: 'sha256=',
  signed: bodyOrContent,
});

export const giteaSignature = hmacProof({
  header: 'X-Gitea-Signature',
  algorithm: 'sha256',
  signed: bodyOrContent,
});

/** Forgejo sends it beside Gitea's. */
export const forgejoSignature = hmacProof({
  header: 'X-Forgejo-Signature',
  algorithm: 'sha256',
  signed: bodyOrContent,
});

function bodyOrContent({ raw, content }: ProofRequest): readonly Uint8Array[] {
  return content === raw ? [raw] : [raw, content];
}

/**
 * "The JSON body is hashed without whitespace": outside of strings, which is how Nexus sends it anyway.
 *
 * https://help.sonatype.com/en/enabling-a-repository-webhook-capability.html
 */
export const nexusSignature = hmacProof({
  header: 'X-Nexus-Webhook-Signature',
  algorithm: 'sha1',
  signed: ({ raw }) => [raw, withoutWhitespace(raw)],
});

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** JSON without the blanks between its tokens. Indices, since a megabyte byte by byte is slow any other way. */
function withoutWhitespace(json: Uint8Array): Uint8Array {
  const compact = new Uint8Array(json.length);
  let length = 0;
  let inString = false;
  let isEscaped = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (!inString && isBlank(byte)) continue;
    if (byte === QUOTE && !isEscaped) inString = !inString;
    isEscaped = inString && byte === BACKSLASH && !isEscaped;
    compact[length] = byte;
    length += 1;
  }
  return compact.subarray(0, length);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const JFROG_HEADER = 'X-JFrog-Event-Auth';
const jfrogHmac = hmacProof({
  header: JFROG_HEADER,
  algorithm: 'sha256',
  signed: ({ raw }) => [raw],
});

/**
 * The secret itself, or with "Use secret for payload signing" the body's HMAC: which of them, only the value tells.
 *
 * https://jfrog.com/help/r/jfrog-platform-administration-documentation/webhooks
 */
export const jfrogEventAuth: Proof = {
  where: JFROG_HEADER,
  isBinding: true,
  judge(request, secrets) {
    const given = request.headers.get(JFROG_HEADER) ?? '';
    if (given === '') return 'absent';
    const signed = jfrogHmac.judge(request, secrets);
    return isOneOf(secrets, given) ? 'right' : signed;
  },
};

/**
 * A fixed `Authorization`: the secret word for word, or as Bearer token, or as password (or `user:password`) of Basic. It
 * may be somebody else's, such as a proxy's, so a wrong one alone refuses nothing.
 */
export const authorization: Proof = {
  where: 'Authorization',
  challenge: 'Bearer realm="headwind", Basic realm="headwind"',
  isBinding: false,
  judge({ headers }, secrets) {
    const given = headers.get('authorization') ?? '';
    if (given === '') return 'absent';
    const [, scheme = '', credentials = ''] = /^(bearer|basic) +(.*)$/is.exec(given) ?? [];
    const candidates = [given];
    if (scheme.toLowerCase() === 'bearer') candidates.push(credentials);
    if (scheme.toLowerCase() === 'basic') candidates.push(...basicSecrets(credentials));
    return candidates.map((candidate) => isOneOf(secrets, candidate)).includes(true) ? 'right' : 'wrong';
  },
};

function basicSecrets(credentials: string): readonly string[] {
  const both = Buffer.from(credentials, 'base64').toString('utf8');
  return [both, both.slice(both.indexOf(':') + 1)];
}

/** For senders whose headers can be chosen. */
export const secretHeader: Proof = {
  where: 'X-Webhook-Secret',
  isBinding: false,
  judge: ({ headers }, secrets) => compared(headers.get('x-webhook-secret'), secrets),
};

/** For senders of which only the address can be chosen. */
export const secretParameter: Proof = {
  where: '?secret=',
  isBinding: false,
  judge: ({ query }, secrets) => compared(query.get('secret'), secrets),
};

function compared(given: string | null, secrets: readonly Secret[]): Standing {
  if (given === null) return 'absent';
  return isOneOf(secrets, given) ? 'right' : 'wrong';
}
