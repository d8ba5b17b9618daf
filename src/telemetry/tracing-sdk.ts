// Imported on demand alone (src/cli/operate.ts): whoever wants no traces has no SDK in memory.
import { context, diag, DiagLogLevel, trace, TraceFlags } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import type { TracingSampler, TracingSettings } from '../core/tracing-settings.ts';
import type { Log } from './log.ts';

export interface TracingOptions {
  readonly settings: TracingSettings;
  /** Headwind's own version. */
  readonly version: string;
  readonly log: Log;
}

/** Is told of spans that nobody will see: they could not be exported, or there was no room for them. */
export type LossListener = (spans: number) => void;

export interface RunningTracing {
  /** There is one listener; it is told of what was lost before too. */
  onLost(listener: LossListener): void;
  /** Exports what waits, for at most `patienceMs` milliseconds, and ends. Never rejects. */
  stop(patienceMs: number): Promise<void>;
}

/** Of one text in a span, in characters, so that no error of somebody else fills memory. */
const MAX_TEXT = 1024;
const MAX_FACTS = 64;
const MAX_LINKS = 16;

/** Has spans recorded and exported from now on, for the whole process. Nobody waits for an export, and none that fails is felt. */
export function startTracing({ settings, version, log }: TracingOptions): RunningTracing {
  const { endpoint, protocol, queue } = settings;
  // What fails is told by `tellingOfFailures`, once; the SDK would write each failure to standard error.
  setGlobalErrorHandler(() => undefined);
  // A certificate that cannot be read, say, is told now; later it is about spans that were dropped, again and again.
  listenTo((fields) => log.warn(fields, 'OpenTelemetry complains'));
  const losses = createLosses();
  const room = createRoom(queue.maxSpans, losses.add);
  const exporter = tellingOfFailures(createExporter(settings), { endpoint, log, onLost: losses.add });
  const processor = new BatchSpanProcessor({
    exporter: room.leaving(exporter),
    scheduledDelayMillis: queue.delayMs,
    exportTimeoutMillis: queue.exportTimeoutMs,
    maxQueueSize: queue.maxSpans,
    maxExportBatchSize: Math.min(queue.maxBatch, queue.maxSpans),
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.version': version,
        ...settings.resource,
        'service.name': settings.serviceName,
      }),
    ),
    sampler: samplerOf(settings.sampler, settings.ratio),
    spanProcessors: [room.entering(processor)],
    spanLimits: {
      attributeValueLengthLimit: MAX_TEXT,
      attributeCountLimit: MAX_FACTS,
      linkCountLimit: MAX_LINKS,
    },
  });
  listenTo((fields) => log.debug(fields, 'OpenTelemetry complains'));
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  log.info({ endpoint, protocol, sampler: settings.sampler }, 'traces are exported');
  return {
    onLost: losses.follow,
    async stop(patienceMs) {
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, patienceMs);
      // Whatever could not be exported has been told of.
      await Promise.race([provider.shutdown().catch(() => undefined), patience.promise]);
      clearTimeout(timer);
      trace.disable();
      context.disable();
      diag.disable();
    },
  };
}

/** Hands on what the SDK would tell people itself. */
function listenTo(tell: (fields: { readonly complaint: string }) => void): void {
  const take = (complaint: string): void => tell({ complaint });
  const nothing = (): void => undefined;
  const logger = { error: take, warn: take, info: nothing, debug: nothing, verbose: nothing };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Certificates are read by the exporter itself, from the standard variables for them. */
function createExporter({
  endpoint,
  protocol,
  headers,
  compression,
  timeoutMs,
}: TracingSettings): SpanExporter {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new Exporter({
    url: endpoint,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    ...compressed(compression),
  });
}

/** The type of the option is an enum of a package that the exporters keep to themselves; they read the variable as well. */
function compressed(compression: TracingSettings['compression']): object {
  return { compression };
}

/** Says once that exports fail, and once that they work again. */
function tellingOfFailures(
  exporter: SpanExporter,
  { endpoint, log, onLost }: { readonly endpoint: string; readonly log: Log; readonly onLost: LossListener },
): SpanExporter {
  let lost = 0;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) {
          if (lost > 0) log.info({ endpoint, lost }, 'traces are exported again');
          lost = 0;
        } else {
          if (lost === 0) log.warn({ endpoint, error: result.error }, 'traces cannot be exported');
          lost += spans.length;
          onLost(spans.length);
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Counts until somebody listens. */
function createLosses(): { readonly add: LossListener; readonly follow: (listener: LossListener) => void } {
  let untold = 0;
  let tell: LossListener = (spans) => (untold += spans);
  return {
    add: (spans) => tell(spans),
    follow(listener) {
      tell = listener;
      if (untold > 0) listener(untold);
      untold = 0;
    },
  };
}

/** The bound of the queue, kept here, since the SDK's own does not say what it drops. */
function createRoom(
  maxSpans: number,
  onLost: LossListener,
): {
  readonly entering: (processor: SpanProcessor) => SpanProcessor;
  readonly leaving: (exporter: SpanExporter) => SpanExporter;
} {
  // Invariant: how many spans are in the queue.
  let waiting = 0;
  return {
    entering: (processor) => ({
      onStart: (span, parent) => processor.onStart(span, parent),
      onEnd(span) {
        if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
        if (waiting >= maxSpans) {
          onLost(1);
          return;
        }
        waiting += 1;
        processor.onEnd(span);
      },
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    }),
    leaving: (exporter) => ({
      export(spans, done) {
        waiting -= spans.length;
        exporter.export(spans, done);
      },
      shutdown: () => exporter.shutdown(),
    }),
  };
}

function samplerOf(name: TracingSampler, ratio: number): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return name satisfies never;
  }
}
