import type { Clock } from '../core/clock.ts';
import { backoffDelay } from '../scheduling/backoff.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubernetesClient } from './client.ts';
import { KubernetesError, lacksRight } from './errors.ts';
import type { Change } from './projection-store.ts';
import { createReflector, type Reflector, type ReflectorEvent } from './reflector.ts';
import { findServedVersion, type OptionalResource } from './served-version.ts';

export interface OptionalWatchOptions<T> {
  readonly client: Pick<KubernetesClient, 'request' | 'list' | 'stream'>;
  readonly resource: OptionalResource;
  /** One watch each; undefined stands for all namespaces. */
  readonly scopes: readonly (string | undefined)[];
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Like a reflector's; `apiVersion` is the one that is served. */
  readonly project: (object: unknown, apiVersion: string) => T | undefined;
  readonly onChange: (change: Change<T>) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent?: ((event: ReflectorEvent) => void) | undefined;
}

/** Follows a resource that the cluster may serve from the start, later, in another version, or never. */
export interface OptionalWatch {
  /** Resolves when the first lists are complete, or when there is nothing (or no right) to list; rejects if `stop` comes first. */
  readonly synced: Promise<void>;
  /** The version that is followed, such as `v2`; undefined while there is none. */
  servedVersion(): string | undefined;
  start(): void;
  stop(): Promise<void>;
}

/** Between two looks for a resource that is not there: soon enough for whoever installs Flux, too seldom to be noticed. */
const PROBE_MS = 45_000;
const JITTER = 1 / 3;
const PROBE_RETRY = { baseMs: 250, capMs: 30_000 };

/** Makes a watch; nothing happens before `start`. */
export function createOptionalWatch<T>(options: OptionalWatchOptions<T>): OptionalWatch {
  return new ProbedWatch(options);
}

class ProbedWatch<T> implements OptionalWatch {
  readonly synced: Promise<void>;
  readonly #options: OptionalWatchOptions<T>;
  readonly #firstLook = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  // The objects that have been told of and not taken back, by key. Invariant: empty while nothing is followed.
  readonly #told = new Map<string, T>();
  #version: string | undefined;
  #loop: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(options: OptionalWatchOptions<T>) {
    this.#options = options;
    this.synced = this.#firstLook.promise;
    this.synced.catch(() => undefined);
  }

  servedVersion(): string | undefined {
    return this.#version;
  }

  start(): void {
    if (!this.#stopping.signal.aborted) this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    const reason = new Error(`the watch of ${this.#options.resource.plural} was stopped`);
    this.#stopping.abort(reason);
    this.#firstLook.reject(reason);
    this.#wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { random, log, resource } = this.#options;
    for (let failures = 0; !this.#isStopping();) {
      try {
        const version = await this.#find();
        failures = 0;
        if (version !== undefined) await this.#follow(version);
        else {
          this.#firstLook.resolve();
          await this.#pause(PROBE_MS * (1 - JITTER * random()));
        }
      } catch (error) {
        if (this.#isStopping()) return;
        failures += 1;
        // A right that is missing is the person's choice; everything else passes, and is told by the other watches too.
        if (lacksRight(error)) this.#firstLook.resolve();
        const level = failures === 1 ? 'warn' : 'debug';
        log[level]({ resource: resource.plural, error, failures }, 'cannot find out whether it is served');
        await this.#pause(backoffDelay(failures, PROBE_RETRY, random));
      }
    }
  }

  /** Follows one version for as long as it is served. */
  async #follow(version: string): Promise<void> {
    const { resource, log } = this.#options;
    const apiVersion = `${resource.group}/${version}`;
    this.#version = version;
    log.info({ resource: resource.plural, apiVersion }, 'the cluster serves it: following');
    let missed = Promise.withResolvers<void>();
    const reflectors = this.#options.scopes.map((scope) =>
      this.#reflector(apiVersion, scope, () => missed.resolve()),
    );
    for (const reflector of reflectors) reflector.start();
    Promise.all(reflectors.map((reflector) => reflector.synced)).then(
      () => this.#firstLook.resolve(),
      () => undefined,
    );
    const aborted = this.#aborted();
    do {
      missed = Promise.withResolvers<void>();
      await Promise.race([missed.promise, aborted]);
    } while (!this.#isStopping() && (await this.#isStillServed(version)));
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
    this.#version = undefined;
    if (this.#isStopping()) return;
    log.info({ resource: resource.plural, apiVersion }, 'the cluster serves it no longer');
    for (const [key, item] of this.#told) this.#tell({ type: 'remove', key, item });
  }

  /** Asked once for each 404, which an API server may answer while it starts: only a certain answer ends the watch. */
  async #isStillServed(version: string): Promise<boolean> {
    try {
      return (await this.#find()) === version;
    } catch {
      return true;
    }
  }

  #reflector(apiVersion: string, scope: string | undefined, onMissing: () => void): Reflector<T> {
    const { resource, project, onEvent, ...common } = this.#options;
    const namespace = scope === undefined ? '' : `/namespaces/${encodeURIComponent(scope)}`;
    return createReflector<T>({
      ...common,
      log: quietAboutMissing(common.log),
      resource: resource.plural,
      path: `/apis/${apiVersion}${namespace}/${resource.plural}`,
      project: (object) => project(object, apiVersion),
      onChange: (change) => this.#tell(change),
      onEvent: (event) => {
        if (event.error instanceof KubernetesError && event.error.status === 404) onMissing();
        // Whoever may not read it shall not wait for it.
        if (lacksRight(event.error)) this.#firstLook.resolve();
        onEvent?.(event);
      },
    });
  }

  #tell(change: Change<T>): void {
    if (change.type === 'upsert') this.#told.set(change.key, change.item);
    else this.#told.delete(change.key);
    this.#options.onChange(change);
  }

  #find(): Promise<string | undefined> {
    return findServedVersion(this.#options.client, this.#options.resource, this.#stopping.signal);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #aborted(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isStopping()) resolve();
    else this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  }

  #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isStopping()) resolve();
    const cancel = this.#options.clock.after(delayMs, resolve);
    this.#wake = () => {
      cancel();
      resolve();
    };
    return promise;
  }
}

/** That the resource has gone is told by its watch, once that is sure. */
function quietAboutMissing(log: Log): Log {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) =>
      isFirstMissing(fields) ? log.debug(fields, message) : log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}

function isFirstMissing(fields: object): boolean {
  const { error, failures }: { error?: unknown; failures?: unknown } = fields;
  return failures === 1 && error instanceof KubernetesError && error.status === 404;
}
