import { z } from 'zod';
import type { NotificationEvent } from '../../src/core/notification-event.ts';
import { requestKey, UpdateRequest } from '../../src/core/update-request.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';
import type { Notification } from '../../src/notifications/notification.ts';
import { createNoticeOutbox } from '../../src/pipeline/outbox.ts';
import { createNoticeSender, type NoticeSender } from '../../src/pipeline/notify.ts';
import { createRequestStore, type RequestStore } from '../../src/pipeline/request-store.ts';
import { createRecordingLog, type RecordingLog } from '../../src/telemetry/recording-log.ts';
import type { FakeClock } from './fake-clock.ts';

/** What outlives a process: UpdateRequests under optimistic locking. */
export interface RequestApi extends Pick<KubernetesClient, 'request'> {
  readonly requests: Map<string, UpdateRequest>;
  /** `METHOD path` of each write that was taken. */
  readonly writes: string[];
  /** Each further call fails so, until it is `undefined` again. */
  failWith: Error | undefined;
  /** Somebody else writes. */
  change(key: string, change: (request: UpdateRequest) => UpdateRequest): UpdateRequest;
}

const Call = z.object({
  metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
  status: z.record(z.string(), z.unknown()).optional(),
  spec: z.unknown().optional(),
});

/** An API server that knows UpdateRequests alone and answers at once. */
export function aRequestApi(): RequestApi {
  let version = 100;
  const put = (request: UpdateRequest): UpdateRequest => {
    version += 1;
    const metadata = { ...request.metadata, resourceVersion: String(version) };
    const stored = UpdateRequest.parse(structuredClone({ ...request, metadata }));
    api.requests.set(requestKey(stored), stored);
    return stored;
  };
  const refuse = (status: number, name: string): never => {
    throw new KubernetesError({
      status,
      reason: 'Refused',
      message: `${name}: ${status}`,
      details: { name },
    });
  };
  const create = (namespace: string, body: z.infer<typeof Call>): UpdateRequest => {
    const { name } = z.looseObject({ name: z.string() }).parse(body.metadata);
    if (api.requests.has(`${namespace}/${name}`)) refuse(409, name);
    const metadata = { ...body.metadata, namespace, uid: `uid-${version}`, resourceVersion: '' };
    const dated = { ...metadata, creationTimestamp: '2026-01-01T12:00:00Z' };
    return put(UpdateRequest.parse({ metadata: dated, spec: body.spec }));
  };
  const patch = (found: UpdateRequest, body: z.infer<typeof Call>): UpdateRequest => {
    const { resourceVersion, name } = found.metadata;
    if (body.metadata?.resourceVersion !== resourceVersion) refuse(409, name);
    return put(UpdateRequest.parse({ ...found, status: { ...found.status, ...body.status } }));
  };
  const api: RequestApi = {
    requests: new Map(),
    writes: [],
    failWith: undefined,
    change(key, change) {
      const found = api.requests.get(key);
      if (found === undefined) throw new Error(`there is no ${key}`);
      return put(change(found));
    },
    async request({ method, path, body }) {
      await Promise.resolve();
      if (api.failWith !== undefined) throw api.failWith;
      const [, namespace = '', name = ''] = /namespaces\/([^/]+)\/updaterequests\/?([^/]*)/.exec(path) ?? [];
      const call = Call.parse(JSON.parse(JSON.stringify(body ?? {})));
      const found = api.requests.get(`${namespace}/${name}`);
      if (method !== 'POST' && found === undefined) return refuse(404, name);
      if (method === 'GET' || found === undefined) return found ?? create(namespace, call);
      if (method === 'DELETE') return api.requests.delete(`${namespace}/${name}`);
      const answer = patch(found, call);
      api.writes.push(`${method} ${name}`);
      return answer;
    },
  };
  return api;
}

/** What has arrived, over all processes. */
export interface Receiver {
  /** By target: ids, in the order in which they arrived. */
  readonly arrived: Map<string, Notification[]>;
  /** While false, nothing arrives: what is brought waits. */
  up: boolean;
  /** Each further one is given up. */
  refuses: boolean;
  /** Lets what waits arrive. */
  release(): void;
  /** The process that brings them ends; of what was on its way, what `arrives` says still does. */
  kill(arrives: boolean): void;
}

interface Waiting {
  readonly target: string;
  readonly notification: Notification;
  readonly resolve: (outcome: 'delivered' | 'dead') => void;
  readonly reject: (error: Error) => void;
}

/** Targets by id with the events that they take (none: all), and the notifier that reaches them. */
export function aReceiver(targets: Map<string, readonly NotificationEvent[]>): {
  readonly receiver: Receiver;
  readonly notifier: Parameters<typeof createNoticeSender>[0]['notifier'];
} {
  let waiting: Waiting[] = [];
  const arrive = ({ target, notification }: Waiting): void => {
    receiver.arrived.set(target, [...(receiver.arrived.get(target) ?? []), notification]);
  };
  const receiver: Receiver = {
    arrived: new Map(),
    up: true,
    refuses: false,
    release() {
      receiver.up = true;
      for (const one of waiting.splice(0)) {
        arrive(one);
        one.resolve('delivered');
      }
    },
    kill(arrives) {
      if (arrives) for (const one of waiting) arrive(one);
      waiting = [];
    },
  };
  const notifier = {
    targetsFor: ({ event }: Notification) =>
      [...targets].flatMap(([id, events]) => (events.length === 0 || events.includes(event) ? [id] : [])),
    deliver: async (notification: Notification, target: string) => {
      await Promise.resolve();
      if (!targets.has(target) || receiver.refuses) return 'dead' as const;
      const { promise, resolve, reject } = Promise.withResolvers<'delivered' | 'dead'>();
      waiting.push({ target, notification, resolve, reject });
      if (receiver.up) receiver.release();
      return promise;
    },
    recall() {
      for (const { reject } of waiting.splice(0)) reject(new Error('recalled'));
    },
    stop: () => Promise.resolve(),
  };
  return { receiver, notifier };
}

/** One process: the requests it knows, and its sender. */
export interface Replica {
  readonly store: RequestStore;
  readonly sender: NoticeSender;
  readonly log: RecordingLog;
  /** Ends it at once: none of its calls reaches anybody any more. */
  kill(): void;
}

/** Starts a process, which lists what is there. */
export function aReplica(options: {
  readonly api: RequestApi;
  readonly notifier: Parameters<typeof createNoticeSender>[0]['notifier'];
  readonly clock: FakeClock;
  readonly acts?: boolean;
  readonly isLeading?: () => boolean;
}): Replica {
  const { api, notifier, clock } = options;
  let alive = true;
  const unlessDead = <A extends readonly unknown[], R>(run: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const answer = alive ? await run(...args) : undefined;
      // A call that was under way has happened, but its answer reaches nobody.
      return alive && answer !== undefined ? answer : new Promise<R>(() => {});
    };
  };
  const log = createRecordingLog();
  const links = { apiUrl: 'http://api', uiUrl: 'http://ui' };
  const outbox = createNoticeOutbox({
    targetsFor: (notification) => notifier.targetsFor(notification),
    links,
    clock,
  });
  const store = createRequestStore({ request: unlessDead((call) => api.request(call)) }, { outbox });
  const sender = createNoticeSender({
    requests: store,
    outbox,
    notifier: {
      ...notifier,
      deliver: unlessDead((notification: Notification, target: string) =>
        notifier.deliver(notification, target),
      ),
    },
    isLeading: options.isLeading ?? ((): boolean => true),
    links,
    clock,
    random: () => 0.5,
    log: log.target('test'),
  });
  for (const request of api.requests.values()) store.observe(request);
  if (options.acts !== false) sender.start();
  return {
    store,
    sender,
    log,
    kill() {
      alive = false;
    },
  };
}
