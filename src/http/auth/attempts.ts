import { LRUCache } from 'lru-cache';
import { atMost } from '../../core/at-most.ts';
import type { Clock } from '../../core/clock.ts';

/** Counts sign-ins that failed, to slow down whoever tries tokens. */
export interface Attempts {
  /** 0, or after how many milliseconds one from this address may try again. */
  waitMs(address: string): number;
  failed(address: string): void;
}

interface Window {
  failures: number;
  readonly endsAtMs: number;
}

const WINDOW_MS = 60_000;
const MAX_PER_ADDRESS = 10;
const MAX_IN_ALL = 200;
const MAX_ADDRESSES = 10_000;
const ALL = 'all';

/** At most 10 failures a minute from one address (of IPv6: one /64), and 200 in all. */
export function createAttempts(clock: Pick<Clock, 'elapsed'>): Attempts {
  const windows = new LRUCache<string, Window>(atMost(MAX_ADDRESSES));
  let inAll: Window = { failures: 0, endsAtMs: 0 };

  const current = (key: string): Window | undefined => {
    const window = key === ALL ? inAll : windows.get(key);
    return window !== undefined && clock.elapsed() < window.endsAtMs ? window : undefined;
  };
  const count = (key: string): void => {
    const window = current(key) ?? { failures: 0, endsAtMs: clock.elapsed() + WINDOW_MS };
    window.failures += 1;
    if (key === ALL) inAll = window;
    else windows.set(key, window);
  };
  const waitFor = (key: string, most: number): number => {
    const window = current(key);
    return window !== undefined && window.failures >= most ? window.endsAtMs - clock.elapsed() : 0;
  };

  return {
    waitMs: (address) => Math.max(waitFor(networkOf(address), MAX_PER_ADDRESS), waitFor(ALL, MAX_IN_ALL)),
    failed(address) {
      count(networkOf(address));
      count(ALL);
    },
  };
}

/** One subscriber has a whole /64 of IPv6 addresses; `::` is where some of its parts are left out. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const parts = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const missing = 8 - parts.length - (tail === '' ? 0 : tail.split(':').length);
    parts.push(...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail.split(':'));
  }
  return parts.slice(0, 4).join(':');
}
