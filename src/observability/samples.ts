/** A value as it was at a moment, in milliseconds since the Unix epoch. */
export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** What was read of one time series: one metric of one process under one set of labels. */
export interface SampledSeries {
  readonly metric: string;
  /** Tells it apart from all others. */
  readonly key: string;
  /** Tells the processes apart that have the metric. */
  readonly process: string;
  /** Oldest first. */
  readonly points: readonly Point[];
}

export interface Samples {
  readonly series: readonly SampledSeries[];
  /** By process: when it had been started, as known at each of these moments. Empty where a backend cannot tell. */
  readonly starts: ReadonlyMap<string, readonly Point[]>;
}
