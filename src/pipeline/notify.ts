import type { Clock } from '../core/clock.ts';
import { creditorsOf, firstOwed, noticesOf, withSettled } from '../core/notices.ts';
import { requestKey, type Notice, type UpdateRequest } from '../core/update-request.ts';
import type { Notification } from '../notifications/notification.ts';
import { createWorkQueue, type Outcome, type WorkFailure, type WorkQueue } from '../scheduling/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import { notificationOf, type Links } from './notification-of.ts';
import type { NoticeOutbox } from './outbox.ts';
import type { RequestStore } from './request-store.ts';
import { writeAsWork } from './write-as-work.ts';

export interface Notifier {
  /** The ids of the targets that take a notification. */
  targetsFor(notification: Notification): readonly string[];
  /** Resolves when it has arrived or was given up; rejects where it is to be brought again. */
  deliver(notification: Notification, target: string): Promise<'delivered' | 'dead'>;
  /** What has not been sent rejects: another replica is to send it. */
  recall(): void;
  /** Lets what is being sent end for a moment; what did not arrive rejects. */
  stop(): Promise<void>;
}

export interface NoticeSenderOptions {
  readonly requests: Pick<RequestStore, 'get' | 'all' | 'fetch' | 'forget' | 'writeStatus' | 'subscribe'>;
  readonly outbox: Pick<NoticeOutbox, 'saw' | 'forget' | 'pastUs'>;
  readonly notifier: Notifier;
  /** Whether this replica is the one that sends, at this very moment: it may have been stopped for a while. */
  readonly isLeading: () => boolean;
  readonly links: Links;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Told how many requests have something to tell that waits, whenever that changes. */
  readonly onDepth?: (depth: number) => void;
  readonly onFailure?: (failure: WorkFailure) => void;
}

export interface NoticeSender {
  /** Begins with what is still owed from before: call it once the requests are known. One replica sends. */
  start(): void;
  /** Sends nothing more, until `start` is called again. */
  pause(): void;
  /** Other targets are configured now: what is owed to one that is gone is dropped. */
  targetsChanged(): void;
  /** How many requests have something to tell this target. */
  waitingFor(target: string): number;
  /** Stops the notifier, and ends when all that it sent is written down. */
  stop(): Promise<void>;
}

/** A request that is about to be applied is left alone until it is: a note in it now would make that write fail. */
const QUIET_MS = 200;
/** So many requests tell one target at a time, so that a channel that can say several in one message has some. */
const AT_ONCE = 50;
const MAX_TRIES = 10;
const MAX_DEPARTED = 1000;
/** The queue of what concerns no target that there is. */
const STRAYS = '';

/**
 * Sends what requests owe, to each target in the order in which it happened, and writes down that it was sent. One
 * request tells one target one thing at a time; so after a kill that one may come again, with the same id, and nothing else.
 */
export function createNoticeSender(options: NoticeSenderOptions): NoticeSender {
  const { requests, outbox, notifier, isLeading, links, clock, random, log } = options;
  // By target. A request's key is in the queues of those it owes something.
  const queues = new Map<string, WorkQueue>();
  const depths = new Map<string, number>();
  // Deleted requests that still owe something, MAX_DEPARTED at most; what they have sent is recorded here alone.
  const departed = new Map<string, UpdateRequest>();
  // What has been sent or given up and could not be written down yet: never more than AT_ONCE for each target.
  const unrecorded = new Map<string, 'sent' | 'dropped'>();
  let sending = false;

  const known = (key: string): UpdateRequest | undefined => requests.get(key) ?? departed.get(key);

  const queueOf = (target: string): WorkQueue => {
    const existing = queues.get(target);
    if (existing !== undefined) return existing;
    const queue = createWorkQueue({
      name: 'notifications',
      handle: (key) => (target === STRAYS ? settleStrays(key) : tell(key, target)),
      concurrency: AT_ONCE,
      clock,
      random,
      onError: options.onFailure,
      onDepth(depth) {
        depths.set(target, depth);
        options.onDepth?.(depths.values().reduce((sum, one) => sum + one, 0));
      },
    });
    queues.set(target, queue);
    return queue;
  };

  const takes = (request: UpdateRequest, notice: Notice, target: string): Notification | undefined => {
    const notification = notificationOf(request, notice, links);
    if (notification === undefined) return undefined;
    return notifier.targetsFor(notification).includes(target) ? notification : undefined;
  };

  /** Has everybody told whom the request owes something. Names of targets may be anything: only real ones get a queue. */
  const enqueue = (request: UpdateRequest): void => {
    const key = requestKey(request);
    for (const target of creditorsOf(request)) {
      const notice = firstOwed(request, target);
      const isReal = notice !== undefined && takes(request, notice, target) !== undefined;
      queueOf(isReal ? target : STRAYS).addAfter(key, QUIET_MS);
    }
  };

  async function tell(key: string, target: string): Promise<Outcome> {
    for (;;) {
      const request = known(key);
      const notice = request === undefined ? undefined : firstOwed(request, target);
      if (!sending || !isLeading() || request === undefined || notice === undefined) return { kind: 'done' };
      const as = await outcomeOf(request, notice, target);
      await record(key, { event: notice.event, target, as });
      unrecorded.delete(idOf(request, notice, target));
    }
  }

  async function outcomeOf(
    request: UpdateRequest,
    notice: Notice,
    target: string,
  ): Promise<'sent' | 'dropped'> {
    const id = idOf(request, notice, target);
    const before = unrecorded.get(id);
    if (before !== undefined) return before;
    const notification = takes(request, notice, target);
    if (notification === undefined) {
      const { namespace, name } = request.metadata;
      const fields = { namespace, request: name, event: notice.event, target };
      log.info(fields, 'notification dropped: no such target takes it');
      return 'dropped';
    }
    const as = (await notifier.deliver(notification, target)) === 'delivered' ? 'sent' : 'dropped';
    unrecorded.set(id, as);
    return as;
  }

  async function record(key: string, settled: Parameters<typeof withSettled>[1]): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const request = known(key);
      if (request === undefined) return;
      const status = withSettled(request, settled);
      if (departed.get(key) === request) {
        depart(key, { ...request, status });
        return;
      }
      const written = await requests.writeStatus(request, status);
      if (written.ok) return;
      if (written.error === 'gone') requests.forget(request);
      else await requests.fetch(request.metadata.namespace, request.metadata.name);
    }
    throw new Error('the request keeps changing');
  }

  function depart(key: string, request: UpdateRequest): void {
    departed.delete(key);
    if (creditorsOf(request).size === 0) return;
    if (departed.size < MAX_DEPARTED) departed.set(key, request);
    else log.warn({ request: key }, 'request is gone with notifications that nobody got');
  }

  /** What is owed to nobody that there is, and decisions that were made past Headwind. */
  async function settleStrays(key: string): Promise<Outcome> {
    const request = known(key);
    if (!sending || request === undefined) return { kind: 'done' };
    for (const target of creditorsOf(request)) {
      const notice = firstOwed(request, target);
      if (notice !== undefined && takes(request, notice, target) === undefined) await tell(key, target);
    }
    const standing = requests.get(key);
    const status = standing === undefined ? undefined : outbox.pastUs(standing);
    if (standing === undefined || status === undefined) return { kind: 'done' };
    return writeAsWork(requests, { request: standing, status, againAfterMs: QUIET_MS });
  }

  const unsubscribe = requests.subscribe((request, event, before) => {
    const key = requestKey(request);
    if (event === 'removed') {
      outbox.forget(request.metadata.uid);
      if (sending) depart(key, request);
      return;
    }
    departed.delete(key);
    // Who does not send keeps in mind what it saw, for the case that it has to.
    const isToWrite = outbox.saw(before, request);
    if (!sending) return;
    if (isToWrite) queueOf(STRAYS).addAfter(key, QUIET_MS);
    enqueue(request);
  });

  return {
    start() {
      sending = true;
      const all = [...requests.all()];
      for (const request of all)
        if (outbox.pastUs(request) !== undefined) queueOf(STRAYS).add(requestKey(request));
      const indebted = all.filter((request) => creditorsOf(request).size > 0);
      for (const request of indebted.sort((a, b) => firstTime(a) - firstTime(b))) enqueue(request);
    },
    pause() {
      sending = false;
      notifier.recall();
    },
    targetsChanged() {
      if (!sending) return;
      for (const request of [...requests.all(), ...departed.values()]) enqueue(request);
    },
    waitingFor: (target) => queues.get(target)?.size ?? 0,
    async stop() {
      sending = false;
      unsubscribe();
      await Promise.all([notifier.stop(), ...queues.values().map((queue) => queue.stop())]);
    },
  };
}

function idOf({ metadata }: UpdateRequest, { event }: Notice, target: string): string {
  return `${target} ${metadata.uid}.${event}`;
}

function firstTime(request: UpdateRequest): number {
  const first = noticesOf(request).find(({ owed = [] }) => owed.length > 0);
  return first === undefined ? 0 : Date.parse(first.at);
}
