import type { Clock } from '../../src/core/clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Lets everything that is ready to run (promises, immediates, sockets) run before the test looks again. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A clock that stands still until a test moves it. Timers run in the order in which they fall due. */
export class FakeClock implements Clock {
  #now: number;
  #jumpedMs = 0;
  // Insertion order decides between timers that fall due together.
  readonly #timers = new Set<Timer>();

  /** `startMs`: milliseconds since the Unix epoch; without it, 2026-01-01T00:00:00Z. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now + this.#jumpedMs;
  }

  elapsed(): number {
    return this.#now;
  }

  /** Sets the time of day, by `ms` later or earlier, as somebody may do with a machine's: no timer notices. */
  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers are waiting: zero when something has stopped cleanly. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer falls due; undefined when none waits. */
  get nextInMs(): number | undefined {
    const next = this.#earliest();
    return next === undefined ? undefined : next.at - this.#now;
  }

  /** Moves the clock by `ms`, running each timer that falls due on the way and what it sets in motion. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#earliest(); next !== undefined && next.at <= end; next = this.#earliest()) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (earliest === undefined || timer.at < earliest.at) earliest = timer;
    }
    return earliest;
  }
}
