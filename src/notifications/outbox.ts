import type { Clock } from '../core/clock.ts';
import { channelOf } from './channels.ts';
import type { Verdict } from './message.ts';
import { requestOf, type Notification } from './notification.ts';
import { delayAfter } from './pace.ts';
import { createRecentIds } from './recent-ids.ts';
import type { Target } from './target.ts';

/** What became of a notification: it has arrived, or it was given up. */
export type DeliveryOutcome = 'delivered' | 'dead';

/** Thrown to whoever brings more than an outbox holds: to be brought again later, in the same order. */
export class OutboxFullError extends Error {
  override readonly name = 'OutboxFullError';
}

/** Thrown for what was not delivered when Headwind stopped: it is still owed. */
export class NotifierStoppedError extends Error {
  override readonly name = 'NotifierStoppedError';
}

/** Thrown for what was taken back before it was sent: it is owed as before, and another process may be about to send it. */
export class NotificationRecalledError extends Error {
  override readonly name = 'NotificationRecalledError';
}

type Batch = readonly [Notification, ...Notification[]];

export interface OutboxOptions {
  readonly target: Target;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether it is ours to send, at this very moment; asked before each try. */
  readonly maySend: () => boolean;
  /** One try; must not throw. */
  readonly send: (target: Target, batch: Batch, signal: AbortSignal) => Promise<Verdict>;
  readonly onDelivered: (target: Target, notification: Notification) => void;
  readonly onDead: (target: Target, notification: Notification, why: Given) => void;
  /** The first failure after a success, and the first success after a failure. */
  readonly onTrouble: (target: Target, reason: string) => void;
  readonly onRecovered: (target: Target) => void;
}

/** Why something was given up. */
export interface Given {
  readonly reason: string;
  readonly attempts: number;
}

export interface OutboxState {
  readonly waiting: number;
  /** Tries since the last one that succeeded. */
  readonly failures: number;
  /** Why the last one failed; absent if none has since. */
  readonly trouble?: string | undefined;
}

interface Entry {
  readonly notification: Notification;
  readonly request: string;
  readonly acceptedMs: number;
  readonly settled: PromiseWithResolvers<DeliveryOutcome>;
  attempts: number;
  notBeforeMs: number;
  inFlight: boolean;
  /** Somebody else is to send it, unless the try that runs succeeds. */
  recalled: boolean;
  /** It was refused in a group: now it goes for itself, so that the others need not suffer with it. */
  alone: boolean;
}

const MAX_WAITING = 1000;
const MAX_REMEMBERED = 2000;
/** Up to so many are sent one by one; more become a group, where the channel has groups. */
const GROUP_ABOVE = 5;
const STOP_GRACE_MS = 3000;

/**
 * What waits for one target. Notifications of one request go out one after the other, in the order in which they came;
 * those of others pass them while they wait for another try. While the target fails, one try at a time asks whether it
 * is back.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #waiting = new Map<string, Entry>();
  readonly #arrived = createRecentIds(MAX_REMEMBERED);
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #target: Target;
  /** No try begins before: the target's rate, or its wish, or a pause after failures. */
  #notBeforeMs = 0;
  #failures = 0;
  #lastFailureMs = 0;
  #trouble: string | undefined;
  #ended: 'stopped' | 'removed' | undefined;
  #cancelTimer = (): void => undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#target = options.target;
    // Whoever ran before may have sent something this very moment, and a new program cannot know.
    if (channelOf(options.target).parallel === 1)
      this.#notBeforeMs = options.clock.elapsed() + 1000 / options.target.perSecond;
  }

  get state(): OutboxState {
    return { waiting: this.#waiting.size, failures: this.#failures, trouble: this.#trouble };
  }

  /**
   * Takes a notification and resolves when its fate is known. One that waits here already, or has just arrived, is not
   * sent again. Rejects with OutboxFullError, NotifierStoppedError or NotificationRecalledError.
   */
  async add(notification: Notification): Promise<DeliveryOutcome> {
    if (this.#ended !== undefined) throw new NotifierStoppedError('notifications have been stopped');
    if (this.#arrived.has(notification.id)) return 'delivered';
    const known = this.#waiting.get(notification.id);
    if (known !== undefined) return known.settled.promise;
    if (this.#waiting.size >= MAX_WAITING)
      throw new OutboxFullError(`${MAX_WAITING} notifications wait for ${this.#target.id} already`);
    const entry: Entry = {
      notification,
      request: requestOf(notification),
      acceptedMs: this.#options.clock.elapsed(),
      settled: Promise.withResolvers(),
      attempts: 0,
      notBeforeMs: 0,
      inFlight: false,
      recalled: false,
      alone: false,
    };
    this.#waiting.set(notification.id, entry);
    this.#scheduleIn(0);
    return entry.settled.promise;
  }

  /** From now on the target is reached so; what waits is tried at once. */
  update(target: Target): void {
    this.#target = target;
    this.#failures = 0;
    this.#notBeforeMs = 0;
    for (const entry of this.#waiting.values()) entry.notBeforeMs = 0;
    this.#scheduleIn(0);
  }

  /** The target is no more: what waits is given up. */
  remove(): void {
    this.#end('removed');
    const given = { reason: 'the target is no longer configured' };
    for (const entry of this.#waiting.values()) {
      if (!entry.inFlight) this.#bury(entry, given.reason);
    }
  }

  /** What waits is somebody else's to send from now on, and rejects; what is on its way may arrive. */
  recall(): void {
    for (const entry of this.#waiting.values()) {
      entry.recalled = true;
      if (!entry.inFlight) this.#giveBack(entry);
    }
  }

  /** Lets running tries end, for a moment; what is not delivered then rejects and stays owed. */
  async stop(): Promise<void> {
    this.#end('stopped');
    const running = Promise.allSettled(this.#running);
    const stopTimer = this.#options.clock.after(STOP_GRACE_MS, () => this.#abort.abort());
    await running;
    stopTimer();
    for (const entry of this.#waiting.values())
      entry.settled.reject(new NotifierStoppedError('Headwind is stopping'));
    this.#waiting.clear();
  }

  #end(how: 'stopped' | 'removed'): void {
    this.#ended = how;
    this.#cancelTimer();
    // Nobody may wait for what rejects.
    for (const { settled } of this.#waiting.values()) settled.promise.catch(() => undefined);
  }

  #scheduleIn(delayMs: number): void {
    if (this.#ended !== undefined) return;
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(Math.max(0, delayMs), () => this.#pump());
  }

  #pump(): void {
    const now = this.#options.clock.elapsed();
    const parallel = this.#failures > 0 ? 1 : channelOf(this.#target).parallel;
    if (this.#ended !== undefined || this.#running.size >= parallel) return;
    if (!this.#options.maySend()) this.recall();
    const { batch, nextMs } = this.#choose(now);
    if (batch.length === 0) {
      if (nextMs !== undefined) this.#scheduleIn(Math.max(nextMs, this.#notBeforeMs) - now);
      return;
    }
    if (now < this.#notBeforeMs) {
      this.#scheduleIn(this.#notBeforeMs - now);
      return;
    }
    const run = this.#try(batch, now);
    this.#running.add(run);
    void run.finally(() => {
      this.#running.delete(run);
      for (const entry of batch) if (entry.recalled) this.#giveBack(entry);
      this.#pump();
    });
    this.#pump();
  }

  /**
   * What goes next: the first that may, or a group. What has failed less often goes before, so that one that always
   * fails holds nobody up. `nextMs`: when something may, if nothing does now.
   */
  #choose(now: number): { readonly batch: readonly Entry[]; readonly nextMs: number | undefined } {
    const { groupsUpTo } = channelOf(this.#target);
    const heads = this.#heads();
    const due = heads.filter(({ notBeforeMs }) => notBeforeMs <= now);
    if (due.length === 0) {
      const times = heads.map(({ notBeforeMs }) => notBeforeMs);
      return { batch: [], nextMs: times.length === 0 ? undefined : Math.min(...times) };
    }
    const least = Math.min(...due.map(({ attempts }) => attempts));
    const first = due.find(({ attempts }) => attempts === least);
    const going = new Set(
      due.filter(({ attempts, alone }) => attempts === least && !alone).map(requestOfEntry),
    );
    const ready: Entry[] = [];
    for (const entry of this.#waiting.values()) {
      if (entry.alone) going.delete(entry.request);
      if (going.has(entry.request)) ready.push(entry);
    }
    const isGroup = groupsUpTo > 1 && ready.length > GROUP_ABOVE && first?.alone === false;
    return {
      batch: isGroup ? ready.slice(0, groupsUpTo) : first === undefined ? [] : [first],
      nextMs: undefined,
    };
  }

  /** The first of each request, where none of it is under way. */
  #heads(): readonly Entry[] {
    const heads = new Map<string, Entry>();
    for (const entry of this.#waiting.values()) {
      if (!heads.has(entry.request)) heads.set(entry.request, entry);
    }
    return [...heads.values()].filter(({ inFlight }) => !inFlight);
  }

  async #try(batch: readonly Entry[], startedMs: number): Promise<void> {
    const { clock, send } = this.#options;
    const target = this.#target;
    const [first, ...others] = batch.map(({ notification }) => notification);
    if (first === undefined) return;
    const intervalMs = 1000 / target.perSecond;
    this.#notBeforeMs = startedMs + intervalMs;
    for (const entry of batch) entry.inFlight = true;
    const verdict = await send(target, [first, ...others], this.#abort.signal);
    const now = clock.elapsed();
    // What left together may arrive closer together: where one goes at a time, the pause counts from the answer.
    if (channelOf(target).parallel === 1) this.#notBeforeMs = Math.max(this.#notBeforeMs, now + intervalMs);
    for (const entry of batch) entry.inFlight = false;
    if (verdict.outcome === 'delivered') this.#delivered(batch);
    else if (verdict.outcome === 'later') this.#postpone(batch, verdict, startedMs);
    else if (verdict.isAboutMessage && batch.length > 1) for (const entry of batch) entry.alone = true;
    else for (const entry of batch) this.#bury(entry, verdict.reason);
  }

  /** Where its fate is known already, nothing happens. */
  #giveBack({ notification, settled }: Entry): void {
    if (!this.#waiting.delete(notification.id)) return;
    // Nobody may wait for what rejects.
    settled.promise.catch(() => undefined);
    settled.reject(new NotificationRecalledError('another process is to send it'));
  }

  #delivered(batch: readonly Entry[]): void {
    if (this.#failures > 0) this.#options.onRecovered(this.#target);
    this.#failures = 0;
    this.#trouble = undefined;
    for (const { notification, settled } of batch) {
      this.#waiting.delete(notification.id);
      this.#arrived.add(notification.id);
      settled.resolve('delivered');
      this.#options.onDelivered(this.#target, notification);
    }
  }

  #postpone(
    batch: readonly Entry[],
    { reason, retryAfterMs = 0 }: Extract<Verdict, { outcome: 'later' }>,
    startedMs: number,
  ): void {
    const { clock, random } = this.#options;
    const { maxRetries } = this.#target;
    const now = clock.elapsed();
    // It was broken off, which says nothing about the target.
    if (this.#ended === 'stopped') return;
    if (this.#failures === 0) this.#options.onTrouble(this.#target, reason);
    // Several tries that failed at the same time are one failure of the target.
    if (this.#failures === 0 || startedMs >= this.#lastFailureMs) this.#failures += 1;
    this.#lastFailureMs = now;
    this.#trouble = reason;
    const pauseMs = Math.max(delayAfter(this.#failures, maxRetries, random), retryAfterMs);
    this.#notBeforeMs = Math.max(this.#notBeforeMs, now + pauseMs);
    for (const entry of batch) {
      entry.attempts += 1;
      entry.notBeforeMs = now + delayAfter(entry.attempts, maxRetries, random);
    }
    for (const entry of this.#waiting.values()) {
      if (!entry.inFlight && this.#isOver(entry, now)) this.#bury(entry, reason);
    }
  }

  /** Whether the time to try is over. Where the target itself is away, its failures count for all that wait. */
  #isOver({ acceptedMs, attempts }: Entry, now: number): boolean {
    if (this.#ended === 'removed') return true;
    const { retryForMs, maxRetries } = this.#target;
    return now - acceptedMs >= retryForMs && Math.max(attempts, this.#failures) > maxRetries;
  }

  #bury({ notification, attempts, settled }: Entry, reason: string): void {
    this.#waiting.delete(notification.id);
    settled.resolve('dead');
    this.#options.onDead(this.#target, notification, { reason, attempts });
  }
}

function requestOfEntry({ request }: Entry): string {
  return request;
}
