import pLimit from 'p-limit';
import type { Clock } from '../../core/clock.ts';
import { NOTIFICATION_TYPE, type PushNotification } from '../registry/notification.ts';

const TRIES = 6;
const FIRST_PAUSE_MS = 250;
const TIMEOUT_MS = 15_000;
/** Deliveries at one time, and those that may wait; the rest is dropped and told. */
const AT_ONCE = 4;
const WAITING = 500;

export interface DeliveryOptions {
  /** The webhook, known once Headwind listens; until then nothing is delivered. */
  readonly url: () => string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A notification is given up. */
  readonly onLost: (notification: PushNotification, why: string) => void;
}

/** Posts notifications to a webhook as a registry does, and again after a while if that fails, six times at most. */
export function createDelivery(options: DeliveryOptions): (notification: PushNotification) => Promise<void> {
  const limit = pLimit(AT_ONCE);
  return async (notification) => {
    const url = options.url();
    if (url === undefined) return;
    if (limit.pendingCount >= WAITING) options.onLost(notification, 'too many notifications are waiting');
    else await limit(async () => deliver(notification, url, options));
  };
}

async function deliver(
  notification: PushNotification,
  url: string,
  { clock, signal, onLost }: DeliveryOptions,
): Promise<void> {
  let why = '';
  for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt += 1) {
    if (attempt > 0) await pause(clock, FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
    why = await post(notification, url, signal);
    if (why === '') return;
  }
  if (!signal.aborted) onLost(notification, why);
}

/** Answers why it failed, or an empty text. */
async function post(notification: PushNotification, url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': NOTIFICATION_TYPE },
      body: JSON.stringify(notification),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await response.text();
    return response.ok ? '' : `${response.status} ${text.slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = (): void => resolve(undefined);
  const cancel = clock.after(ms, wake);
  signal.addEventListener('abort', wake, { once: true });
  await promise;
  cancel();
  signal.removeEventListener('abort', wake);
}
