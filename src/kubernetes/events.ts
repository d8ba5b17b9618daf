import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../core/at-most.ts';
import { type Clock, toTimestamp } from '../core/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { backoffDelay } from '../scheduling/backoff.ts';
import type { KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';

/** Something that happened to an object, as `kubectl describe` shows it. */
export interface EventToRecord {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

/** Writes core/v1 Events in the background. They are a courtesy: none may hold up or break the work. */
export interface EventRecorder {
  /** Never throws and never waits. The same event again only raises the count of the one that is there. */
  record(event: EventToRecord): void;
  /** Writes what is waiting, for at most 3 s, and ends. */
  stop(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly log: Log;
  /** An event that was given up: the queue was full, or the API server refused it. */
  readonly onDropped?: (() => void) | undefined;
  /** How many distinct events may wait; without it 2,000. */
  readonly maxQueued?: number | undefined;
  /** How long an event lies before it is written, in milliseconds; without it a quarter of a second. */
  readonly restMs?: number | undefined;
}

interface Waiting {
  readonly key: string;
  readonly event: EventToRecord;
  count: number;
  readonly firstMs: number;
  lastMs: number;
  /** When it may be written, as `Clock.elapsed` counts. */
  readonly dueMs: number;
}

/** An event that the API server has, to be counted up. */
interface Written {
  readonly path: string;
  readonly untilMs: number;
  count: number;
}

const MAX_QUEUED = 2_000;
const MAX_REMEMBERED = 2_000;
// Half of the hour after which the API server forgets an Event.
const AGGREGATE_MS = 30 * 60_000;
// The writes of the update that an event tells of come first: by then they have been made.
const REST_MS = 250;
const ATTEMPTS = 4;
const BACKOFF = { baseMs: 500, capMs: 5_000 };
const DRAIN_MS = 3_000;
const COMPONENT = 'headwind';
// The API server's own limits.
const MAX_MESSAGE = 1_024;
const MAX_REASON = 128;

/** Makes a recorder; it works whenever something is recorded. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new BackgroundRecorder(options);
}

class BackgroundRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  // In order of arrival; the same event is in it once.
  readonly #waiting = new Map<string, Waiting>();
  readonly #written = new LRUCache<string, Written>(atMost(MAX_REMEMBERED));
  readonly #end = new AbortController();
  readonly #hurry = new AbortController();
  #working: Promise<void> | undefined;
  #stopped = false;
  #sequence = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(event: EventToRecord): void {
    if (this.#stopped) return;
    const key = keyOf(event);
    const { clock, restMs = REST_MS } = this.#options;
    const nowMs = clock.now();
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.lastMs = nowMs;
      return;
    }
    if (this.#waiting.size >= (this.#options.maxQueued ?? MAX_QUEUED)) {
      this.#options.onDropped?.();
      return;
    }
    const dueMs = clock.elapsed() + restMs;
    this.#waiting.set(key, { key, event, count: 1, firstMs: nowMs, lastMs: nowMs, dueMs });
    this.#working ??= this.#work();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#hurry.abort();
    const cancel = this.#options.clock.after(DRAIN_MS, () => this.#end.abort(new Error('no time is left')));
    await this.#working;
    cancel();
  }

  async #work(): Promise<void> {
    // What is recorded in one turn is counted before it is written.
    await Promise.resolve();
    // Looked at without a pause before the end: what is recorded in between would wait for the next one.
    for (let next = this.#first(); next !== undefined; next = this.#first()) {
      const restMs = next.dueMs - this.#options.clock.elapsed();
      if (restMs > 0) await this.#pause(restMs, this.#hurry.signal);
      this.#waiting.delete(next.key);
      await this.#deliver(next);
    }
    this.#working = undefined;
  }

  #first(): Waiting | undefined {
    const [first] = this.#waiting.values();
    return first;
  }

  /** Writes one event, or gives it up. Never rejects. */
  async #deliver(waiting: Waiting): Promise<void> {
    const { log, onDropped } = this.#options;
    for (let attempt = 1; !this.#end.signal.aborted; attempt += 1) {
      try {
        await this.#write(waiting);
        return;
      } catch (error) {
        if (attempt >= ATTEMPTS || !isPassing(error)) {
          const { regarding, reason } = waiting.event;
          log.warn(
            { kind: regarding.kind, namespace: regarding.namespace, name: regarding.name, reason, error },
            'an Event could not be written',
          );
          break;
        }
        await this.#pause(retryDelay(error, attempt), this.#end.signal);
      }
    }
    onDropped?.();
  }

  async #write(waiting: Waiting): Promise<void> {
    const { clock } = this.#options;
    const written = this.#written.get(waiting.key);
    if (
      written !== undefined &&
      clock.elapsed() < written.untilMs &&
      (await this.#countUp(written, waiting))
    ) {
      return;
    }
    const name = this.#nameFor(waiting);
    const { namespace } = waiting.event.regarding;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    await this.#options.client.request({
      method: 'POST',
      path,
      body: toObject(waiting, name),
      signal: this.#end.signal,
    });
    this.#written.set(waiting.key, {
      path: `${path}/${name}`,
      untilMs: clock.elapsed() + AGGREGATE_MS,
      count: waiting.count,
    });
  }

  /** Raises the count of an event that was written before; false when the API server has forgotten it. */
  async #countUp(written: Written, waiting: Waiting): Promise<boolean> {
    const count = written.count + waiting.count;
    try {
      await this.#options.client.request({
        method: 'PATCH',
        path: written.path,
        contentType: 'application/merge-patch+json',
        body: { count, lastTimestamp: toTimestamp(waiting.lastMs) },
        signal: this.#end.signal,
      });
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return false;
      throw error;
    }
    written.count = count;
    return true;
  }

  /** Unique without being random: what, when, and the how-manieth. */
  #nameFor({ key, event, firstMs }: Waiting): string {
    this.#sequence += 1;
    const hash = createHash('sha256').update(`${key}\n${firstMs}\n${this.#sequence}`).digest('hex');
    return `${event.regarding.name.slice(0, 230).replace(/[.-]+$/, '')}.${hash.slice(0, 16)}`;
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(delayMs, resolve);
    const onEnd = (): void => resolve();
    signal.addEventListener('abort', onEnd, { once: true });
    await promise;
    cancel();
    signal.removeEventListener('abort', onEnd);
  }
}

function keyOf({ regarding, type, reason, message }: EventToRecord): string {
  return JSON.stringify([regarding.uid, regarding.kind, regarding.name, type, reason, message]);
}

function toObject({ event, count, firstMs, lastMs }: Waiting, name: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: event.regarding.namespace },
    involvedObject: event.regarding,
    type: event.type,
    reason: event.reason.slice(0, MAX_REASON),
    message: shorten(event.message),
    count,
    firstTimestamp: toTimestamp(firstMs),
    lastTimestamp: toTimestamp(lastMs),
    source: { component: COMPONENT },
  };
}

/** To the API server's limit, which counts bytes. */
function shorten(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MAX_MESSAGE) return message;
  // A character that was cut through becomes U+FFFD and is taken off.
  return `${bytes
    .subarray(0, MAX_MESSAGE - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}…`;
}

/** Whether it may go well the next time: no answer, too many requests, or the server's own trouble. */
function isPassing(error: unknown): boolean {
  return !(error instanceof KubernetesError) || error.status === 429 || error.status >= 500;
}

function retryDelay(error: unknown, attempt: number): number {
  const asked = error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0;
  // One recorder works alone: there is nobody to keep apart with jitter.
  return Math.min(
    DRAIN_MS * 10,
    Math.max(
      asked,
      backoffDelay(attempt, BACKOFF, () => 0),
    ),
  );
}
