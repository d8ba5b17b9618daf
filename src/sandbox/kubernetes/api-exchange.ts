import type { Clock } from '../../core/clock.ts';
import type { JsonObject } from './json.ts';
import type { ContainerLog } from './logs.ts';
import type { ResourceTypes } from './resource-type.ts';
import type { RevisionedStore } from './store.ts';
import type { WatchSink } from './watch.ts';

/** One request to the embedded API, as the routes read it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly contentType: string;
  /** `host:port` as the client wrote it. */
  readonly host: string;
  /** The body as JSON; undefined if there is none. */
  readonly body: unknown;
}

/** What a request is answered with; errors are thrown as ApiError. */
export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly body: JsonObject }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Buffer }
  | { readonly kind: 'watch'; readonly start: (sink: WatchSink) => () => void };

/** What the routes work on. */
export interface RouteContext {
  readonly store: RevisionedStore;
  readonly types: ResourceTypes;
  readonly clock: Clock;
  readonly log: ContainerLog;
}
