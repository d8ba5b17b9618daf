import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readAlerts } from '../../tools/reference/alert-rules.ts';
import { freePorts } from '../parts/child.ts';
import { eventually, NoUseWaitingError } from '../parts/eventually.ts';
import { startPrometheus, type MetricsBackend } from '../parts/metrics-backends.ts';
import { startHeadwind, type Program } from '../parts/program.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

const Dashboard = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() }),
  ),
});
const Answer = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.object({ result: z.array(z.unknown()) }).optional(),
});

/** These begin with their first event: the demo tells nobody, nothing breaks in it, and its first watched rollout comes late. */
const EMPTY_HERE = ['By channel and outcome', 'Interrupted watches', 'Watched rollouts'];

/** In the demo updates wait for an approval, and this test sends what is refused. */
const TRUE_HERE = ['HeadwindApprovalsWait', 'HeadwindWebhooksRefused'];

/** As Grafana sends it: everything chosen, a short step. */
function asSent(expr: string): string {
  const values = { __rate_interval: '30s', __range: '5m', namespace: '.*', instance: '.*' };
  return Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr);
}

let headwind: Program;
let prometheus: MetricsBackend;

beforeAll(async () => {
  const [webhook = 0, api = 0, ui = 0, metrics = 0, port = 0] = await freePorts(5);
  const ports = { webhook, api, ui, metrics };
  headwind = await startHeadwind({
    args: ['demo', ...Object.entries(ports).flatMap(([name, value]) => [`--${name}-port`, String(value)])],
    env: Object.fromEntries(
      Object.entries(ports).map(([name, value]) => [`HEADWIND_${name.toUpperCase()}_PORT`, String(value)]),
    ),
  });
  prometheus = await startPrometheus({ port, target: `127.0.0.1:${metrics}` });
});
afterAll(async () => {
  await headwind.stop();
  await prometheus.remove();
});

async function ask(expr: string): Promise<z.infer<typeof Answer>> {
  const address = `${prometheus.url}/api/v1/query?query=${encodeURIComponent(asSent(expr))}`;
  return Answer.parse(await (await fetch(address)).json());
}

describe('with a real Prometheus that scrapes the demo', () => {
  const panels = Dashboard.parse(JSON.parse(read('monitoring/grafana-dashboard.json'))).panels;
  const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));

  it.each(queries)('$title of the dashboard has something to show: $expr', async ({ title, expr }) => {
    const shows = async (): Promise<boolean> => {
      // A body that is no JSON, so that there is something that was turned away.
      if (title === 'Turned away')
        await fetch(`${headwind.urls.webhook}/webhook/generic`, { method: 'POST', body: '{' });
      const { status, error, data } = await ask(expr);
      if (status !== 'success') throw new NoUseWaitingError(error ?? status);
      return EMPTY_HERE.includes(title) || (data?.result.length ?? 0) > 0;
    };

    expect(await eventually(shows, { what: `${title} has data`, timeoutMs: 60_000, everyMs: 500 })).toBe(
      true,
    );
  });

  it.each(readAlerts(read('monitoring/alerts.yaml')))(
    '$alert looks only for what is wrong',
    async ({ alert, expr }) => {
      const { status, data } = await ask(expr);

      expect(status).toBe('success');
      // Shares of nothing are no number, and no number is above a limit.
      expect(TRUE_HERE.includes(alert) ? [] : data?.result).toEqual([]);
    },
  );
});
