import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { redactText } from '../core/redact.ts';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

// All of this costs next to nothing as long as no OpenTelemetry SDK is registered in the process (tracing-sdk.ts).

/** What a span tells beside its name; undefined values are left out. No secrets: nothing is taken out on the way. */
export type SpanFacts = Attributes;

/**
 * Below what a span stands: by default what is under way. `nothing`: it begins a trace. Else what a `traceparent` names, which
 * begins a trace too where it names nothing.
 */
export type Parent = 'nothing' | { readonly traceparent: string | undefined };

export interface WorkOptions {
  /** From a fixed list, such as `poll`. */
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client';
  /** A function is called only where the span is recorded. */
  readonly facts?: SpanFacts | (() => SpanFacts);
  readonly parent?: Parent;
}

/** A span that is open. */
export interface Work {
  /** Whether anybody will read it: what costs something need not be found out otherwise. */
  readonly isRecorded: boolean;
  rename(name: string): void;
  tell(facts: SpanFacts): void;
  /** Says that it failed; the type is from a fixed list. */
  fail(errorType: string): void;
  /** Ties it to what another trace tells. */
  link(traceparent: string | undefined): void;
}

/** A piece of work that has ended. */
export interface FinishedWork extends WorkOptions {
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** What kind of failure it was; absent where it went well. */
  readonly errorType?: string | undefined;
}

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;
const TRACER = 'headwind';
const MAX_MESSAGE = 200;

/** Does work inside a span, which ends when the work does. A rejection is told as its failure, and passed on. */
export async function inSpan<T>(options: WorkOptions, work: (span: Work) => Promise<T>): Promise<T> {
  const below = contextOf(options.parent);
  const span = begin(options, below);
  try {
    return await context.with(trace.setSpan(below, span), () => work(toWork(span)));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Tells of finished work as a span with times of its own. */
export function recordSpan({ startedAtMs, durationMs, errorType, ...options }: FinishedWork): void {
  const span = begin(options, contextOf(options.parent), startedAtMs);
  if (errorType !== undefined) toWork(span).fail(errorType);
  span.end(startedAtMs + durationMs);
}

/** Does work as a part of what a `traceparent` names, without a span of its own; as a part of nothing where it names nothing. */
export function underTrace<T>(traceparent: string | undefined, work: () => T): T {
  return context.with(contextOf({ traceparent }), work);
}

/** What is under way, for those who go on with it later or elsewhere; undefined where nothing is traced. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? undefined : formatTraceparent(span);
}

/** Whether a span of this process is open here: what others tell afterwards belongs to it. */
export function isInSpan(): boolean {
  return trace.getActiveSpan()?.isRecording() === true;
}

/** Ties the span that is open here, if there is one, to what another trace tells. */
export function linkHere(traceparent: string | undefined): void {
  const span = trace.getActiveSpan();
  if (span !== undefined) toWork(span).link(traceparent);
}

/** What ties a record of the log to the trace that it belongs to. */
export function traceFields(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? undefined : { trace_id: span.traceId, span_id: span.spanId };
}

function begin({ name, kind = 'internal', facts }: WorkOptions, below: Context, startTime?: number): Span {
  const about = { kind: KINDS[kind], ...(startTime !== undefined && { startTime }) };
  const span = trace.getTracer(TRACER).startSpan(name, about, below);
  if (facts !== undefined && span.isRecording())
    span.setAttributes(typeof facts === 'function' ? facts() : facts);
  return span;
}

function contextOf(parent: Parent | undefined): Context {
  if (parent === undefined) return context.active();
  const remote = parent === 'nothing' ? undefined : parseTraceparent(parent.traceparent);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function toWork(span: Span): Work {
  return {
    isRecorded: span.isRecording(),
    rename: (name) => void span.updateName(name),
    tell: (facts) => void span.setAttributes(facts),
    fail(errorType) {
      span.setAttribute('error.type', errorType);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    link(traceparent) {
      const context = parseTraceparent(traceparent);
      if (context !== undefined) span.addLink({ context });
    },
  };
}

function failSpan(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  span.setAttribute('error.type', name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: redactText(message).slice(0, MAX_MESSAGE) });
}
