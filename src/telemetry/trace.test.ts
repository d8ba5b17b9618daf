import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { recordSpan } from './trace.ts';

const STARTED_AT_MS = Date.UTC(2026, 0, 1, 12);
const POLL = {
  name: 'poll',
  startedAtMs: STARTED_AT_MS,
  durationMs: 250,
  attributes: { repository: 'docker.io/library/nginx' },
};

afterEach(() => {
  trace.disable();
});

it('tells of finished work as a span with its own times', () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  recordSpan({ ...POLL, failed: false });
  recordSpan({ ...POLL, failed: true });
  const [good, bad] = exporter.getFinishedSpans();
  expect(good).toMatchObject({
    name: 'poll',
    attributes: POLL.attributes,
    startTime: [STARTED_AT_MS / 1000, 0],
    endTime: [STARTED_AT_MS / 1000, 250_000_000],
    status: { code: SpanStatusCode.UNSET },
  });
  expect(bad?.status.code).toBe(SpanStatusCode.ERROR);
});

it('does nothing where no SDK is registered', () => {
  expect(() => recordSpan({ ...POLL, failed: false })).not.toThrow();
});
