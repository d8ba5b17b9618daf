import { REDACTED, redactText } from '../core/redact.ts';
import type { TracingProtocol, TracingSettings } from '../core/tracing-settings.ts';
import { showValue, type ConfigProblem, type Environment } from './problem.ts';
import { TRACING_VARIABLES as own } from './tracing-variables.ts';
import type { Reader } from './values.ts';

export interface Tracing {
  /** Undefined: there are no traces. */
  readonly settings: TracingSettings | undefined;
  /** What cannot be used, and why. */
  readonly warnings: readonly ConfigProblem[];
}

type Name = keyof typeof own;

const DEFAULT_ENDPOINT = 'http://localhost:4318/v1/traces';
/** Without these as they are meant nothing would arrive, or elsewhere. */
const DECISIVE: readonly Name[] = [
  'OTEL_TRACES_EXPORTER',
  'OTEL_SDK_DISABLED',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
];

/**
 * Reads what the environment says about traces. A mistake there is never a reason not to start, since these variables are
 * often set for a whole cluster and not for this program: it is a warning, and the default counts; where it is about where
 * traces go and how, there are none.
 */
export function readTracing(env: Environment): Tracing {
  const warnings: ConfigProblem[] = [];
  const get: Get = (name, { read, fallback, isSecret }) => {
    const text = env[name]?.trim() ?? '';
    if (text === '') return fallback;
    const parsed = read(text);
    if (parsed.ok) return parsed.value;
    const value = isSecret === true ? REDACTED : showValue(text);
    warnings.push({ variable: name, value, expected: redactText(parsed.error) });
    return fallback;
  };
  const disabled = get('OTEL_SDK_DISABLED', own.OTEL_SDK_DISABLED);
  const exporter = get<'otlp' | 'none' | undefined>('OTEL_TRACES_EXPORTER', own.OTEL_TRACES_EXPORTER);
  const { endpoint, ...transport } = collectTransport(get);
  const settings: TracingSettings = {
    ...transport,
    ...collectService(get),
    endpoint: endpoint ?? DEFAULT_ENDPOINT,
    sampler: get('OTEL_TRACES_SAMPLER', own.OTEL_TRACES_SAMPLER),
    ratio: get<number | undefined>('OTEL_TRACES_SAMPLER_ARG', own.OTEL_TRACES_SAMPLER_ARG) ?? 1,
    queue: {
      delayMs: get('OTEL_BSP_SCHEDULE_DELAY', own.OTEL_BSP_SCHEDULE_DELAY),
      exportTimeoutMs: get('OTEL_BSP_EXPORT_TIMEOUT', own.OTEL_BSP_EXPORT_TIMEOUT),
      maxSpans: get('OTEL_BSP_MAX_QUEUE_SIZE', own.OTEL_BSP_MAX_QUEUE_SIZE),
      maxBatch: get('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', own.OTEL_BSP_MAX_EXPORT_BATCH_SIZE),
    },
  };
  const isWanted = exporter === 'otlp' || (exporter === undefined && endpoint !== undefined);
  const isSpoilt = warnings.some(({ variable }) => DECISIVE.some((name) => name === variable));
  return { settings: isWanted && !disabled && !isSpoilt ? settings : undefined, warnings };
}

type Get = <T>(name: Name, variable: Pick<Variable<T>, 'read' | 'fallback' | 'isSecret'>) => T;

interface Variable<T> {
  readonly read: Reader<T>;
  readonly fallback: T;
  readonly isSecret?: boolean;
}

/** What is said of traces alone goes before what is said of everything. */
function collectTransport(get: Get): Pick<
  TracingSettings,
  'protocol' | 'headers' | 'compression' | 'timeoutMs'
> & {
  readonly endpoint: string | undefined;
} {
  const all = get<string | undefined>('OTEL_EXPORTER_OTLP_ENDPOINT', own.OTEL_EXPORTER_OTLP_ENDPOINT);
  const traces = get<string | undefined>(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    own.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  );
  const protocol = get('OTEL_EXPORTER_OTLP_PROTOCOL', own.OTEL_EXPORTER_OTLP_PROTOCOL);
  const timeoutMs = get('OTEL_EXPORTER_OTLP_TIMEOUT', own.OTEL_EXPORTER_OTLP_TIMEOUT);
  return {
    endpoint: traces ?? (all === undefined ? undefined : forTraces(all)),
    protocol:
      get<TracingProtocol | undefined>(
        'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
        own.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
      ) ?? protocol,
    headers: {
      ...get<Pairs | undefined>('OTEL_EXPORTER_OTLP_HEADERS', own.OTEL_EXPORTER_OTLP_HEADERS),
      ...get<Pairs | undefined>('OTEL_EXPORTER_OTLP_TRACES_HEADERS', own.OTEL_EXPORTER_OTLP_TRACES_HEADERS),
    },
    compression:
      get<'gzip' | 'none' | undefined>(
        'OTEL_EXPORTER_OTLP_COMPRESSION',
        own.OTEL_EXPORTER_OTLP_COMPRESSION,
      ) ?? 'none',
    timeoutMs:
      get<number | undefined>('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', own.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT) ??
      timeoutMs,
  };
}

type Pairs = Readonly<Record<string, string>>;

function collectService(get: Get): Pick<TracingSettings, 'serviceName' | 'resource'> {
  const resource = get<Pairs | undefined>('OTEL_RESOURCE_ATTRIBUTES', own.OTEL_RESOURCE_ATTRIBUTES) ?? {};
  const name = get<string | undefined>('OTEL_SERVICE_NAME', own.OTEL_SERVICE_NAME);
  return { serviceName: name ?? resource['service.name'] ?? 'headwind', resource };
}

/** The common address is a base, whose path is kept (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp). */
function forTraces(base: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/{1,9}$/, '')}/v1/traces`;
  return url.href;
}
