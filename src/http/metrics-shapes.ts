import { z } from 'zod';

/** The shapes of what is told about Headwind's own metrics; the page takes its types from here. */

const Summary = {
  updates_pending: z.number(),
  updates_approved: z.number(),
  updates_rejected: z.number(),
  updates_applied: z.number(),
  updates_failed: z.number(),
  deployments_watched: z.number(),
  statefulsets_watched: z.number(),
  daemonsets_watched: z.number(),
  helm_releases_watched: z.number(),
};

/** `GET /api/v1/metrics`: both shapes that have been documented, in one object. */
export const MetricsSummaryShape = z.object({
  backend: z.enum(['Prometheus', 'VictoriaMetrics', 'InfluxDB', 'Live']),
  ...Summary,
  metrics: z.object(Summary),
});

/** `GET /api/v1/metrics/timeseries/{metric}`. */
export const TimeSeriesShape = z.array(z.object({ timestamp: z.string(), value: z.number() }));

const BackendShape = z.object({
  id: z.enum(['prometheus', 'victoriametrics', 'influxdb', 'live']),
  name: z.string(),
  url: z.string().optional(),
  why: z.string().describe('Why it is this one, in a sentence'),
  newestAt: z.string().describe('When it last got metrics of Headwind'),
  stale: z.boolean().describe('Whether that is so long ago that something is wrong'),
  since: z.string().optional().describe('Since when the process remembers, where it is the backend'),
  passedOver: z
    .array(z.object({ name: z.string(), url: z.string().optional(), problem: z.string() }))
    .readonly()
    .describe('Backends before it that could not be used; the problem follows their name'),
});

/** `GET /api/v1/dashboard/metrics`: all that the page draws, on common steps. */
export const DashboardMetricsShape = z.object({
  backend: BackendShape,
  range: z.string(),
  ranges: z.array(z.string()).readonly(),
  stepSeconds: z.number(),
  timestamps: z
    .array(z.number())
    .readonly()
    .describe('When each step begins, in milliseconds since the Unix epoch; the last one goes on'),
  current: z.record(z.string(), z.number()).describe('What is counted now'),
  series: z
    .record(z.string(), z.array(z.number().nullable()).readonly())
    .describe('By metric: what a counter grew by in each step, or what a gauge was; null: not known'),
});
export type DashboardMetrics = Readonly<z.infer<typeof DashboardMetricsShape>>;
