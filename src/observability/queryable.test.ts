import { describe, expect, it } from 'vitest';
import { createMetrics } from '../telemetry/metrics.ts';
import { CHARTED_METRICS, CURRENT_METRICS, SUMMARY_METRICS } from './charted.ts';
import { queryables } from './queryable.ts';

const known = queryables(createMetrics().described);

describe('what may be asked for', () => {
  it('is all that the table of metrics has, and nothing else', () => {
    expect(known.get('headwind_updates_pending')).toMatchObject({ kind: 'gauge', across: 'max' });
    expect(known.get('headwind_rollouts_watched')).toMatchObject({ kind: 'gauge', across: 'sum' });
    expect(known.get('headwind_updates_applied_total')).toMatchObject({ kind: 'counter' });
    expect(known.get('headwind_reconcile_duration_seconds_sum')).toMatchObject({
      kind: 'counter',
      part: { family: 'headwind_reconcile_duration_seconds', field: 'sum' },
    });
    expect(known.has('headwind_reconcile_duration_seconds')).toBe(false);
    expect(known.has('up')).toBe(false);
    expect(known.has('__proto__')).toBe(false);
  });

  it('can be written into a query as it is', () => {
    for (const name of known.keys()) expect(name).toMatch(/^headwind_[a-z_]+$/);
  });

  it.each([...CHARTED_METRICS, ...CURRENT_METRICS, ...Object.values(SUMMARY_METRICS)])(
    'has %s, which the page shows',
    (name) => {
      expect(known.has(name)).toBe(true);
    },
  );
});
