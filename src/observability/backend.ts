import type { Queryable } from './queryable.ts';
import type { TimeWindow } from './ranges.ts';
import type { Samples, SampledSeries } from './samples.ts';

export type BackendId = 'prometheus' | 'victoriametrics' | 'influxdb' | 'live';

/** Where metrics come from. Every call throws a BackendError where they cannot be had. */
export interface Backend {
  readonly id: BackendId;
  /** As people call it. */
  readonly name: 'Prometheus' | 'VictoriaMetrics' | 'InfluxDB' | 'Live';
  /** Where it is; undefined for the process itself. */
  readonly url: string | undefined;
  /** When it last got metrics of Headwind, in milliseconds since the Unix epoch; undefined: not within the last day. */
  newest(): Promise<number | undefined>;
  /** What is known of these metrics over a window and a little before it. */
  sample(metrics: readonly Queryable[], window: TimeWindow): Promise<Samples>;
  /** The last value of each of their series. */
  latest(metrics: readonly Queryable[]): Promise<readonly SampledSeries[]>;
}

/** Why a backend gave nothing: a part of a sentence that begins with its name. It holds no secret. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
}

/** The metric that every Headwind has from its start on. */
export const SIGN_OF_LIFE = 'headwind_updates_pending';

/** When it was started, in seconds since the Unix epoch. Asked for with all that is asked over time. */
export const START_METRIC = 'headwind_start_time_seconds';
