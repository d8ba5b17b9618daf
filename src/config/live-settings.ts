/** Where the dashboard's charts come from; `auto`: the first of them that answers. */
export const METRICS_BACKENDS = ['auto', 'prometheus', 'victoriametrics', 'influxdb', 'live'] as const;
export type MetricsBackend = (typeof METRICS_BACKENDS)[number];

/** Where the dashboard finds what happened over time. */
export interface ObservabilitySettings {
  readonly metricsBackend: MetricsBackend;
  /** URLs have no slash at the end. */
  readonly prometheus: { readonly enabled: boolean; readonly url: string };
  readonly victoriametrics: { readonly enabled: boolean; readonly url: string };
  readonly influxdb: {
    readonly enabled: boolean;
    readonly url: string;
    readonly org: string;
    readonly bucket: string;
    /** A secret. */
    readonly token: string | undefined;
  };
}

/** The three receivers of notifications that need no file; their URLs are secrets. */
export interface ReceiverSettings {
  readonly slack: {
    readonly enabled: boolean;
    readonly url: string | undefined;
    readonly channel: string | undefined;
    readonly username: string;
    readonly iconEmoji: string;
  };
  readonly teams: { readonly enabled: boolean; readonly url: string | undefined };
  readonly webhook: {
    readonly enabled: boolean;
    readonly url: string | undefined;
    /** The key of the signature. */
    readonly secret: string | undefined;
  };
}

/** What can be changed while Headwind runs; each change counts at once. */
export interface LiveSettings {
  readonly polling: { readonly enabled: boolean; readonly intervalMs: number };
  readonly helm: { readonly autoDiscovery: boolean };
  /** Whether this process acts at all. */
  readonly controllers: { readonly enabled: boolean };
  readonly notifications: ReceiverSettings;
  readonly observability: ObservabilitySettings;
  readonly dashboard: {
    /** How often the page looks for news where none can be sent to it. */
    readonly refreshIntervalMs: number;
    readonly maxItemsPerPage: number;
  };
}
