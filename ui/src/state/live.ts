import { createStore, type Store } from './store.ts';

/**
 * `live`: changes arrive as they happen. `polling`: they are looked for now and then, since they cannot arrive.
 * `off`: somebody switched it off.
 */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'polling' | 'offline' | 'off';

export interface Live {
  readonly state: Pick<Store<LiveState>, 'get' | 'subscribe'>;
  /** Told that something has changed, at most a few times a second. Answers the function that ends it. */
  onChange(listener: () => void): () => void;
  /** The promised auto-refresh: switched off, nothing moves on the page by itself. */
  setEnabled(enabled: boolean): void;
  stop(): void;
}

export interface LiveOptions {
  /** Opens the stream of server-sent events. */
  readonly open: () => EventSource;
  readonly enabled: boolean;
  /** How often to look where nothing arrives, in milliseconds. */
  readonly pollMs: () => number;
  /** Whether anybody can see the page. */
  readonly isVisible: () => boolean;
  readonly setTimer: (run: () => void, afterMs: number) => number;
  readonly clearTimer: (timer: number) => void;
}

const EVENTS = ['refresh', 'updated', 'deleted', 'init-done'];
const CHANGES = ['refresh', 'updated', 'deleted'];
/** Changes of one moment are told together. */
const BATCH_MS = 200;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

/** Keeps the stream of changes open, and looks for them now and then where it cannot be. */
export function createLive(options: LiveOptions): Live {
  const state = createStore<LiveState>(options.enabled ? 'connecting' : 'off');
  const listeners = new Set<() => void>();
  const timers = new Map<'batch' | 'retry' | 'poll', number>();
  let source: EventSource | undefined;
  let failures = 0;
  // Between the begin of a stream and `init-done` come the objects that are there already.
  let initialised = false;

  const after = (name: 'batch' | 'retry' | 'poll', afterMs: number, run: () => void): void => {
    if (timers.has(name)) return;
    const timer = options.setTimer(() => {
      timers.delete(name);
      run();
    }, afterMs);
    timers.set(name, timer);
  };
  const tell = (): void =>
    after('batch', BATCH_MS, () => {
      if (options.isVisible()) for (const listener of listeners) listener();
    });
  const poll = (): void =>
    after('poll', options.pollMs(), () => {
      if (state.get() === 'live' || state.get() === 'off') return;
      tell();
      poll();
    });
  const close = (): void => {
    source?.close();
    source = undefined;
    for (const timer of timers.values()) options.clearTimer(timer);
    timers.clear();
  };
  const connect = (): void => {
    initialised = false;
    const opened = options.open();
    source = opened;
    opened.addEventListener('open', () => {
      state.set('live');
      // What changed while nothing could arrive is not told again.
      if (failures > 0) tell();
      failures = 0;
    });
    for (const name of EVENTS) {
      opened.addEventListener(name, () => {
        if (name === 'init-done') initialised = true;
        else if (initialised && CHANGES.includes(name)) tell();
      });
    }
    opened.addEventListener('error', () => {
      if (source !== opened) return;
      opened.close();
      failures += 1;
      state.set(failures > 2 ? 'polling' : 'reconnecting');
      poll();
      after('retry', Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)), connect);
    });
  };

  if (options.enabled) connect();
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
      if (enabled) connect();
      if (enabled) tell();
    },
    stop: close,
  };
}
