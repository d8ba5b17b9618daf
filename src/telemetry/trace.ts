import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** A piece of work that has ended. */
export interface FinishedWork {
  /** From a fixed list, such as `poll`. */
  readonly name: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** Tells of finished work as a span. It costs nothing as long as no OpenTelemetry SDK is registered in the process. */
export function recordSpan({ name, startedAtMs, durationMs, failed, attributes }: FinishedWork): void {
  const tracer = trace.getTracer('headwind');
  const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, startTime: startedAtMs, attributes });
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(startedAtMs + durationMs);
}
