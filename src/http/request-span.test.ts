import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordSpans, stopRecordingSpans } from '../../test/parts/span-recorder.ts';
import { traced } from './request-span.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let exporter: InMemorySpanExporter;

beforeEach(() => {
  exporter = recordSpans();
});
afterEach(stopRecordingSpans);

function anApp(): Hono {
  const app = new Hono();
  app.use(traced);
  app.use('/webhook/*', async (_, next) => next());
  app.post('/webhook/registry/:token', (c) => c.json({}));
  app.get('/api/v1/updates/:namespace/:name', (c) => c.json({}));
  app.get('/api/v1/broken', (c) => c.text('', 503));
  app.get('/livez', (c) => c.text('OK'));
  return app;
}

it.each([
  [
    'a route, and not the path',
    'GET /api/v1/updates/shop/web-1?token=hunter2',
    'GET /api/v1/updates/:namespace/:name',
    { 'url.path': '/api/v1/updates/shop/web-1', 'http.response.status_code': 200 },
  ],
  [
    'a webhook, without the secret at its end',
    'POST /webhook/registry/hunter2',
    'POST /webhook/registry/:token',
    { 'http.route': '/webhook/registry/:token', 'url.path': '/webhook/registry/[redacted]' },
  ],
  ['the method alone where there is no route', 'GET /api/v2', 'GET', { 'http.response.status_code': 404 }],
  ['the method alone where only a guard looked', 'POST /webhook/x', 'POST', { 'url.path': '/webhook/x' }],
])('a span is named after %s', async (_, asked, name, attributes) => {
  const [method = '', url = ''] = asked.split(' ');
  await anApp().request(url, { method });
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({ name, kind: SpanKind.SERVER, attributes });
  expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  expect(JSON.stringify(span?.attributes)).not.toContain('hunter2');
});

it('a span fails where the server does', async () => {
  await anApp().request('/api/v1/broken');
  expect(exporter.getFinishedSpans()[0]).toMatchObject({
    attributes: { 'error.type': '503' },
    status: { code: SpanStatusCode.ERROR },
  });
});

it('a span stands below the one that came with the request', async () => {
  await anApp().request('/api/v1/broken', { headers: { traceparent: TRACEPARENT } });
  expect(exporter.getFinishedSpans()[0]?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
});

it('probes and pages are no story', async () => {
  for (const path of ['/livez', '/', '/metrics', '/assets/x.js']) await anApp().request(path);
  expect(exporter.getFinishedSpans()).toEqual([]);
});
