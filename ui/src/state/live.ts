import { createStore, type Store } from './store.ts';

/**
 * `live`: changes arrive as they happen. `polling`: they are looked for now and then, since they cannot arrive.
 * `off`: somebody switched it off.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'off';

export interface Live {
  readonly state: Pick<Store<LiveState>, 'get' | 'subscribe'>;
  /** Told that something may have changed, at most every two seconds. Answers the function that ends it. */
  onChange(listener: () => void): () => void;
  /** The promised auto-refresh: switched off, nothing moves on the page by itself. */
  setEnabled(enabled: boolean): void;
  /** Somebody looks at the page again: what was not told meanwhile is told now. */
  seen(): void;
  stop(): void;
}

/** As much of an EventSource as is used. */
export type EventStream = Pick<EventSource, 'addEventListener' | 'close' | 'readyState'>;

export interface LiveOptions {
  /** Opens the stream of server-sent events: `GET /api/v1/events/updates?initial=none`. */
  readonly open: () => EventStream;
  readonly enabled: boolean;
  /**
   * How often to look in any case, in milliseconds: what does not come over the stream is seen so too, and everything
   * where there is no stream.
   */
  readonly pollMs: () => number;
  /** Whether anybody can see the page. */
  readonly isVisible: () => boolean;
  readonly setTimer: (run: () => void, afterMs: number) => number;
  readonly clearTimer: (timer: number) => void;
}

/** Changes of one moment are told together. */
const BATCH_MS = 200;
/** After that so long nothing is told: a burst of changes is not to be a burst of questions from every open page. */
const REST_MS = 2000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const CLOSED = 2;

type Timer = 'batch' | 'rest' | 'retry' | 'poll';

/** Keeps the stream of changes open, and looks for them now and then. */
export function createLive(options: LiveOptions): Live {
  const state = createStore<LiveState>(options.enabled ? 'connecting' : 'off');
  const listeners = new Set<() => void>();
  const timers = new Map<Timer, number>();
  let stream: EventStream | undefined;
  let failures = 0;
  // Whether something happened that the listeners have not been told of.
  let isOwed = false;
  // Whether the stream has told all that it begins with.
  let isInitialised = false;
  let wasLive = false;

  const after = (name: Timer, afterMs: number, run: () => void): void => {
    if (timers.has(name)) return;
    const timer = options.setTimer(() => {
      timers.delete(name);
      run();
    }, afterMs);
    timers.set(name, timer);
  };
  const settle = (): void => {
    if (!isOwed || !options.isVisible() || timers.has('rest')) return;
    after('batch', BATCH_MS, () => {
      isOwed = false;
      after('rest', REST_MS, settle);
      for (const listener of listeners) listener();
    });
  };
  const tell = (): void => {
    isOwed = true;
    settle();
  };
  const poll = (): void =>
    after('poll', options.pollMs(), () => {
      tell();
      poll();
    });
  const close = (): void => {
    stream?.close();
    stream = undefined;
    for (const timer of timers.values()) options.clearTimer(timer);
    timers.clear();
  };
  const retry = (): void => {
    after('retry', Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)), connect);
  };

  function connect(): void {
    const opened = options.open();
    stream = opened;
    isInitialised = false;
    const on = (name: string, run: () => void): void =>
      opened.addEventListener(name, () => {
        if (stream === opened) run();
      });
    on('refresh', () => {
      // The server knows nothing of what we have seen: it begins anew.
      isInitialised = false;
    });
    on('updated', () => {
      if (isInitialised) tell();
    });
    on('deleted', () => {
      if (isInitialised) tell();
    });
    on('init-done', () => {
      failures = 0;
      isInitialised = true;
      // What changed while nothing could arrive.
      if (wasLive) tell();
      wasLive = true;
      state.set('live');
    });
    opened.addEventListener('error', (event) => {
      if (stream !== opened) return;
      // A message that is called `error`: the server's watch broke off, and it begins anew by itself.
      if ('data' in event && event.data !== undefined) return;
      failures += 1;
      wasLive = true;
      state.set(failures > 2 ? 'polling' : 'reconnecting');
      // While it is only broken off the browser connects again by itself, and says where it was.
      if (opened.readyState !== CLOSED) return;
      opened.close();
      retry();
    });
  }

  const start = (): void => {
    connect();
    poll();
  };
  if (options.enabled) start();
  return {
    state,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    setEnabled(enabled) {
      if (enabled === (state.get() !== 'off')) return;
      close();
      failures = 0;
      state.set(enabled ? 'connecting' : 'off');
      if (!enabled) return;
      start();
      tell();
    },
    seen: settle,
    stop: close,
  };
}
