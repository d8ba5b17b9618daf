import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createLive, type EventStream, type Live } from './live.ts';

/** A stream that a test plays. */
class Stream implements EventStream {
  readyState = 0;
  isClosed = false;
  readonly #listeners = new Map<string, ((event: Event) => void)[]>();

  addEventListener(name: string, listener: unknown): void {
    if (typeof listener !== 'function') throw new TypeError('only functions listen');
    const call = (event: Event): void => void Reflect.apply(listener, undefined, [event]);
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), call]);
  }

  close(): void {
    this.isClosed = true;
    this.readyState = 2;
  }

  send(name: string, data?: string): void {
    const event = data === undefined ? new Event(name) : new MessageEvent(name, { data });
    for (const listener of this.#listeners.get(name) ?? []) listener(event);
  }

  /** As the server does it: everything that is there already, then that this was all. */
  begin(): void {
    this.readyState = 1;
    this.send('refresh', 'Watch initialized');
    this.send('updated', '{}');
    this.send('init-done', 'Initial watch sync completed');
  }

  /** `for good`: refused; the browser does not try again. */
  fail(how: 'for good' | 'for now'): void {
    this.readyState = how === 'for good' ? 2 : 0;
    this.send('error');
  }
}

const POLL_MS = 30_000;
let streams: Stream[];
let told: number;
let isVisible: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  streams = [];
  told = 0;
  isVisible = true;
  return () => vi.useRealTimers();
});

function aLive(enabled = true): Live {
  const live = createLive({
    open() {
      const stream = new Stream();
      streams.push(stream);
      return stream;
    },
    enabled,
    pollMs: () => POLL_MS,
    isVisible: () => isVisible,
    setTimer: (run, afterMs) => Number(setTimeout(run, afterMs)),
    clearTimer: (timer) => clearTimeout(timer),
  });
  live.onChange(() => {
    told += 1;
  });
  return live;
}

function last(): Stream {
  const stream = streams.at(-1);
  if (stream === undefined) throw new Error('there is no stream');
  return stream;
}

describe('live changes', () => {
  it('are not told of what was there before', () => {
    const live = aLive();
    expect(live.state.get()).toBe('connecting');
    last().begin();
    vi.advanceTimersByTime(5000);
    expect([live.state.get(), told]).toEqual(['live', 0]);
  });

  it.each(['updated', 'deleted'])('are told when something is %s', (name) => {
    aLive();
    last().begin();
    last().send(name, '{}');
    vi.advanceTimersByTime(250);
    expect(told).toBe(1);
  });

  it('come together, and with rests between', () => {
    aLive();
    last().begin();
    for (let count = 0; count < 1000; count += 1) {
      last().send('updated', '{}');
      vi.advanceTimersByTime(10);
    }
    expect(told).toBe(5);
    vi.advanceTimersByTime(3000);
    expect(told).toBe(6);
  });

  it('are looked for now and then, whatever arrives', () => {
    aLive();
    last().begin();
    vi.advanceTimersByTime(3 * POLL_MS + 250);
    expect(told).toBe(3);
  });

  it('wait until somebody looks', () => {
    const live = aLive();
    last().begin();
    isVisible = false;
    last().send('updated', '{}');
    vi.advanceTimersByTime(60_000);
    expect(told).toBe(0);
    isVisible = true;
    live.seen();
    vi.advanceTimersByTime(250);
    expect(told).toBe(1);
  });
});

describe('where the stream breaks off', () => {
  it('the browser goes on by itself, and what was missed is told', () => {
    const live = aLive();
    last().begin();
    last().fail('for now');
    expect(live.state.get()).toBe('reconnecting');
    vi.advanceTimersByTime(4000);
    expect(streams).toHaveLength(1);
    last().send('init-done', '');
    vi.advanceTimersByTime(250);
    expect([live.state.get(), told]).toEqual(['live', 1]);
  });

  it('a refused one is tried again, less and less often, while it is polled', () => {
    const live = aLive();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const before = streams.length;
      last().fail('for good');
      let waitedMs = 0;
      for (; streams.length === before; waitedMs += 500) vi.advanceTimersByTime(500);
      waits.push(waitedMs);
    }
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(live.state.get()).toBe('polling');
    expect(told).toBeGreaterThan(1);
    last().begin();
    expect(live.state.get()).toBe('live');
  });

  it('a message of the name `error` breaks nothing off', () => {
    const live = aLive();
    last().begin();
    last().send('error', 'Watch error: gone');
    expect([live.state.get(), streams.length]).toEqual(['live', 1]);
  });
});

describe('switched off', () => {
  it('nothing is open and nothing is told', () => {
    const live = aLive();
    last().begin();
    live.setEnabled(false);
    expect([live.state.get(), last().isClosed]).toEqual(['off', true]);
    vi.advanceTimersByTime(5 * POLL_MS);
    expect(told).toBe(0);
  });

  it('from the start, nothing is opened before it is switched on', () => {
    const live = aLive(false);
    expect(streams).toHaveLength(0);
    live.setEnabled(true);
    last().begin();
    vi.advanceTimersByTime(250);
    expect([live.state.get(), told]).toEqual(['live', 1]);
  });
});
