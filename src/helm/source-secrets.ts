import { z } from 'zod';
import type { Credential } from '../core/credential.ts';
import type { Repository } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { loginsFor, parseDockerConfig } from '../kubernetes/docker-config.ts';
import { toSecureContext } from '../registry/agents.ts';
import type { TlsMaterial } from '../registry/http.ts';

/** A Secret as the API server gives it; entries that are no text are left out. */
const Secret = z.object({
  type: z.string().optional().catch(undefined),
  data: z.record(z.string(), z.string().catch('')).nullish(),
});

/** What a Secret holds, decoded. */
export interface SecretContent {
  readonly type: string | undefined;
  /** The value of an entry as text; undefined where there is none. */
  read(key: string): string | undefined;
}

/** Reads a Secret. The error quotes nothing of it. */
export function parseSecret(object: unknown): Result<SecretContent> {
  const secret = Secret.safeParse(object);
  if (!secret.success) return fail('it is not a Secret');
  const { type, data } = secret.data;
  return ok({
    type,
    read: (key) => {
      const value = data?.[key];
      return value === undefined || value === '' ? undefined : Buffer.from(value, 'base64').toString('utf8');
    },
  });
}

/** User and password of a Secret for a chart repository; undefined where it has neither. */
export function basicCredential(
  secret: SecretContent,
): Result<{ readonly username: string; readonly password: string } | undefined> {
  const username = secret.read('username');
  const password = secret.read('password');
  if (username === undefined && password === undefined) return ok(undefined);
  if (username === undefined || password === undefined)
    return fail(`it has no ${username === undefined ? 'username' : 'password'}`);
  return ok({ username, password });
}

const DOCKER_CONFIG_TYPE = 'kubernetes.io/dockerconfigjson';
const DOCKER_CONFIG = '.dockerconfigjson';

/** What a Secret says for a repository of a registry: those of its Docker configuration, else user and password. */
export function registryCredentials(
  secret: SecretContent,
  repository: Repository,
): Result<readonly Credential[]> {
  const config = secret.read(DOCKER_CONFIG);
  if (config !== undefined || secret.type === DOCKER_CONFIG_TYPE) {
    const logins = parseDockerConfig(config ?? '', 'dockerconfigjson');
    if (!logins.ok) return fail(`${DOCKER_CONFIG}: ${logins.error}`);
    return ok(loginsFor(repository, logins.value).map(({ credential }) => credential));
  }
  const basic = basicCredential(secret);
  if (!basic.ok) return basic;
  return basic.value === undefined
    ? fail(`it has neither username and password nor ${DOCKER_CONFIG}`)
    : ok([basic.value]);
}

/** The names of the entries in Secrets of today, and those in older ones. */
const TLS_KEYS = {
  ca: ['ca.crt', 'caFile'],
  cert: ['tls.crt', 'certFile'],
  key: ['tls.key', 'keyFile'],
} as const;

/** The certificates in a Secret, checked; undefined where it has none. The error quotes nothing of it. */
export function tlsMaterial(secret: SecretContent): Result<TlsMaterial | undefined> {
  const read = (names: readonly string[]): string | undefined =>
    names.map((name) => secret.read(name)).find((value) => value !== undefined);
  const ca = read(TLS_KEYS.ca);
  const cert = read(TLS_KEYS.cert);
  const key = read(TLS_KEYS.key);
  if (ca === undefined && cert === undefined && key === undefined) return ok(undefined);
  if (cert === undefined && key !== undefined) return fail('it has tls.key, but no tls.crt');
  if (cert !== undefined && key === undefined) return fail('it has tls.crt, but no tls.key');
  const client = cert === undefined || key === undefined ? undefined : { cert, key };
  if (!isUsable({ ca })) return fail('its ca.crt is no certificate (PEM)');
  if (!isUsable({ client })) return fail('its tls.crt and tls.key are no certificate with its key (PEM)');
  return ok({ ca, client });
}

function isUsable(material: TlsMaterial): boolean {
  // OpenSSL passes over what is no PEM at all.
  const texts = [material.ca, material.client?.cert].filter((text) => text !== undefined);
  if (!texts.every((text) => text.includes('-----BEGIN'))) return false;
  try {
    toSecureContext(material);
    return true;
  } catch {
    return false;
  }
}
