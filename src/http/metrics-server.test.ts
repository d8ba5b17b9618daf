import { describe, expect, it } from 'vitest';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { createMetricsApp } from './metrics-server.ts';
import { PROBLEMS, problem, retryAfter, toLabel, toProblemBody } from './problem.ts';

function anApp(metrics: Parameters<typeof createMetricsApp>[0]['metrics'] = createMetrics(), isReady = true) {
  const logRoot = createRecordingLog();
  const health = { live: () => ({ ok: true, checks: [] }), ready: () => ({ ok: isReady, checks: [] }) };
  return { app: createMetricsApp({ metrics, health, log: logRoot.target('headwind::metrics') }), logRoot };
}

describe('the metrics server', () => {
  it('writes all families in the Prometheus text format', async () => {
    const response = await anApp().app.request('/metrics');

    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toMatch(/^# TYPE headwind_webhook_events_total counter$/m);
  });

  it.each(['/health', '/livez', '/readyz'])('%s answers', async (path) => {
    expect((await anApp().app.request(path)).status).toBe(200);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])('says whether Headwind can serve: ready is %s', async (isReady, value) => {
    const response = await anApp(createMetrics(), isReady).app.request('/metrics');

    expect(await response.text()).toContain(`\nheadwind_ready ${value}\n`);
  });

  it('counts what it turns away', async () => {
    const { app } = anApp();
    await app.request('/nothing');
    await app.request('/metrics', { method: 'DELETE' });
    const text = await (await app.request('/metrics')).text();

    expect(text).toContain('headwind_http_rejected_total{server="metrics",reason="not-found"} 1');
    expect(text).toContain('headwind_http_rejected_total{server="metrics",reason="method-not-allowed"} 1');
  });

  it('logs what broke, and tells nobody else', async () => {
    const registry = { contentType: 'text/plain', metrics: () => Promise.reject(new Error('secret')) };
    const { app, logRoot } = anApp({ ...createMetrics(), registry });
    const response = await app.request('/metrics');

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(logRoot.entries).toMatchObject([{ level: 'error', message: 'request failed' }]);
  });
});

describe('the catalogue of problems', () => {
  it.each(Object.entries(PROBLEMS))('%s is an error with a title of its own', (code, { status, title }) => {
    const sameTitle = Object.values(PROBLEMS).filter((other) => other.title === title);

    expect(code).toMatch(/^HW_[A-Z_]+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(sameTitle).toHaveLength(1);
  });

  it('writes one shape, in which extra members never replace the common ones', () => {
    const refused = { ...problem('HW_CONFLICT', 'no'), members: { current_phase: 'Failed', status: '200' } };

    expect(toProblemBody(refused, '/here')).toEqual({
      type: 'urn:headwind:problem:HW_CONFLICT',
      title: 'The UpdateRequest is not in a state that allows this',
      status: 409,
      detail: 'no',
      error: 'no',
      code: 'HW_CONFLICT',
      instance: '/here',
      current_phase: 'Failed',
    });
  });

  it('names a time to try again', () => {
    expect(retryAfter(5, problem('HW_BUSY', 'wait')).headers).toEqual({ 'retry-after': '5' });
    expect(toLabel('HW_BUSY')).toBe('busy');
  });
});
