import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { backoffDelay } from '../scheduling/backoff.ts';
import type { ApiCall } from './api-call.ts';
import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';
import { LineTooLongError } from './lines.ts';
import { type Change, createProjectionStore, type ProjectionStoreOptions } from './projection-store.ts';
import { readPagesAhead } from './pages-ahead.ts';
import { createWatchdog } from './watchdog.ts';
import { MalformedLineError, parseWatchLine } from './watch-line.ts';

/** What a reflector tells of itself: metric labels, and for `unparsable` a log line of the caller. */
export interface ReflectorEvent {
  readonly resource: string;
  /**
   * `list`: a list begins, `listed`: it is complete. `watch`: a watch is open, `closed`: the server ended it. `event` and `bookmark`: came
   * over it. `gone`: the position is too old. `idle`: the watch was silent for too long. `malformed`: a line was not
   * understood. `failed`: anything else that broke a list or a watch. `unparsable`: one object was skipped.
   */
  readonly event:
    | 'list'
    | 'listed'
    | 'watch'
    | 'closed'
    | 'event'
    | 'bookmark'
    | 'gone'
    | 'idle'
    | 'malformed'
    | 'failed'
    | 'unparsable';
  readonly key?: string | undefined;
  readonly error?: unknown;
}

export interface ReflectorOptions<T> {
  readonly client: Pick<KubernetesClient, 'list' | 'stream'>;
  /** Of the collection, such as `/apis/apps/v1/deployments`. */
  readonly path: string;
  /** Goes into every list and watch, such as `labelSelector`. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** The resource's name in logs and metrics. */
  readonly resource: string;
  readonly project: ProjectionStoreOptions<T>['project'];
  /** Without it `namespace/name`, or `name` where there is no namespace. */
  readonly keyOf?: ProjectionStoreOptions<T>['keyOf'] | undefined;
  /** Called in the order of the changes, never two at a time. Must not throw; if it does, that is logged. */
  readonly onChange: (change: Change<T>) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent?: ((event: ReflectorEvent) => void) | undefined;
  /** Objects per page; without it 500. */
  readonly pageSize?: number | undefined;
  /** After how much silence a watch is given up, in milliseconds. Bookmarks come each minute; without it 120 s. */
  readonly idleTimeoutMs?: number | undefined;
}

/** A local copy of one resource's objects, projected, that follows the API server by list and watch. */
export interface Reflector<T> {
  start(): void;
  /** Ends the watch; resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Resolves when the first list is complete; rejects if `stop` comes first. */
  readonly synced: Promise<void>;
  /** When the API server was last heard of, as `Clock.elapsed` counts; 0 before the first time. */
  lastContactMs(): number;
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
}

// As big as kubectl's: an item is let go before the next one is read, so that pages cost time only, never memory.
const PAGE_SIZE = 500;
const IDLE_TIMEOUT_MS = 120_000;
const LIST_TIMEOUT_MS = 30_000;
// The cap keeps the return after an outage within seconds; a page or a refused watch each 8 s is no load.
const BACKOFF = { baseMs: 250, capMs: 8_000 };
// For what only a person can mend (no permission, no such resource).
const SLOW_BACKOFF = { baseMs: 250, capMs: 30_000 };
const RETRY_AFTER_CAP_MS = 60_000;
// A watch that lived this long was a good one, even if nothing happened.
const GOOD_WATCH_MS = 10_000;
// Between a watch that ended well and the next: even a server that ends all of them at once is asked ten times a second at most.
const REOPEN_MS = 100;
// The server ends a watch after a time that differs between clients, so that they do not all return at once.
const WATCH_SECONDS = { from: 290, to: 580 };

class IdleError extends Error {
  override readonly name = 'IdleError';
}

class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

/** An ERROR event: whatever it says, the position is not to be trusted any more. */
class WatchErrorEvent extends Error {
  override readonly name = 'WatchErrorEvent';
  readonly refusal: KubernetesError;
  constructor(refusal: KubernetesError) {
    super(refusal.message, { cause: refusal });
    this.refusal = refusal;
  }
}

/**
 * Makes a reflector; nothing happens before `start`. It lists in pages, then watches from the list's
 * resourceVersion (bookmarks included), resumes from the last one after every interruption, and lists again only
 * when the position is lost (410, an ERROR event, a line that is not understood). After a list the objects that
 * vanished are told as removed; those that did not change are not told at all.
 */
export function createReflector<T>(options: ReflectorOptions<T>): Reflector<T> {
  return new ListWatch(options);
}

class ListWatch<T> implements Reflector<T> {
  readonly synced: Promise<void>;
  readonly #options: ReflectorOptions<T>;
  readonly #store;
  readonly #idleTimeoutMs: number;
  readonly #firstList = Promise.withResolvers<void>();
  #loop: Promise<void> | undefined;
  #stopped = false;
  // Breaks off what the loop is waiting for: a list, a watch or a pause.
  #interrupt: (reason: Error) => void = () => {};
  // Where the watch resumes; undefined when a list is needed.
  #version: string | undefined;
  // Consecutive failures; a good event sets it back, a good list does not, or a storm of 410 would never slow down.
  #failures = 0;
  #lastContactMs = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.#store = createProjectionStore<T>({
      project: options.project,
      keyOf:
        options.keyOf ?? (({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`)),
      onChange: (change) => this.#tell(change),
      onUnparsable: (key, error) => this.#emit({ event: 'unparsable', key, error }),
    });
    this.synced = this.#firstList.promise;
    this.synced.catch(() => undefined);
  }

  start(): void {
    if (!this.#stopped) this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const reason = new StoppedError(`the reflector of ${this.#options.resource} was stopped`);
    this.#interrupt(reason);
    this.#firstList.reject(reason);
    await this.#loop;
  }

  lastContactMs(): number {
    return this.#lastContactMs;
  }

  get(key: string): T | undefined {
    return this.#store.get(key);
  }

  values(): IterableIterator<T> {
    return this.#store.values();
  }

  get size(): number {
    return this.#store.size;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const pauseMs = await this.#turn();
      if (!this.#stopped) await this.#pause(pauseMs);
    }
  }

  /** One list where it is needed, one watch; answers how long to wait before the next. Never rejects. */
  async #turn(): Promise<number> {
    const attempt = new AbortController();
    this.#interrupt = (reason) => attempt.abort(reason);
    try {
      this.#version ??= await this.#list(attempt.signal);
      const good = await this.#watch(this.#version, attempt);
      this.#emit({ event: 'closed' });
      if (good) return Math.round(REOPEN_MS * (1 - this.#options.random() / 2));
      this.#failures += 1;
      return backoffDelay(this.#failures, BACKOFF, this.#options.random);
    } catch (error) {
      return this.#stopped ? 0 : this.#afterFailure(error);
    } finally {
      // Whatever still hangs on this turn ends with it.
      attempt.abort(new StoppedError('the turn is over'));
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, path, query, pageSize } = this.#options;
    this.#emit({ event: 'list' });
    const listing = this.#store.beginList();
    const limit = pageSize ?? PAGE_SIZE;
    const timeoutMs = Math.min(LIST_TIMEOUT_MS, this.#idleTimeoutMs);
    const version = await readPagesAhead(
      (next, onHead) => {
        const page = { ...query, limit, continue: next };
        const call: ApiCall = { method: 'GET', path, query: page, signal, timeoutMs };
        return client.list(call, (object) => this.#store.apply(object), onHead);
      },
      () => this.#touch(),
    );
    listing.end();
    this.#emit({ event: 'listed' });
    this.#firstList.resolve();
    return version;
  }

  /** Follows until the server ends the watch; answers whether it was good for anything. */
  async #watch(from: string, attempt: AbortController): Promise<boolean> {
    const { client, path, query, clock, random } = this.#options;
    const openedAtMs = clock.elapsed();
    let events = 0;
    const dog = createWatchdog(clock, this.#idleTimeoutMs, () => {
      attempt.abort(new IdleError(`nothing was heard for ${this.#idleTimeoutMs} ms`));
    });
    try {
      const lines = await client.stream({
        method: 'GET',
        path,
        query: {
          ...query,
          watch: 'true',
          allowWatchBookmarks: 'true',
          resourceVersion: from,
          timeoutSeconds: Math.floor(WATCH_SECONDS.from + random() * (WATCH_SECONDS.to - WATCH_SECONDS.from)),
        },
        signal: attempt.signal,
      });
      this.#touch();
      this.#emit({ event: 'watch' });
      for await (const line of lines) {
        dog.touch();
        this.#touch();
        this.#take(line);
        events += 1;
        this.#recovered();
      }
      const good = events > 0 || clock.elapsed() - openedAtMs >= GOOD_WATCH_MS;
      if (good) this.#recovered();
      return good;
    } finally {
      if (clock.elapsed() - openedAtMs >= GOOD_WATCH_MS) this.#failures = 0;
      dog.cancel();
    }
  }

  #take(line: string): void {
    const event = parseWatchLine(line, this.#options.path);
    if (event.type === 'ERROR') throw new WatchErrorEvent(event.error);
    if (event.type === 'DELETED') this.#store.forget(event.object);
    else if (event.type !== 'BOOKMARK') this.#store.apply(event.object);
    this.#version = event.version;
    this.#emit({ event: event.type === 'BOOKMARK' ? 'bookmark' : 'event' });
  }

  #afterFailure(error: unknown): number {
    const { random, log, resource } = this.#options;
    const event = classify(error);
    if (loses(error)) this.#version = undefined;
    this.#failures += 1;
    const refusal = refusalOf(error);
    const backoff = needsAPerson(refusal) ? SLOW_BACKOFF : BACKOFF;
    const asked = Math.min(refusal?.retryAfterMs ?? 0, RETRY_AFTER_CAP_MS);
    const retryInMs = Math.max(backoffDelay(this.#failures, backoff, random), asked);
    this.#emit({ event, error });
    const level = this.#failures === 1 || this.#failures % 10 === 0 ? 'warn' : 'debug';
    log[level](
      { resource, event, error, failures: this.#failures, retryInMs },
      'list and watch was interrupted',
    );
    return retryInMs;
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    const { log, resource } = this.#options;
    log.info({ resource, failures: this.#failures }, 'list and watch follows again');
    this.#failures = 0;
  }

  #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(delayMs, resolve);
    this.#interrupt = () => {
      cancel();
      resolve();
    };
    return promise;
  }

  #touch(): void {
    this.#lastContactMs = this.#options.clock.elapsed();
  }

  #tell(change: Change<T>): void {
    const { onChange, log, resource } = this.#options;
    try {
      onChange(change);
    } catch (error) {
      log.error({ resource, key: change.key, error }, 'the handler of a change threw');
    }
  }

  #emit(event: Omit<ReflectorEvent, 'resource'>): void {
    const { onEvent, log, resource } = this.#options;
    try {
      onEvent?.({ resource, ...event });
    } catch (error) {
      log.error({ resource, error }, 'the handler of a reflector event threw');
    }
  }
}

function refusalOf(error: unknown): KubernetesError | undefined {
  if (error instanceof WatchErrorEvent) return error.refusal;
  return error instanceof KubernetesError ? error : undefined;
}

function isMalformed(error: unknown): boolean {
  return (
    error instanceof MalformedLineError || error instanceof LineTooLongError || error instanceof z.ZodError
  );
}

function classify(error: unknown): ReflectorEvent['event'] {
  if (refusalOf(error)?.status === 410) return 'gone';
  if (error instanceof IdleError) return 'idle';
  return isMalformed(error) ? 'malformed' : 'failed';
}

/** Whether the position is lost with this failure. A server that is overloaded, closed or away has not lost it. */
function loses(error: unknown): boolean {
  if (error instanceof WatchErrorEvent || isMalformed(error)) return true;
  return error instanceof KubernetesError && [400, 404, 405, 410, 422].includes(error.status);
}

function needsAPerson(refusal: KubernetesError | undefined): boolean {
  return refusal !== undefined && [401, 403, 404, 405].includes(refusal.status);
}
