import type { Clock } from '../core/clock.ts';
import { type Backoff, backoffDelay } from './backoff.ts';

/** How the handling of a key ended. */
export type Outcome =
  /** Nothing is left to do. */
  | { readonly kind: 'done' }
  /** Nothing is left to do now, but look again in `afterMs` milliseconds. */
  | { readonly kind: 'requeue'; readonly afterMs: number }
  /** It failed and may succeed later: again, with growing pauses, at least the error's `retryAfterMs` if it has one. */
  | { readonly kind: 'retry'; readonly error: unknown }
  /** It cannot succeed before something changes, which will add the key again. */
  | { readonly kind: 'stalled'; readonly reason: string };

/** A failure as it is told to `onError`. */
export interface WorkFailure {
  readonly queue: string;
  readonly key: string;
  readonly error: unknown;
  /** Consecutive failures of this key. */
  readonly failures: number;
  readonly retryInMs: number;
}

export interface WorkQueueOptions {
  readonly name: string;
  /** Must not be given the same key twice at a time, and is not. A rejection counts as `retry`. */
  readonly handle: (key: string) => Promise<Outcome>;
  /** How many keys are handled at a time. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onError?: ((failure: WorkFailure) => void) | undefined;
  /** The number of keys that wait for a handler, whenever it changes. */
  readonly onDepth?: ((depth: number) => void) | undefined;
  /** Without it 250 ms, doubling to 60 s. */
  readonly backoff?: Backoff | undefined;
}

/** Work by key: each key at most once in the queue and at most once in a handler. So its size is bounded by that of what it is about. */
export interface WorkQueue {
  /** Handles `key` as soon as a handler is free; once more if it is being handled right now. */
  add(key: string): void;
  /** Handles `key` after `delayMs` milliseconds, or earlier if that was already planned. */
  addAfter(key: string, delayMs: number): void;
  /**
   * Resolves when `key`, or without one every key, neither waits nor runs nor is to be retried; what is only
   * planned (`addAfter`, `requeue`) does not count. Also resolves when the queue stops.
   */
  whenIdle(key?: string): Promise<void>;
  /** How many keys wait, run or are planned. */
  readonly size: number;
  /** Takes nothing more and drops what waits; resolves when the running handlers have ended. */
  stop(): Promise<void>;
}

interface Entry {
  // At most one of `waiting` and `running`; `again` only while running.
  waiting: boolean;
  running: boolean;
  again: boolean;
  // Whether the last run failed and its retry is still to come.
  retrying: boolean;
  failures: number;
  timer: { readonly atMs: number; readonly cancel: () => void } | undefined;
  idle: PromiseWithResolvers<void> | undefined;
}

const BACKOFF: Backoff = { baseMs: 250, capMs: 60_000 };
const RETRY_AFTER_CAP_MS = 900_000;

/** Makes a queue that works as soon as something is added. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  return new KeyedQueue(options);
}

class KeyedQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #entries = new Map<string, Entry>();
  // First in, first out; `#head` is the next one, so that taking costs the same however many wait.
  #order: string[] = [];
  #head = 0;
  #running = 0;
  // How many entries have `retrying` set.
  #retrying = 0;
  #stopped = false;
  #pumping = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #allIdle: PromiseWithResolvers<void> | undefined;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    const entry = this.#entry(key);
    clearTimer(entry);
    if (entry.running) {
      entry.again = true;
      return;
    }
    if (entry.waiting) return;
    entry.waiting = true;
    this.#order.push(key);
    this.#tellDepth();
    this.#schedulePump();
  }

  addAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const entry = this.#entry(key);
    const atMs = this.#options.clock.elapsed() + delayMs;
    if (entry.waiting || entry.again || (entry.timer !== undefined && entry.timer.atMs <= atMs)) return;
    clearTimer(entry);
    const cancel = this.#options.clock.after(delayMs, () => {
      entry.timer = undefined;
      this.add(key);
    });
    entry.timer = { atMs, cancel };
  }

  whenIdle(key?: string): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    if (key === undefined) {
      if (this.#nothingIsBusy()) return Promise.resolve();
      this.#allIdle ??= Promise.withResolvers<void>();
      return this.#allIdle.promise;
    }
    const entry = this.#entries.get(key);
    if (entry === undefined || !isBusy(entry)) return Promise.resolve();
    entry.idle ??= Promise.withResolvers<void>();
    return entry.idle.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const [key, entry] of this.#entries) {
      clearTimer(entry);
      entry.waiting = false;
      entry.again = false;
      this.#setRetrying(entry, false);
      this.#settle(key, entry);
    }
    this.#order = [];
    this.#head = 0;
    this.#allIdle?.resolve();
    this.#tellDepth();
    if (this.#running === 0) return;
    this.#drained ??= Promise.withResolvers<void>();
    await this.#drained.promise;
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      waiting: false,
      running: false,
      again: false,
      retrying: false,
      failures: 0,
      timer: undefined,
      idle: undefined,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  /** Handlers start in a turn of their own, never inside `add`. */
  #schedulePump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#running < this.#options.concurrency) {
      const key = this.#take();
      if (key === undefined) return;
      const entry = this.#entries.get(key);
      if (entry?.waiting !== true) continue;
      entry.waiting = false;
      entry.running = true;
      this.#running += 1;
      this.#tellDepth();
      void this.#work(key, entry);
    }
  }

  #take(): string | undefined {
    const key = this.#order[this.#head];
    if (key === undefined) return undefined;
    this.#head += 1;
    if (this.#head > 1000 && this.#head * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
    return key;
  }

  async #work(key: string, entry: Entry): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.#options.handle(key);
    } catch (error) {
      outcome = { kind: 'retry', error };
    }
    entry.running = false;
    this.#running -= 1;
    if (this.#stopped) {
      this.#settle(key, entry);
      if (this.#running === 0) this.#drained?.resolve();
      return;
    }
    this.#conclude(key, entry, outcome);
    this.#schedulePump();
  }

  #conclude(key: string, entry: Entry, outcome: Outcome): void {
    this.#setRetrying(entry, outcome.kind === 'retry');
    let plannedMs: number | undefined;
    if (outcome.kind === 'retry') {
      entry.failures += 1;
      plannedMs = this.#retryDelay(key, entry.failures, outcome.error);
    } else {
      entry.failures = 0;
      if (outcome.kind === 'requeue') plannedMs = outcome.afterMs;
    }
    if (entry.again) {
      entry.again = false;
      this.add(key);
    } else if (plannedMs !== undefined) {
      this.addAfter(key, plannedMs);
    }
    this.#settle(key, entry);
  }

  #retryDelay(key: string, failures: number, error: unknown): number {
    const { backoff, random, onError, name } = this.#options;
    const asked = askedPause(error);
    const retryInMs = Math.max(
      backoffDelay(failures, backoff ?? BACKOFF, random),
      Math.min(asked, RETRY_AFTER_CAP_MS),
    );
    try {
      onError?.({ queue: name, key, error, failures, retryInMs });
    } catch {
      // An observer that fails must not end the work it observes.
    }
    return retryInMs;
  }

  /** Tells who waits for idleness, and forgets a key that nothing is known of any more. */
  #settle(key: string, entry: Entry): void {
    if (isBusy(entry)) return;
    entry.idle?.resolve();
    entry.idle = undefined;
    if (entry.timer === undefined) this.#entries.delete(key);
    if (this.#allIdle !== undefined && this.#nothingIsBusy()) {
      this.#allIdle.resolve();
      this.#allIdle = undefined;
    }
  }

  #setRetrying(entry: Entry, retrying: boolean): void {
    if (entry.retrying !== retrying) this.#retrying += retrying ? 1 : -1;
    entry.retrying = retrying;
  }

  #nothingIsBusy(): boolean {
    return this.#running === 0 && this.#retrying === 0 && this.#order.length === this.#head;
  }

  #tellDepth(): void {
    this.#options.onDepth?.(this.#order.length - this.#head);
  }
}

/** The pause that whoever refused asked for, in milliseconds: the API server and registries put it on their errors. */
function askedPause(error: unknown): number {
  if (!(error instanceof Error) || !('retryAfterMs' in error)) return 0;
  return typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0;
}

function isBusy(entry: Entry): boolean {
  return entry.waiting || entry.running || entry.again || entry.retrying;
}

function clearTimer(entry: Entry): void {
  entry.timer?.cancel();
  entry.timer = undefined;
}
