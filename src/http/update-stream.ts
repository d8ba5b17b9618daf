import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Clock } from '../core/clock.ts';
import type { Result } from '../core/result.ts';
import type { Authenticator, Authorizer, Caller } from './auth.ts';
import type { Log } from './dependencies.ts';
import {
  PROBLEM_CONTENT_TYPE,
  PROBLEMS,
  problem,
  retryAfter,
  toProblemBody,
  type Problem,
  type ProblemCode,
} from './problem.ts';
import type { FeedEvent, UpdateFeed } from './update-feed.ts';
import { visibleNamespaces } from './visible-namespaces.ts';

export interface UpdateStreamOptions {
  readonly feed: UpdateFeed;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** All namespaces with workloads or requests. */
  readonly namespaces: () => Iterable<string>;
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly onRefused?: (code: ProblemCode) => void;
  /** Told how many are listening, whenever that changes. */
  readonly onCount?: (listening: number) => void;
  readonly limits?: Partial<StreamLimits>;
}

export interface StreamLimits {
  readonly clients: number;
  /** What may wait for one client before it is given up. */
  readonly bufferedBytes: number;
}

export interface UpdateStream {
  /**
   * Takes `GET /api/v1/events/updates`, with `?initial=none` for whoever wants to hear of changes alone; false: the
   * request is another one, and untouched.
   */
  handle(incoming: IncomingMessage, response: ServerResponse): boolean;
  /** Ends all streams; browsers come back by themselves. */
  close(): void;
}

interface Client {
  readonly response: ServerResponse;
  readonly caller: Caller;
  /** Undefined: sees all. */
  readonly visible: ReadonlySet<string> | undefined;
  checkedAtMs: number;
  /** Whether it knows all that was before; until then changes carry no number that it could come back with. */
  isComplete: boolean;
}

/** What a listener wants to be told before what happens next. */
interface Wish {
  readonly lastEventId: string | undefined;
  readonly skipsInitial: boolean;
}

export const STREAM_PATH = '/api/v1/events/updates';
const LIMITS: StreamLimits = { clients: 1000, bufferedBytes: 1024 * 1024 };
const KEEP_ALIVE_MS = 15_000;
/** So often it is asked whether a listener is still who they were, and may still see what they see. */
const RECHECK_MS = 60_000;
const RECHECKS_AT_ONCE = 8;
const BUSY_RETRY_SECONDS = 10;
const TURN_EVERY = 100;
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that would collect the answer before they pass it on (nginx).
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Changes of update requests as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), on
 * the bare response: a listener costs its socket and little else. Whoever comes back with `Last-Event-ID` gets what was
 * missed, or all again after `refresh`.
 */
export function createUpdateStream(options: UpdateStreamOptions): UpdateStream {
  const { feed, clock, log } = options;
  const limits = { ...LIMITS, ...options.limits };
  const clients = new Set<Client>();
  const recheckLimit = pLimit(RECHECKS_AT_ONCE);
  let arriving = 0;
  let stopTicking = (): void => undefined;
  let stopListening = (): void => undefined;

  const write = (client: Client, text: string): void => {
    const { response } = client;
    if (response.destroyed || response.writableEnded) return;
    response.write(text);
    // What a slow reader has missed it gets when it comes back.
    if (response.writableLength > limits.bufferedBytes) response.destroy();
  };

  const announce = ({ id, namespace, text }: FeedEvent): void => {
    const numbered = `id: ${id}\n${text}`;
    for (const client of clients)
      if (sees(client, namespace)) write(client, client.isComplete ? numbered : text);
  };

  /** Who asks and what they see; a failure of the asking is a refusal too. */
  const judge = async (caller: Caller): Promise<Result<ReadonlySet<string> | undefined, Problem>> => {
    try {
      const identity = await options.authenticator.authenticate(caller);
      if (!identity.ok) return identity;
      const may = (right: Parameters<Parameters<typeof visibleNamespaces>[0]>[0]) =>
        options.authorizer.authorize({ ...right, identity: identity.value });
      return await visibleNamespaces(may, options.namespaces);
    } catch (error) {
      log.warn({ error }, 'access to the stream cannot be judged just now');
      const detail = 'It could not be told who you are or what you may see.';
      return { ok: false, error: options.explain(error) ?? problem('HW_INTERNAL', detail) };
    }
  };

  const recheck = async (client: Client): Promise<void> => {
    client.checkedAtMs = clock.elapsed();
    const visible = await judge(client.caller);
    // Whoever may see more or less than before, or nothing, starts anew: the browser asks again by itself.
    const isSame = visible.ok && isSameSet(visible.value, client.visible);
    const isUnknown = !visible.ok && PROBLEMS[visible.error.code].status >= 500;
    if (!isSame && !isUnknown) client.response.end();
  };

  const tick = (): void => {
    for (const client of clients) {
      write(client, ': keep-alive\n\n');
      if (clock.elapsed() - client.checkedAtMs >= RECHECK_MS) void recheckLimit(() => recheck(client));
    }
    stopTicking = clock.after(KEEP_ALIVE_MS, tick);
  };

  const remove = (client: Client): void => {
    if (!clients.delete(client)) return;
    options.onCount?.(clients.size);
    if (clients.size > 0) return;
    stopTicking();
    stopListening();
  };

  const add = (client: Client): void => {
    if (clients.size === 0) {
      stopListening = feed.listen(announce);
      stopTicking = clock.after(KEEP_ALIVE_MS, tick);
    }
    clients.add(client);
    options.onCount?.(clients.size);
    client.response.once('close', () => remove(client));
  };

  const catchUp = async (client: Client, { lastEventId, skipsInitial }: Wish): Promise<void> => {
    const startId = feed.lastId;
    const missed = lastEventId === undefined ? undefined : feed.since(lastEventId);
    if (missed === undefined) write(client, 'event: refresh\ndata: Watch initialized\n\n');
    let count = 0;
    for (const { namespace, text } of missed ?? (skipsInitial ? [] : feed.all())) {
      if (!clients.has(client)) return;
      if (sees(client, namespace)) write(client, text);
      count += 1;
      if (count % TURN_EVERY === 0) await nextTurn();
      if (client.response.writableNeedDrain) await untilDrained(client.response);
    }
    write(client, `id: ${startId}\nevent: init-done\ndata: Initial watch sync completed\n\n`);
    client.isComplete = true;
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const caller: Caller = {
      headers: headersOf(incoming),
      rawHeaders: incoming.rawHeaders,
      remoteAddress: incoming.socket.remoteAddress,
    };
    const visible = await judge(caller);
    if (response.destroyed) return;
    if (!visible.ok) {
      options.onRefused?.(visible.error.code);
      return refuse(response, visible.error);
    }
    response.writeHead(200, HEADERS);
    const client: Client = {
      response,
      caller,
      visible: visible.value,
      checkedAtMs: clock.elapsed(),
      isComplete: false,
    };
    add(client);
    await catchUp(client, {
      lastEventId: caller.headers.get('last-event-id') ?? undefined,
      skipsInitial: /[?&]initial=none(?:&|$)/.test(incoming.url ?? ''),
    });
  };

  return {
    handle(incoming, response) {
      if (incoming.method !== 'GET' || incoming.url?.split('?')[0] !== STREAM_PATH) return false;
      if (clients.size + arriving >= limits.clients) {
        const busy = problem('HW_BUSY', 'Too many pages are listening; try again.');
        options.onRefused?.(busy.code);
        refuse(response, retryAfter(BUSY_RETRY_SECONDS, busy));
        return true;
      }
      arriving += 1;
      serve(incoming, response)
        .catch((error: unknown) => {
          log.error({ error }, 'stream failed');
          response.destroy();
        })
        .finally(() => {
          arriving -= 1;
        });
      return true;
    },
    close() {
      for (const client of clients) client.response.end();
      stopTicking();
      stopListening();
      feed.close();
    },
  };
}

function sees({ visible }: Client, namespace: string): boolean {
  return visible === undefined || visible.has(namespace);
}

function isSameSet(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && a.isSubsetOf(b);
}

function headersOf({ headersDistinct }: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct))
    for (const value of values) headers.append(name, value);
  return headers;
}

function refuse(response: ServerResponse, refused: Problem): void {
  const { status } = PROBLEMS[refused.code];
  response.writeHead(status, {
    'content-type': PROBLEM_CONTENT_TYPE,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...refused.headers,
  });
  response.end(JSON.stringify(toProblemBody(refused, STREAM_PATH)));
}

function untilDrained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
    if (response.destroyed) done();
  });
}
