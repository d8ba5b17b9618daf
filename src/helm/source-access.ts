import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { chartSourceKey, type ChartSource } from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import type { Repository } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { TlsMaterial } from '../registry/http.ts';
import { createSingleFlight } from '../registry/single-flight.ts';
import {
  basicCredential,
  parseSecret,
  registryCredentials,
  tlsMaterial,
  type SecretContent,
} from './source-secrets.ts';

export interface SourceAccessOptions {
  /**
   * The Secret as the API server gives it; undefined where there is none or it may not be read. Rejects where the API
   * server cannot be asked.
   */
  readonly readSecret: (namespace: string, name: string) => Promise<unknown>;
  /** Headwind's own identity at the cloud that `host` belongs to. */
  readonly cloudCredentials: (host: string) => Promise<readonly Credential[]>;
  /** What the pull secrets of a service account say. */
  readonly serviceAccountCredentials: (
    account: { readonly namespace: string; readonly serviceAccount: string },
    repository: Repository,
  ) => Promise<readonly Credential[]>;
  readonly clock: Clock;
}

/** What a source's Secrets let Headwind show, and whom they let it trust. */
export interface SourceAccess {
  /** For a chart repository. */
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly tls: TlsMaterial | undefined;
  /** For a repository of a registry. Rejects where the API server cannot be asked. */
  credentialsFor(repository: Repository): Promise<Result<readonly Credential[]>>;
  /** Differs between two that differ, and tells nothing about them. */
  readonly version: string;
}

/** Looks up what a source shows; the error is a sentence for a person. Rejects where the API server cannot be asked. */
export type LookUpAccess = (source: ChartSource) => Promise<Result<SourceAccess>>;

/** As long as pull secrets are believed: a person who has mended one looks whether it helped. */
const TTL_MS = 10_000;
const MAX_KEPT = 500;

interface Kept {
  readonly readAtMs: number;
  readonly content: Result<SecretContent>;
}

/** Makes the lookup, which remembers each Secret for some seconds. */
export function createSourceAccess(options: SourceAccessOptions): LookUpAccess {
  const { readSecret, clock } = options;
  const kept = new LRUCache<string, Kept>({ max: MAX_KEPT });
  const flights = createSingleFlight<Kept>();

  const secretOf = async (namespace: string, name: string): Promise<Result<SecretContent>> => {
    const key = `${namespace}/${name}`;
    const known = kept.get(key);
    if (known !== undefined && clock.elapsed() < known.readAtMs + TTL_MS) return known.content;
    const read = await flights.run(key, async () => {
      const readAtMs = clock.elapsed();
      const object = await readSecret(namespace, name);
      const content =
        object === undefined ? fail('it does not exist, or may not be read') : parseSecret(object);
      return { readAtMs, content };
    });
    kept.set(key, read);
    return read.content;
  };

  const readNamed = async (source: ChartSource, name: string | undefined): Promise<Named | undefined> =>
    name === undefined ? undefined : { name, secret: await secretOf(source.namespace, name) };

  return async (source) => {
    const [shown, certificates] = await Promise.all([
      readNamed(source, source.secretName),
      readNamed(source, source.certSecretName),
    ]);
    const about = (name: string, why: string): string =>
      `Secret ${source.namespace}/${name} of ${chartSourceKey(source)}: ${why}`;
    for (const named of [shown, certificates])
      if (named?.secret.ok === false) return fail(about(named.name, named.secret.error));
    const basic = ofSecret(shown, basicCredential);
    // A Secret with a Docker configuration says nothing to a chart repository, which the next check tells.
    if (!basic.ok) return fail(about(shown?.name ?? '', basic.error));
    const tls = tlsOf(shown, certificates);
    if (!tls.ok) return fail(about(tls.error.name, tls.error.why));
    if (source.type === 'http' && shown !== undefined && basic.value === undefined && tls.value === undefined)
      return fail(about(shown.name, 'it has neither username and password nor certificates'));
    return ok({
      basic: basic.value,
      tls: tls.value,
      credentialsFor: (repository) => credentialsOf(source, shown, repository),
      version: digestOf([basic.value, tls.value]),
    });
  };

  async function credentialsOf(
    source: ChartSource,
    shown: Named | undefined,
    repository: Repository,
  ): Promise<Result<readonly Credential[]>> {
    const { namespace, serviceAccountName, provider } = source;
    const own = ofSecret(shown, (secret) => registryCredentials(secret, repository));
    if (!own.ok)
      return fail(`Secret ${namespace}/${shown?.name ?? ''} of ${chartSourceKey(source)}: ${own.error}`);
    const ofAccount =
      serviceAccountName === undefined
        ? []
        : await options.serviceAccountCredentials(
            { namespace, serviceAccount: serviceAccountName },
            repository,
          );
    const ofCloud = provider === 'generic' ? [] : await options.cloudCredentials(repository.host);
    return ok([...(own.value ?? []), ...ofAccount, ...ofCloud]);
  }
}

interface Named {
  readonly name: string;
  readonly secret: Result<SecretContent>;
}

function ofSecret<T>(
  named: Named | undefined,
  read: (secret: SecretContent) => Result<T>,
): Result<T | undefined> {
  return named?.secret.ok === true ? read(named.secret.value) : ok(undefined);
}

/** Those of `certSecretRef`; else those that older objects keep beside user and password. */
function tlsOf(
  shown: Named | undefined,
  certificates: Named | undefined,
): Result<TlsMaterial | undefined, { readonly name: string; readonly why: string }> {
  const named = certificates ?? shown;
  const tls = ofSecret(named, tlsMaterial);
  if (!tls.ok) return fail({ name: named?.name ?? '', why: tls.error });
  if (certificates !== undefined && tls.value === undefined)
    return fail({ name: certificates.name, why: 'it has no certificates (ca.crt, or tls.crt and tls.key)' });
  return ok(tls.value);
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
