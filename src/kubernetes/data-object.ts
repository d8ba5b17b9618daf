import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';
import { createReflector, type ReflectorEvent } from './reflector.ts';

/** A ConfigMap or a Secret as it is; values of a Secret are decoded. */
export interface DataContent {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

export type WriteOutcome =
  | { readonly kind: 'written' }
  /** It keeps changing, or may not be written; `message` is for a person. */
  | { readonly kind: 'refused'; readonly message: string };

/** One ConfigMap or Secret, followed and written. */
export interface DataObject {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  start(): void;
  stop(): Promise<void>;
  /** What it is now; undefined where there is none, or it cannot be read. */
  content(): DataContent | undefined;
  /** Why it may not be read just now; undefined if it may. */
  denied(): string | undefined;
  /** Resolves when it is known whether there is one, and what is in it, or that it may not be read. */
  readonly settled: Promise<void>;
  /**
   * Sets these keys, and removes those that are null; everything else of the object stays. Resolves when `content` knows
   * of it. Throws what `client.request` throws where the API server cannot be asked.
   */
  write(data: Readonly<Record<string, string | null>>): Promise<WriteOutcome>;
}

export interface DataObjectOptions {
  readonly client: Pick<KubernetesClient, 'list' | 'stream' | 'request'>;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  /** Told whenever `content` or `denied` may be different. */
  readonly onChanged: () => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent: (event: ReflectorEvent) => void;
}

const PLURAL = { ConfigMap: 'configmaps', Secret: 'secrets' } as const;
const MAX_TRIES = 5;
/** How long to wait for the watch to bring back what was written. */
const ECHO_MS = 5000;

const Shape = z.object({
  metadata: z.object({ uid: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
});

/** Makes it; nothing happens before `start`. The watch is for this one name, which is all that the role allows. */
export function createDataObject(options: DataObjectOptions): DataObject {
  const { client, kind, namespace, name, clock } = options;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${PLURAL[kind]}`;
  const settled = Promise.withResolvers<void>();
  // Who waits for a version that was written.
  const waiting = new Set<() => void>();
  let denied: string | undefined;

  const reflector = createReflector<DataContent>({
    ...options,
    path,
    query: { fieldSelector: `metadata.name=${name}` },
    resource: PLURAL[kind],
    project: (object) => toContent(object, kind),
    onChange() {
      for (const look of waiting) look();
      options.onChanged();
    },
    onEvent(event) {
      options.onEvent(event);
      const refusal = event.event === 'failed' ? refusalOf(event.error) : undefined;
      const now = event.event === 'listed' ? undefined : (refusal ?? denied);
      if (event.event === 'listed' || refusal !== undefined) settled.resolve();
      if (now === denied) return;
      denied = now;
      options.onChanged();
    },
  });
  const content = (): DataContent | undefined => reflector.get(`${namespace}/${name}`);

  async function read(): Promise<DataContent | undefined> {
    try {
      return toContent(await client.request({ method: 'GET', path: `${path}/${name}` }), kind);
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return undefined;
      throw error;
    }
  }

  async function put(data: Readonly<Record<string, string | null>>): Promise<DataContent> {
    const current = await read();
    const encoded = encode(data, kind);
    if (current === undefined) {
      const kept = Object.fromEntries(Object.entries(encoded).filter(([, value]) => value !== null));
      const body = { apiVersion: 'v1', kind, metadata: { name, namespace }, data: kept };
      return toContent(await client.request({ method: 'POST', path, body }), kind);
    }
    const { resourceVersion } = current;
    return toContent(
      await client.request({
        method: 'PATCH',
        path: `${path}/${name}`,
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, data: encoded },
      }),
      kind,
    );
  }

  function echoed({ resourceVersion }: DataContent): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      waiting.delete(look);
      cancel();
      resolve();
    };
    const look = (): void => {
      if (content()?.resourceVersion === resourceVersion) end();
    };
    const cancel = clock.after(ECHO_MS, end);
    waiting.add(look);
    look();
    return promise;
  }

  return {
    kind,
    namespace,
    name,
    start: () => reflector.start(),
    async stop() {
      await reflector.stop();
      settled.resolve();
    },
    content,
    denied: () => denied,
    settled: settled.promise,
    async write(data) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        try {
          await echoed(await put(data));
          return { kind: 'written' };
        } catch (error) {
          if (!(error instanceof KubernetesError) || mayBeTakenLater(error)) throw error;
          if (error.status !== 409) return { kind: 'refused', message: explain(error, options) };
        }
      }
      return { kind: 'refused', message: `The ${kind} ${name} keeps changing; try again.` };
    },
  };
}

/**
 * Whether it is not said that nothing was written, or trying again will do. 500 says why: that etcd has no room, for one; but
 * what etcd was too slow for may have been written all the same.
 */
function mayBeTakenLater({ status, message }: KubernetesError): boolean {
  return status === 429 || status > 500 || (status === 500 && /timed? ?out/i.test(message));
}

function toContent(object: unknown, kind: DataObject['kind']): DataContent {
  const { metadata, data } = Shape.parse(object);
  const entries = Object.entries(data ?? {});
  const decoded =
    kind === 'ConfigMap'
      ? entries
      : entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
  return { ...metadata, data: Object.fromEntries(decoded) };
}

function encode(
  data: Readonly<Record<string, string | null>>,
  kind: DataObject['kind'],
): Readonly<Record<string, string | null>> {
  if (kind === 'ConfigMap') return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key,
      value === null ? null : Buffer.from(value).toString('base64'),
    ]),
  );
}

/** That we may not read it, in the API server's words. What may pass by itself is no refusal. */
function refusalOf(error: unknown): string | undefined {
  return error instanceof KubernetesError && [401, 403, 404].includes(error.status)
    ? error.message
    : undefined;
}

function explain(
  { status, message }: KubernetesError,
  { kind, namespace, name }: Pick<DataObjectOptions, 'kind' | 'namespace' | 'name'>,
): string {
  const what = `the ${kind} ${name} in the namespace ${namespace}`;
  if (status !== 403) return `The API server refuses to change ${what}: ${message}`;
  return `Headwind may not change ${what}, or there is none: its role and an empty one are in deploy/k8s. ${message}`;
}
