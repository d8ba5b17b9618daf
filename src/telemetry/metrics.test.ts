import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

/** The families that dashboards and alerts written for Headwind know: name and type. */
const PROMISED: readonly (readonly [string, string])[] = [
  ['headwind_webhook_events_total', 'counter'],
  ['headwind_webhook_events_processed', 'counter'],
  ['headwind_updates_pending', 'gauge'],
  ['headwind_updates_approved_total', 'counter'],
  ['headwind_updates_rejected_total', 'counter'],
  ['headwind_updates_applied_total', 'counter'],
  ['headwind_updates_failed_total', 'counter'],
  ['headwind_updates_skipped_interval_total', 'counter'],
  ['headwind_reconcile_duration_seconds', 'histogram'],
  ['headwind_reconcile_errors_total', 'counter'],
  ['headwind_deployments_watched', 'gauge'],
  ['headwind_statefulsets_watched', 'gauge'],
  ['headwind_daemonsets_watched', 'gauge'],
];

describe('the metrics', () => {
  it.each(PROMISED)('hold %s as a %s without labels, from the start', async (name, type) => {
    const text = await createMetrics().registry.metrics();
    expect(text).toContain(`# TYPE ${name} ${type}\n`);
    expect(text).toContain(type === 'histogram' ? `\n${name}_count 0\n` : `\n${name} 0\n`);
  });

  it('have the promised buckets for the time of a reconciliation', async () => {
    const text = await createMetrics().registry.metrics();
    const buckets = [...text.matchAll(/headwind_reconcile_duration_seconds_bucket\{le="([^"]+)"\}/g)].map(
      ([, le]) => le,
    );
    expect(buckets).toEqual(['0.01', '0.05', '0.1', '0.5', '1', '5', '10', '+Inf']);
  });

  it.each([
    'process_cpu_seconds_total',
    'process_start_time_seconds',
    'process_resident_memory_bytes',
    'process_open_fds',
    'nodejs_heap_size_used_bytes',
    'nodejs_eventloop_utilization',
  ])('hold the process metric %s', async (name) => {
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await createMetrics().registry.metrics())?.[1];
    expect(Number(value)).toBeGreaterThanOrEqual(0);
  });

  it('are written in the format that Prometheus reads', () => {
    expect(createMetrics().registry.contentType).toContain('text/plain; version=0.0.4');
  });

  it('count a label value that is not in the list as other', async () => {
    const metrics = createMetrics();
    metrics.decisionsTotal.inc({ outcome: 'paused' });
    metrics.decisionsTotal.inc({ outcome: 'made up' });
    metrics.kubernetesRequestsTotal.inc({ verb: 'get', code: '200' });
    metrics.kubernetesRequestsTotal.inc({ verb: 'BREW', code: '99999' });
    const text = await metrics.registry.metrics();
    expect(text).toContain('headwind_decisions_total{outcome="paused"} 1');
    expect(text).toContain('headwind_decisions_total{outcome="other"} 1');
    expect(text).toContain('headwind_kubernetes_requests_total{verb="get",code="200"} 1');
    expect(text).toContain('headwind_kubernetes_requests_total{verb="other",code="other"} 1');
  });

  it.each([
    'headwind_decisions_total{outcome="update"}',
    'headwind_decisions_total{outcome="registry-auth"}',
    'headwind_notifications_total{channel="slack",outcome="failed"}',
    'headwind_notifications_total{channel="webhook",outcome="sent"}',
  ])('hold %s from the start, so that its first event is an increase', async (series) => {
    expect(await createMetrics().registry.metrics()).toContain(`\n${series} 0\n`);
  });

  it('hold no series of labels whose values come from outside before they come', async () => {
    const text = await createMetrics().registry.metrics();
    expect(text).not.toMatch(/^headwind_(?:webhook|registry|kubernetes)_requests_total\{/m);
  });

  it('keep the number of series bounded whatever comes in', async () => {
    const metrics = createMetrics();
    for (let i = 0; i < 5000; i += 1) {
      metrics.webhookRequestsTotal.inc({ sender: `sender${i}`, outcome: `outcome${i}` });
      metrics.queueDepth.set({ queue: `queue${i}` }, i);
    }
    const text = await metrics.registry.metrics();
    expect(text.match(/^headwind_webhook_requests_total\{/gm)?.length).toBeLessThan(33 * 17);
    expect(text.match(/^headwind_queue_depth\{/gm)?.length).toBeLessThanOrEqual(17);
  });

  it('have a help text and a name that is used once', () => {
    const { described } = createMetrics();
    expect(new Set(described.map(({ name }) => name)).size).toBe(described.length);
    for (const { name, help } of described) {
      expect(name).toMatch(/^headwind_[a-z_]+$/);
      expect(help.length).toBeGreaterThan(10);
    }
  });
});
