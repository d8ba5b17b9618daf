import type { Clock } from '../core/clock.ts';
import type { Result } from '../core/result.ts';
import { formatProblems, type ConfigProblem } from './problem.ts';

export interface WatchOptions<T extends { readonly version: string }> {
  /** What holds until something else is read. */
  readonly initial: T;
  /** Reads what is there now. */
  readonly read: () => Promise<Result<T, readonly ConfigProblem[]>>;
  readonly clock: Clock;
  /** Told of each new value that holds from now on. */
  readonly onReplaced?: (value: T) => void;
  /** Told once of each bad state that what is read gets into; the last good value goes on to hold. */
  readonly onBad?: (problems: readonly ConfigProblem[]) => void;
}

export interface Watched<T> {
  current(): T;
  stop(): void;
}

const LOOK_EVERY_MS = 2000;
const LOOK_AGAIN_MS = 300;

/**
 * Follows a part of the configuration that may change while the program runs. Looking is surer than being notified:
 * Kubernetes replaces mounted files by swapping a symbolic link above them. A change counts once two looks in a row have
 * seen the same, since a file may be half written, and it counts as a whole or not at all.
 */
export function watchConfiguration<T extends { readonly version: string }>(
  options: WatchOptions<T>,
): Watched<T> {
  const { clock } = options;
  let current = options.initial;
  // What the look before saw, where that is not what holds.
  let seen: string | undefined;
  let reported: string | undefined;
  let stopped = false;

  const judge = (read: Result<T, readonly ConfigProblem[]>): number => {
    const state = read.ok ? read.value.version : formatProblems(read.error).join('\n');
    const isSteady = state === seen;
    seen = state;
    if (read.ok && state === current.version) {
      reported = undefined;
      return LOOK_EVERY_MS;
    }
    if (!isSteady) return LOOK_AGAIN_MS;
    if (read.ok) {
      current = read.value;
      reported = undefined;
      options.onReplaced?.(current);
    } else if (state !== reported) {
      reported = state;
      options.onBad?.(read.error);
    }
    return LOOK_EVERY_MS;
  };
  const look = async (): Promise<void> => {
    const read = await options.read();
    if (!stopped) schedule(judge(read));
  };
  let cancel = (): void => undefined;
  const schedule = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => void look().catch(() => schedule(LOOK_EVERY_MS)));
  };
  schedule(LOOK_EVERY_MS);
  return {
    current: () => current,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
