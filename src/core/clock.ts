/** The time, as an argument: nothing in Headwind reads the machine's clock by itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` once after `delayMs` milliseconds; the returned function takes it back. */
  after(delayMs: number, run: () => void): () => void;
}

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes its timestamps. */
export function toTimestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}
