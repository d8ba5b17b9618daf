import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { codeOf, type ConfigFile } from './yaml-document.ts';

/** How the tokens of Pub/Sub are judged. */
export interface OidcSettings {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  /** Of the service accounts that may push. */
  readonly emails: readonly string[];
  /** How far the clocks may be apart. */
  readonly leewayMs: number;
  readonly keys:
    | { readonly kind: 'url'; readonly url: string }
    | { readonly kind: 'set'; readonly keys: readonly RsaKey[] };
}

/** What stands under one sender's name. */
export interface SecretsEntry {
  readonly secrets?: readonly string[] | undefined;
  readonly oidc?: OidcSettings | undefined;
}

/** Each is a digest of the whole body, computed for whoever sends one. */
const MAX_SECRETS = 5;
const MAX_LEEWAY_MS = 300_000;
const MAX_KEY_FILE_LENGTH = 1024 * 1024;
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';

export const SECRET_EXPECTED =
  'a text of 1 to 1024 visible ASCII characters, spaces only inside, in quotes where YAML would read something else';

/** Whether a text can be a secret: one that a header can carry as it is. */
export function isSecret(text: string): boolean {
  return text.length <= 1024 && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text);
}

/** Checks what stands under one name; key sets are read on the way, so that one pass finds all problems. */
export function checkEntry(
  entry: unknown,
  takesTokens: boolean,
  source: ConfigFile,
): Promise<z.ZodSafeParseResult<SecretsEntry>> {
  const written = typeof entry === 'string' || Array.isArray(entry) ? { secrets: entry } : entry;
  const plain = z.strictObject({ secrets: Secrets }, { error: tableOf('a secret or a list of them') });
  const full = z.strictObject(
    { secrets: Secrets, oidc: oidcSchema(source).optional() },
    { error: tableOf('a secret, a list of them, or a table of secrets and oidc') },
  );
  const schema: z.ZodType<SecretsEntry> = takesTokens ? full : plain;
  return schema
    .refine(({ secrets, oidc }) => secrets !== undefined || oidc !== undefined, 'at least one secret')
    .safeParseAsync(written);
}

const Secrets = z
  .preprocess(
    listed,
    z
      .array(z.string(SECRET_EXPECTED).refine(isSecret, SECRET_EXPECTED), 'a secret or a list of them')
      .min(1, 'at least one secret')
      .max(MAX_SECRETS, `at most ${MAX_SECRETS} secrets`),
  )
  .optional();

/** One may stand for a list of one. */
function listed(value: unknown): unknown {
  return typeof value === 'string' ? [value] : value;
}

function tableOf(expected: string): (issue: { readonly code?: string }) => string | undefined {
  // What an issue says about unknown keys is made of the keys themselves.
  return ({ code }) => (code === 'invalid_type' ? expected : undefined);
}

function oidcSchema(source: ConfigFile) {
  const texts = (what: string) =>
    z.preprocess(
      listed,
      z
        .array(z.string(what).regex(/^[\x21-\x7e]{1,1024}$/, what), what)
        .min(1, what)
        .max(MAX_SECRETS, what),
    );
  return z
    .strictObject(
      {
        audience: texts('the audience that the subscription is set up with, or a list of them'),
        // Whoever has an account at Google can get a token for any audience: only the address tells them apart.
        email: texts('the address of the service account that pushes, or a list of them'),
        issuer: texts('the issuer of the tokens, or a list of them').default(GOOGLE_ISSUERS),
        jwksUrl: z.string('an https URL').refine(isKeyUrl, 'an https URL').optional(),
        jwksFile: z
          .string('the path of a JSON Web Key Set')
          .transform(async (path, context) => readKeys(path, context, source))
          .optional(),
        leeway: z.unknown().transform(readLeeway).optional(),
      },
      { error: tableOf('a table of audience, email, issuer, jwksUrl, jwksFile, leeway') },
    )
    .refine(({ jwksUrl, jwksFile }) => jwksUrl === undefined || jwksFile === undefined, {
      error: 'either jwksUrl or jwksFile',
    })
    .transform(({ audience, email, issuer, jwksUrl, jwksFile, leeway }): OidcSettings => ({
      issuers: issuer,
      audiences: audience,
      emails: email,
      leewayMs: leeway ?? 60_000,
      keys:
        jwksFile === undefined
          ? { kind: 'url', url: jwksUrl ?? GOOGLE_KEYS }
          : { kind: 'set', keys: jwksFile },
    }));
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Keys decide who is believed: they are fetched where nobody on the way can replace them. */
function isKeyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

function readLeeway(value: unknown, context: z.RefinementCtx): number {
  const parsed = parseDuration(typeof value === 'number' || typeof value === 'string' ? String(value) : '');
  if (parsed.ok && parsed.value <= MAX_LEEWAY_MS) return parsed.value;
  context.addIssue('a duration of at most 5m');
  return z.NEVER;
}

const RsaKey = z.looseObject({ kty: z.literal('RSA'), kid: z.string(), n: z.string(), e: z.string() });
/** A public key as RFC 7517 writes it. */
export type RsaKey = z.infer<typeof RsaKey>;
const KeySet = z.object({ keys: z.array(z.unknown()) });

async function readKeys(
  path: string,
  context: z.RefinementCtx,
  { file, readFile }: ConfigFile,
): Promise<readonly RsaKey[]> {
  const bad = (expected: string): readonly RsaKey[] => {
    context.addIssue(expected);
    return z.NEVER;
  };
  let text;
  try {
    text = await readFile(resolve(dirname(file), path));
  } catch (error) {
    return bad(`the path of a JSON Web Key Set that can be read${codeOf(error)}`);
  }
  const set = KeySet.safeParse(parseJson(text));
  const keys = (set.data?.keys ?? []).flatMap((key) => RsaKey.safeParse(key).data ?? []);
  return keys.length > 0 ? keys : bad('the path of a JSON Web Key Set with RSA keys that have a kid');
}

function parseJson(text: string): unknown {
  if (text.length > MAX_KEY_FILE_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
