import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Credential } from '../core/credential.ts';
import type { Repository } from '../core/image-reference.ts';
import type { Workload } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubernetesClient } from './client.ts';
import { loginsFor, parseDockerConfig, type RegistryLogin } from './docker-config.ts';
import { KubernetesError } from './errors.ts';

/** Whose credentials are wanted. */
export type CredentialOwner = Pick<Workload, 'namespace' | 'pullSecrets' | 'serviceAccount'>;

/** Finds what a workload would show to a registry. */
export interface PullSecrets {
  /**
   * The credentials for `repository`, in the order in which to try them: those of the pod template's secrets, then
   * those of its service account's, of each the most specific first. A secret that is missing, forbidden or
   * unreadable is logged and passed over; rejects only when the API server cannot be asked.
   */
  credentialsFor(workload: CredentialOwner, repository: Repository): Promise<readonly Credential[]>;
  /**
   * Where those credentials come from, by the names of the Secrets, or why there are none: the rest of a sentence for
   * the person who has to mend it. Rejects like `credentialsFor`.
   */
  explain(workload: CredentialOwner, repository: Repository): Promise<string>;
  /** Has the Secrets of the workload read anew by whoever asks next: a registry refused what they say. */
  forget(workload: CredentialOwner): void;
}

export interface PullSecretsOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly log?: Pick<Log, 'warn'> | undefined;
  /** How long what was read is believed, in milliseconds; without it 10 s. */
  readonly ttlMs?: number | undefined;
}

// Long enough for a burst of pushes, short enough for a person who has just mended a Secret and looks whether it helped.
const TTL_MS = 10_000;
/** What was read so shortly ago is not read again, however many workloads are refused at once. */
const FRESH_MS = 1000;
const MAX_KEPT = 2_000;
const MAX_SECRETS = 20;
const MAX_CREDENTIALS = 10;

const ServiceAccount = z.object({
  imagePullSecrets: z
    .array(
      z
        .object({ name: z.string().min(1) })
        .nullable()
        .catch(null),
    )
    .nullish(),
});
const Secret = z.object({
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).nullish(),
});

const FORMS = {
  'kubernetes.io/dockerconfigjson': { field: '.dockerconfigjson', form: 'dockerconfigjson' },
  'kubernetes.io/dockercfg': { field: '.dockercfg', form: 'dockercfg' },
} as const;

interface NamedLogin extends RegistryLogin {
  /** The Secret's name. */
  readonly secret: string;
}

/** What a Secret turned out to hold; `problem` says why it is of no use, as the rest of a sentence. */
interface SecretContent {
  readonly logins: readonly NamedLogin[];
  readonly problem?: string;
}

/** What was found on the way to the credentials. */
interface Findings {
  readonly logins: readonly NamedLogin[];
  /** The Secrets that were looked at, in order, each with its problem if it has one. */
  readonly looked: ReadonlyMap<string, string | undefined>;
}

interface Kept<T> {
  readonly readAtMs: number;
  readonly value: Promise<T>;
}

/** Makes a reader of pull secrets that remembers, per namespace and name, what it read. */
export function createPullSecrets(options: PullSecretsOptions): PullSecrets {
  const { client, clock, log } = options;
  const ttlMs = options.ttlMs ?? TTL_MS;
  const secrets = new LRUCache<string, Kept<SecretContent>>(atMost(MAX_KEPT));
  const accounts = new LRUCache<string, Kept<readonly string[]>>(atMost(MAX_KEPT));

  /** Reads once for all who ask within the time, and forgets a reading that failed. */
  function remembered<T>(cache: LRUCache<string, Kept<T>>, key: string, read: () => Promise<T>): Promise<T> {
    const known = cache.get(key);
    if (known !== undefined && clock.elapsed() < known.readAtMs + ttlMs) return known.value;
    const entry: Kept<T> = { readAtMs: clock.elapsed(), value: read() };
    cache.set(key, entry);
    entry.value.catch(() => {
      if (cache.get(key) === entry) cache.delete(key);
    });
    return entry.value;
  }

  async function fetchOrUndefined(path: string, about: object): Promise<unknown> {
    try {
      return await client.request({ method: 'GET', path });
    } catch (error) {
      // 401 is not one of them: that is our own credential, and it says nothing about the secret.
      if (!(error instanceof KubernetesError) || ![403, 404].includes(error.status)) throw error;
      log?.warn({ ...about, status: error.status, reason: error.reason }, 'a pull secret cannot be read');
      return undefined;
    }
  }

  async function readSecret(namespace: string, secret: string): Promise<SecretContent> {
    const about = { namespace, secret };
    const object = await fetchOrUndefined(pathOf(namespace, 'secrets', secret), about);
    if (object === undefined) return { logins: [], problem: 'it does not exist, or may not be read' };
    const logins = loginsOf(object);
    if (typeof logins !== 'string') return { logins: logins.map((login) => ({ ...login, secret })) };
    log?.warn({ ...about, why: logins }, 'a pull secret cannot be used');
    return { logins: [], problem: logins };
  }

  async function readAccount(namespace: string, serviceAccount: string): Promise<readonly string[]> {
    const path = pathOf(namespace, 'serviceaccounts', serviceAccount);
    const parsed = ServiceAccount.safeParse(await fetchOrUndefined(path, { namespace, serviceAccount }));
    const named = parsed.success ? (parsed.data.imagePullSecrets ?? []) : [];
    return named.flatMap((entry) => (entry == null ? [] : [entry.name]));
  }

  async function look(namespace: string, names: readonly string[]): Promise<Findings> {
    const unique = [...new Set(names)].slice(0, MAX_SECRETS);
    const each = await Promise.all(
      unique.map(async (name) => {
        const key = `${namespace}/${name}`;
        return { name, ...(await remembered(secrets, key, () => readSecret(namespace, name))) };
      }),
    );
    return {
      logins: each.flatMap(({ logins }) => logins),
      looked: new Map(each.map(({ name, problem }) => [name, problem])),
    };
  }

  /** Those of the pod template's own Secrets, then those of its service account's. */
  async function find(
    { namespace, pullSecrets, serviceAccount }: CredentialOwner,
    repository: Repository,
  ): Promise<Findings> {
    const ofPod = await look(namespace, pullSecrets);
    const named = await remembered(accounts, `${namespace}/${serviceAccount}`, () =>
      readAccount(namespace, serviceAccount),
    );
    const ofAccount = await look(
      namespace,
      named.filter((name) => !pullSecrets.includes(name)),
    );
    return {
      logins: [...loginsFor(repository, ofPod.logins), ...loginsFor(repository, ofAccount.logins)],
      looked: new Map([...ofPod.looked, ...ofAccount.looked]),
    };
  }

  return {
    async credentialsFor(workload, repository) {
      const { logins } = await find(workload, repository);
      return distinct(logins.map((login) => login.credential)).slice(0, MAX_CREDENTIALS);
    },
    async explain(workload, repository) {
      const { logins, looked } = await find(workload, repository);
      return tellSources(workload, logins, looked);
    },
    forget({ namespace }) {
      for (const cache of [secrets, accounts]) {
        for (const [key, { readAtMs }] of cache.entries()) {
          if (key.startsWith(`${namespace}/`) && clock.elapsed() - readAtMs >= FRESH_MS) cache.delete(key);
        }
      }
    },
  };
}

function tellSources(
  { namespace, serviceAccount }: CredentialOwner,
  logins: readonly NamedLogin[],
  looked: Findings['looked'],
): string {
  const names = [...new Set(logins.map(({ secret }) => secret))];
  if (names.length > 0) {
    const secrets = names.map((name) => `${namespace}/${name}`).join(', ');
    return `the credentials are those of Secret ${secrets}`;
  }
  if (looked.size === 0)
    return `neither the pod template nor ServiceAccount ${namespace}/${serviceAccount} names a pull secret`;
  const told = Array.from(
    looked,
    ([name, problem]) => `Secret ${namespace}/${name}: ${problem ?? 'it has nothing for this registry'}`,
  );
  return `there are no credentials: ${told.join('; ')}`;
}

/** The logins in a Secret, or why there are none: a text that quotes nothing of it. */
function loginsOf(object: unknown): readonly RegistryLogin[] | string {
  const secret = Secret.safeParse(object);
  if (!secret.success) return 'it is not a Secret';
  const { type } = secret.data;
  if (type !== 'kubernetes.io/dockerconfigjson' && type !== 'kubernetes.io/dockercfg') {
    return `its type is ${type ?? 'not set'}, not ${Object.keys(FORMS).join(' or ')}`;
  }
  const { field, form } = FORMS[type];
  const data = secret.data.data?.[field];
  if (data === undefined) return `it has no ${field}`;
  const logins = parseDockerConfig(Buffer.from(data, 'base64').toString('utf8'), form);
  return logins.ok ? logins.value : `${field}: ${logins.error}`;
}

function distinct(credentials: readonly Credential[]): readonly Credential[] {
  const byContent = new Map<string, Credential>();
  for (const credential of credentials) {
    const content = JSON.stringify(credential);
    if (!byContent.has(content)) byContent.set(content, credential);
  }
  return [...byContent.values()];
}

function pathOf(namespace: string, plural: string, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}
