import type { Clock } from '../../core/clock.ts';
import { expired } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import type { JsonObject } from './json.ts';
import { matcherOf, numberParameter, type ListScope } from './listing.ts';
import { renderObject, type Representation } from './representation.ts';
import { apiVersionOf } from './resource-type.ts';
import type { StoreEvent } from './revision-log.ts';
import type { Matcher } from './selectors.ts';

/** Where the events of a watch go; `send` answers false when the reader is too slow to go on. */
export interface WatchSink {
  send(event: JsonObject): boolean;
  end(): void;
}

export interface WatchRequest extends ListScope {
  readonly clock: Clock;
  readonly representation: Representation;
}

const DEFAULT_TIMEOUT_S = 1800;
const BOOKMARK_INTERVAL_MS = 60_000;
/** The last bookmark comes this long before the end. */
const BOOKMARK_BEFORE_END_MS = 2000;

/**
 * Reads the request; the returned function starts the watch and answers the one that stops it.
 * A resourceVersion that is too old makes an ERROR event, as in the API server, not an error answer.
 * @throws ApiError 400
 */
export function prepareWatch(request: WatchRequest): (sink: WatchSink) => () => void {
  const { query } = request;
  const from = numberParameter(query, 'resourceVersion') ?? 0;
  const timeoutS = numberParameter(query, 'timeoutSeconds') ?? DEFAULT_TIMEOUT_S;
  const bookmarks = isTrue(query.get('allowWatchBookmarks'));
  const matches = matcherOf(request);
  return (sink) => new Watch(request, { from, timeoutMs: timeoutS * 1000, bookmarks, matches }, sink).start();
}

/** Whether a query parameter says yes. */
export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1' || value === '';
}

interface WatchOptions {
  readonly from: number;
  readonly timeoutMs: number;
  readonly bookmarks: boolean;
  readonly matches: Matcher;
}

class Watch {
  readonly #request: WatchRequest;
  readonly #options: WatchOptions;
  readonly #sink: WatchSink;
  readonly #cleanups: (() => void)[] = [];
  /** Tables carry their headers once. */
  #headers = true;
  #cancelBookmark: () => void = () => {};

  constructor(request: WatchRequest, options: WatchOptions, sink: WatchSink) {
    this.#request = request;
    this.#options = options;
    this.#sink = sink;
  }

  start(): () => void {
    const { store, type, clock } = this.#request;
    const { from, timeoutMs, bookmarks } = this.#options;
    const missed = from === 0 ? [] : store.since(type.key, from);
    if (missed === undefined) {
      const error = expired(`too old resource version: ${from} (${store.oldest(type.key)})`);
      this.#sink.send({ type: 'ERROR', object: error.toStatus() });
      this.#sink.end();
      return () => {};
    }
    this.#cleanups.push(
      store.subscribe((event) => this.#onEvent(event)),
      clock.after(timeoutMs, () => this.#finish()),
    );
    if (from === 0) this.#sendCurrent();
    for (const event of missed) this.#onEvent(event);
    if (bookmarks) this.#scheduleBookmarks(clock.now() + timeoutMs);
    return () => this.#stop();
  }

  #sendCurrent(): void {
    const { store, type, namespace } = this.#request;
    for (const object of store.list(type.key, namespace))
      if (this.#options.matches(object)) this.#send('ADDED', object);
  }

  #onEvent(event: StoreEvent): void {
    const { type } = this.#request;
    if (event.resource === 'customresourcedefinitions' && event.type === 'DELETED') {
      if (event.object.metadata.name === `${type.plural}.${type.group}`) this.#finish();
    }
    if (event.resource !== type.key || event.revision <= this.#options.from) return;
    const before = event.previous !== undefined && this.#options.matches(event.previous);
    const after = event.type !== 'DELETED' && this.#options.matches(event.object);
    if (after) this.#send(before ? 'MODIFIED' : 'ADDED', event.object);
    else if (before) this.#send('DELETED', departed(event));
  }

  #send(type: string, object: ApiObject): void {
    const { representation, clock, type: resourceType } = this.#request;
    const rendering = { ...representation, type: resourceType, nowMs: clock.now() };
    const rendered = renderObject(object, rendering, this.#headers);
    this.#headers = false;
    this.#emit({ type, object: rendered });
  }

  #emit(event: JsonObject): void {
    if (!this.#sink.send(event)) this.#finish();
  }

  #scheduleBookmarks(endMs: number): void {
    const { clock } = this.#request;
    const untilLast = endMs - BOOKMARK_BEFORE_END_MS - clock.now();
    const delay = untilLast > 0 ? Math.min(BOOKMARK_INTERVAL_MS, untilLast) : BOOKMARK_INTERVAL_MS;
    this.#cancelBookmark = clock.after(delay, () => {
      this.#sendBookmark();
      this.#scheduleBookmarks(endMs);
    });
  }

  #sendBookmark(): void {
    const { store, type } = this.#request;
    const metadata = { resourceVersion: String(store.revision), creationTimestamp: null };
    this.#emit({ type: 'BOOKMARK', object: { kind: type.kind, apiVersion: apiVersionOf(type), metadata } });
  }

  #finish(): void {
    this.#stop();
    this.#sink.end();
  }

  #stop(): void {
    this.#cancelBookmark();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }
}

/** The last state that the watcher knew, with the revision at which it went out of sight. */
function departed(event: StoreEvent): ApiObject {
  const last = event.type === 'DELETED' ? event.object : (event.previous ?? event.object);
  return { ...last, metadata: { ...last.metadata, resourceVersion: String(event.revision) } };
}
