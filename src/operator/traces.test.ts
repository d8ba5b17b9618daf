import { context } from '@opentelemetry/api';
import type { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordSpans, stopRecordingSpans } from '../../test/parts/span-recorder.ts';
import type { NewRequest } from '../core/new-request.ts';
import { TRACEPARENT_ANNOTATION } from '../core/request-trace.ts';
import { currentTraceparent, inSpan } from '../telemetry/trace.ts';
import { rememberTraces, traceKubernetes, traceRegistry } from './traces.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const ASKED = {
  host: 'reg.example:5000',
  path: '/v2/shop/web/manifests/1.1.0',
  method: 'HEAD',
  purpose: 'manifest',
  durationMs: 20,
} as const;
const CALL = {
  verb: 'patch',
  method: 'PATCH',
  path: '/apis/apps/v1/namespaces/shop/deployments/web',
  durationMs: 5,
} as const;

let exporter: InMemorySpanExporter;

beforeEach(() => {
  exporter = recordSpans();
});
afterEach(stopRecordingSpans);

describe('calls', () => {
  it.each([
    [
      'to a registry',
      () => traceRegistry({ ...ASKED, outcome: 'answered', status: 200 }, NOW_MS),
      {
        name: 'HEAD',
        attributes: { 'server.address': 'reg.example', 'server.port': 5000, 'headwind.outcome': 'answered' },
      },
    ],
    [
      'that are refused',
      () => traceRegistry({ ...ASKED, outcome: 'refused', status: 401 }, NOW_MS),
      { attributes: { 'error.type': '401', 'http.response.status_code': 401 } },
    ],
    [
      'that nobody answers',
      () => traceRegistry({ ...ASKED, outcome: 'timeout' }, NOW_MS),
      { attributes: { 'error.type': 'timeout' } },
    ],
    [
      'with a token in the path',
      () => traceRegistry({ ...ASKED, path: '/x?token=hunter2', outcome: 'answered', status: 200 }, NOW_MS),
      { attributes: { 'url.path': '/x?token=[redacted]' } },
    ],
    [
      'to Kubernetes',
      () => traceKubernetes({ ...CALL, code: '200' }, '10.0.0.1:6443', NOW_MS),
      { name: 'PATCH', attributes: { 'server.address': '10.0.0.1', 'http.response.status_code': 200 } },
    ],
    [
      'to a Kubernetes that is away',
      () => traceKubernetes({ ...CALL, code: 'unreachable' }, '[::1]', NOW_MS),
      { attributes: { 'server.address': '[::1]', 'error.type': 'unreachable' } },
    ],
  ])('%s are spans of what they are a part of, and of nothing else', async (_, call, told) => {
    call();
    expect(exporter.getFinishedSpans()).toEqual([]);
    await inSpan({ name: 'confirm' }, async () => call());
    const [span, parent] = exporter.getFinishedSpans();
    expect(span).toMatchObject(told);
    expect(span?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
  });

  it('that somebody makes later, when the work has ended, are none', async () => {
    const later = await inSpan({ name: 'apply' }, async () =>
      context.bind(context.active(), () => traceKubernetes({ ...CALL, code: '200' }, 'k8s', NOW_MS)),
    );
    later();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['apply']);
  });
});

describe('a new request', () => {
  const outbox = rememberTraces({ atCreation: (request) => request, atChange: (_, status) => status });
  const made = (): NewRequest => ({
    metadata: { name: 'web', namespace: 'shop', labels: {}, annotations: { a: 'b' }, ownerReferences: [] },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop' },
      updateType: 'image',
      currentImage: 'web:1.0.0',
      newImage: 'web:1.1.0',
      policy: 'minor',
      requireApproval: true,
    },
  });

  it('carries the trace that it comes from', async () => {
    await inSpan({ name: 'propose' }, async () => {
      const { annotations } = outbox.atCreation(made()).metadata;
      expect(annotations).toEqual({ a: 'b', [TRACEPARENT_ANNOTATION]: currentTraceparent() });
    });
  });

  it('carries none where nothing is traced', () => {
    expect(outbox.atCreation(made())).toEqual(made());
  });
});
