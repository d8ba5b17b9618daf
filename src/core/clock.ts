/** The time, as an argument: nothing in Headwind reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as the machine's clock has it: for what is compared with times that are written somewhere. */
  now(): number;
  /**
   * Milliseconds of a clock that only ever goes forward, at an even pace, whatever is done to the machine's: for lengths of
   * time while the program runs. It says nothing about the time of day.
   */
  elapsed(): number;
  /** Calls `run` once after `delayMs` milliseconds; the returned function takes it back. */
  after(delayMs: number, run: () => void): () => void;
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes its timestamps. */
export function toTimestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
