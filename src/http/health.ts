import { accepts } from 'hono/accepts';
import type { Health, HealthReport } from './dependencies.ts';
import type { EdgeApp, EdgeContext } from './edge.ts';

/**
 * `/health`, `/livez`, `/readyz`: 200 or 503. JSON, or `OK` for those who ask for text/plain, as the first Headwind
 * answered everybody.
 */
export function mountHealth(app: EdgeApp, health: Health): void {
  app.get('/health', (c) => answer(c, health.live()));
  app.get('/livez', (c) => answer(c, health.live()));
  app.get('/readyz', (c) => answer(c, health.ready()));
}

function answer(c: EdgeContext, report: HealthReport): Response {
  const status = report.ok ? 200 : 503;
  const supports = ['application/json', 'text/plain'];
  const type = accepts(c, { header: 'Accept', supports, default: 'application/json' });
  if (type === 'text/plain') return c.text(report.ok ? 'OK' : failures(report), status);
  return c.json({ status: report.ok ? 'healthy' : 'unhealthy', checks: report.checks }, status);
}

function failures(report: HealthReport): string {
  const lines = report.checks
    .filter((check) => !check.ok)
    .map((check) => (check.message === undefined ? check.name : `${check.name}: ${check.message}`));
  return ['Not OK', ...lines].join('\n');
}
