import type { Health, LabelledCounter, Log } from './dependencies.ts';
import { createEdge, sealRoutes, type EdgeApp } from './edge.ts';
import { mountHealth } from './health.ts';

export interface MetricsDependencies {
  readonly metrics: {
    readonly registry: { readonly contentType: string; metrics(): Promise<string> };
    readonly httpRejectedTotal: LabelledCounter<'server' | 'reason'>;
    /** 1 while this replica can serve, else 0. */
    readonly ready: { set(value: number): void };
  };
  readonly health: Health;
  readonly log: Log;
}

/** The metrics server (9090): `GET /metrics` in the Prometheus text format. */
export function createMetricsApp({ metrics, health, log }: MetricsDependencies): EdgeApp {
  const app = createEdge({ server: 'metrics', log, metrics });
  app.get('/metrics', async (c) => {
    metrics.ready.set(health.ready().ok ? 1 : 0);
    const text = await metrics.registry.metrics();
    return c.body(text, 200, { 'content-type': metrics.registry.contentType });
  });
  mountHealth(app, health);
  return sealRoutes(app);
}
