import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { recordSpans, stopRecordingSpans } from '../../test/parts/span-recorder.ts';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';
import {
  currentTraceparent,
  inSpan,
  isInSpan,
  linkHere,
  recordSpan,
  traceFields,
  underTrace,
} from './trace.ts';

const STARTED_AT_MS = Date.UTC(2026, 0, 1, 12);
const POLL = {
  name: 'poll',
  startedAtMs: STARTED_AT_MS,
  durationMs: 250,
  facts: { repository: 'docker.io/library/nginx' },
};
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

afterEach(stopRecordingSpans);

describe('with an SDK', () => {
  it('tells of finished work as a span with its own times', () => {
    const exporter = recordSpans();
    recordSpan(POLL);
    recordSpan({ ...POLL, errorType: 'timeout' });
    const [good, bad] = exporter.getFinishedSpans();
    expect(good).toMatchObject({
      name: 'poll',
      attributes: POLL.facts,
      startTime: [STARTED_AT_MS / 1000, 0],
      endTime: [STARTED_AT_MS / 1000, 250_000_000],
      status: { code: SpanStatusCode.UNSET },
    });
    expect(bad).toMatchObject({
      attributes: { 'error.type': 'timeout' },
      status: { code: SpanStatusCode.ERROR },
    });
  });

  it('makes a span of work, and of the work in it one below', async () => {
    const exporter = recordSpans();
    const answer = await inSpan({ name: 'outer', kind: 'server' }, async (span) => {
      span.rename('POST /somewhere');
      return inSpan({ name: 'inner', facts: () => ({ tag: '1.0.0' }) }, async () => 'done');
    });
    expect(answer).toBe('done');
    const [inner, outer] = exporter.getFinishedSpans();
    expect(outer).toMatchObject({ name: 'POST /somewhere', kind: SpanKind.SERVER });
    expect(inner).toMatchObject({ name: 'inner', attributes: { tag: '1.0.0' } });
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('tells of a rejection without the secret in it, and passes it on', async () => {
    const exporter = recordSpans();
    const failing = inSpan({ name: 'confirm' }, () =>
      Promise.reject(new TypeError('GET ?token=hunter2 failed')),
    );
    await expect(failing).rejects.toThrow('hunter2');
    const [span] = exporter.getFinishedSpans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'GET ?token=[redacted] failed' });
    expect(span?.attributes['error.type']).toBe('TypeError');
  });

  it('goes on in the trace that a traceparent names, without a span of its own', async () => {
    const exporter = recordSpans();
    await underTrace(TRACEPARENT, async () => {
      expect(currentTraceparent()).toBe(TRACEPARENT);
      expect(traceFields()).toEqual({ trace_id: TRACE_ID, span_id: 'b7ad6b7169203331' });
      expect(isInSpan()).toBe(false);
      await inSpan({ name: 'apply' }, async () => expect(isInSpan()).toBe(true));
    });
    expect(exporter.getFinishedSpans()[0]?.spanContext().traceId).toBe(TRACE_ID);
  });

  it.each([undefined, '', 'nonsense'])('begins a trace where the traceparent is %j', async (traceparent) => {
    const exporter = recordSpans();
    await inSpan({ name: 'outer' }, async () => {
      await inSpan({ name: 'request', parent: { traceparent } }, async () => undefined);
      await inSpan({ name: 'poll', parent: 'nothing' }, async () => undefined);
    });
    const traces = new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId));
    expect(traces.size).toBe(3);
  });

  it('records nothing below a trace that is not recorded', async () => {
    const exporter = recordSpans();
    const parent = { traceparent: TRACEPARENT.replace(/01$/, '00') };
    await inSpan({ name: 'apply', parent, facts: () => expect.unreachable() }, async (span) => {
      expect(span.isRecorded).toBe(false);
      expect(currentTraceparent()).toMatch(/-00$/);
    });
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('ties spans of different traces', async () => {
    const exporter = recordSpans();
    await inSpan({ name: 'approve' }, async (span) => {
      linkHere(TRACEPARENT);
      span.link('nonsense');
    });
    const [span] = exporter.getFinishedSpans();
    expect(span?.links.map((link) => link.context.traceId)).toEqual([TRACE_ID]);
  });
});

describe('without an SDK', () => {
  it('does the work and nothing else', async () => {
    recordSpan(POLL);
    const answer = await inSpan({ name: 'poll', facts: () => expect.unreachable() }, async (span) => {
      span.tell({ a: 1 });
      span.fail('timeout');
      linkHere(TRACEPARENT);
      return [span.isRecorded, isInSpan(), currentTraceparent(), traceFields()];
    });
    expect(answer).toEqual([false, false, undefined, undefined]);
    expect(underTrace(TRACEPARENT, () => currentTraceparent())).toBeUndefined();
  });
});

describe('traceparent', () => {
  it.each([
    ['an unknown version', `ff-${TRACE_ID}-b7ad6b7169203331-01`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a span of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['capital letters', TRACEPARENT.toUpperCase()],
    ['more than version 00 has', `${TRACEPARENT}-more`],
    ['a piece of one', TRACEPARENT.slice(0, 30)],
  ])('is none with %s', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('of a later version is read as far as it is known', () => {
    expect(parseTraceparent(`01-${TRACE_ID}-b7ad6b7169203331-03-more`)).toMatchObject({
      traceId: TRACE_ID,
      traceFlags: 1,
    });
  });

  it('is read as it was written, and nothing else is', () => {
    const id = (length: number) =>
      fc
        .array(fc.integer({ min: 0, max: 15 }), { minLength: length, maxLength: length })
        .map((digits) => digits.map((digit) => digit.toString(16)).join(''))
        .filter((text) => /[^0]/.test(text));
    fc.assert(
      fc.property(id(32), id(16), fc.integer({ min: 0, max: 1 }), (traceId, spanId, traceFlags) => {
        const span = { traceId, spanId, traceFlags, isRemote: true };
        expect(parseTraceparent(formatTraceparent(span))).toEqual(span);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseTraceparent(text)).toBeUndefined();
      }),
    );
  });
});
