import { TooManyQuestionsError, type MetricsView } from '../observability/metrics-view.ts';
import { isRangeName, RANGE_NAMES, type RangeName } from '../observability/ranges.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Access } from './access.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { toDashboardMetrics, toTimeSeries } from './metrics-answers.ts';
import { problem, retryAfter, type Problem } from './problem.ts';

const DEFAULT_RANGE: RangeName = '24h';
const BUSY_RETRY_SECONDS = 5;

/** Headwind's own metrics over time. They tell of all namespaces: only for those who may see them all. */
export function mountMetrics(app: EdgeApp, access: Access, view: MetricsView): void {
  const guarded = async (c: EdgeContext, run: () => Promise<Response>): Promise<Response> => {
    const allowed = await access.may(c, { verb: 'list', namespace: undefined });
    if (!allowed.ok) return refuse(c, allowed.error);
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof TooManyQuestionsError)) throw error;
      const busy = problem('HW_BUSY', 'Too many questions about metrics are waiting; try again.');
      return refuse(c, retryAfter(BUSY_RETRY_SECONDS, busy));
    }
  };

  app.get('/api/v1/metrics', (c) =>
    guarded(c, async () => {
      const { backend, values } = await view.summary();
      return c.json({ backend, ...values, metrics: values });
    }),
  );

  app.get('/api/v1/metrics/timeseries/:metric', (c) =>
    guarded(c, async () => {
      const range = readRange(c);
      if (!range.ok) return refuse(c, range.error);
      const name = c.req.param('metric') ?? '';
      const charts = await view.timeseries(name, range.value ?? DEFAULT_RANGE);
      if (charts === undefined) return refuse(c, unknownMetric(name, view.names()));
      c.header('x-headwind-metrics-backend', charts.choice.backend.name);
      return c.json(toTimeSeries(charts, name));
    }),
  );

  app.get('/api/v1/dashboard/metrics', (c) =>
    guarded(c, async () => {
      const range = readRange(c);
      if (!range.ok) return refuse(c, range.error);
      const [charts, current] = await Promise.all([view.charts(range.value), view.current()]);
      return c.json(toDashboardMetrics({ charts, current, liveSince: view.liveSince() }));
    }),
  );
}

function readRange(c: EdgeContext): Result<RangeName | undefined, Problem> {
  const text = c.req.query('range');
  if (text === undefined || text === '') return ok(undefined);
  if (isRangeName(text)) return ok(text);
  const allowed = RANGE_NAMES.join(', ');
  return fail(problem('HW_BAD_QUERY', `range "${text.slice(0, 40)}" is none of ${allowed}.`));
}

/** Names are looked up in the table and never passed on, whatever they say. */
function unknownMetric(name: string, names: readonly string[]): Problem {
  const detail = `There is no metric "${name.slice(0, 100)}"; "metrics" has those that there are.`;
  return { ...problem('HW_METRIC_NOT_FOUND', detail), members: { metrics: names } };
}
