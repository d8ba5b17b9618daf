import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { readMetricValues } from '../telemetry/metric-values.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createLiveMetrics, type LiveMetrics } from './live.ts';
import { queryables, type Queryable } from './queryable.ts';
import { windowOf } from './ranges.ts';
import { toSteps, type StepValues } from './series.ts';

interface World {
  readonly clock: FakeClock;
  readonly metrics: Metrics;
  readonly live: LiveMetrics;
  readonly errors: unknown[];
  readonly over: (name: string, range?: '1h' | '6h' | '24h') => Promise<StepValues>;
}

function aProcess(read?: () => Promise<ReadonlyMap<string, number>>): World {
  const clock = new FakeClock(Date.UTC(2026, 0, 2, 12, 0, 0));
  const metrics = createMetrics();
  const known = queryables(metrics.described);
  const families = metrics.described.map(({ name }) => name);
  const errors: unknown[] = [];
  const live = createLiveMetrics({
    read: read ?? (() => readMetricValues(metrics.registry, families)),
    names: [...known.keys()],
    clock,
    onError: (error) => errors.push(error),
  });
  const pick = (name: string): Queryable => known.get(name) ?? { name, kind: 'gauge', across: 'sum' };
  return {
    clock,
    metrics,
    live,
    errors,
    async over(name, range = '1h') {
      const window = windowOf(range, clock.now());
      return toSteps(pick(name), await live.backend.sample([pick(name)], window), window);
    },
  };
}

describe('what the process remembers of its metrics', () => {
  it('is enough for charts, and ends with what is so now', async () => {
    const { clock, metrics, live, over } = aProcess();
    live.start();
    metrics.updatesAppliedTotal.inc(2);
    metrics.decisionsTotal.inc({ outcome: 'update' }, 3);
    metrics.decisionsTotal.inc({ outcome: 'policy' });
    await clock.advance(120_000);
    metrics.updatesAppliedTotal.inc();
    metrics.updatesPending.set(4);
    await clock.advance(10_000);
    const applied = await over('headwind_updates_applied_total');
    expect(applied.slice(-4)).toEqual([2, 0, 0, 1]);
    expect((await over('headwind_decisions_total')).slice(-4)).toEqual([4, 0, 0, 0]);
    expect((await over('headwind_updates_pending')).at(-1)).toBe(4);
    expect(applied[0]).toBeNull();
    expect(live.since()).toBe(Date.UTC(2026, 0, 2, 12, 0, 0));
    live.stop();
  });

  it('holds the sum and the count of histograms', async () => {
    const { clock, metrics, live, over } = aProcess();
    live.start();
    await clock.advance(30_000);
    metrics.reconcileDurationSeconds.observe(0.5);
    metrics.reconcileDurationSeconds.observe(1.5);
    await clock.advance(1000);
    expect((await over('headwind_reconcile_duration_seconds_sum')).at(-1)).toBe(2);
    expect((await over('headwind_reconcile_duration_seconds_count')).at(-1)).toBe(2);
    live.stop();
  });

  it('reaches back six hours and no further', async () => {
    const { clock, metrics, live, over } = aProcess();
    live.start();
    for (let hour = 0; hour < 10; hour += 1) {
      await clock.advance(3_600_000);
      metrics.updatesAppliedTotal.inc();
    }
    const day = await over('headwind_updates_applied_total', '24h');
    expect(day.filter((value) => value !== null && value > 0)).toHaveLength(6);
    expect(clock.now() - (live.since() ?? 0)).toBeLessThanOrEqual(6 * 3_600_000);
    live.stop();
  });

  it('is told to nobody where there is no such metric, and stops when told to', async () => {
    const { clock, live, over } = aProcess();
    expect(live.since()).toBeUndefined();
    live.start();
    await clock.advance(1000);
    expect((await over('headwind_no_such_metric')).every((value) => value === null)).toBe(true);
    live.stop();
    expect(clock.pending).toBe(0);
  });

  it('goes on after it could not be read', async () => {
    const { clock, live, errors } = aProcess(() => Promise.reject(new Error('broken')));
    live.start();
    await clock.advance(65_000);
    expect(errors).toHaveLength(3);
    live.stop();
  });
});
