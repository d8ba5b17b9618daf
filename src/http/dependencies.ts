/** What the servers need from other rooms, as narrow as they need it. */

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Counter {
  inc(by?: number): void;
}

/** A counter with labels; every value comes from a fixed list. */
export interface LabelledCounter<Label extends string> {
  /** Adds `by`, 1 if it is not given. */
  inc(labels: Record<Label, string>, by?: number): void;
}

export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence, where there is something to say. */
  readonly message?: string | undefined;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly checks: readonly HealthCheck[];
}

export interface Health {
  /** Whether the process works; if not, it should be restarted. */
  live(): HealthReport;
  /** Whether it can serve: caches synced, ports bound. */
  ready(): HealthReport;
}
