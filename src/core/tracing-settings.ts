export const TRACING_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type TracingSampler = (typeof TRACING_SAMPLERS)[number];

export const TRACING_PROTOCOLS = ['http/protobuf', 'http/json'] as const;
export type TracingProtocol = (typeof TRACING_PROTOCOLS)[number];

/** How traces are made and where they go. Times are in milliseconds. */
export interface TracingSettings {
  /** The address that traces are posted to. */
  readonly endpoint: string;
  readonly protocol: TracingProtocol;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMs: number;
  readonly serviceName: string;
  readonly resource: Readonly<Record<string, string>>;
  readonly sampler: TracingSampler;
  /** For the samplers that take a part: from 0 to 1. */
  readonly ratio: number;
  readonly queue: {
    readonly delayMs: number;
    readonly exportTimeoutMs: number;
    readonly maxSpans: number;
    readonly maxBatch: number;
  };
}
