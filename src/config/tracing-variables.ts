import { fail, ok } from '../core/result.ts';
import {
  TRACING_PROTOCOLS,
  TRACING_SAMPLERS,
  type TracingProtocol,
  type TracingSampler,
} from '../core/tracing-settings.ts';
import { readBoolean, readOneOf, readWhole, type Reader } from './values.ts';

const PAIRS_EXPECTED = 'pairs such as team=shop,tier=prod, with % escapes for commas and the like';
const MAX_MS = 600_000;

/** An address that traces can be sent to. */
const readEndpoint: Reader<string> = (text) => {
  const url = URL.parse(text);
  const right =
    url != null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  return right ? ok(url.href) : fail('a URL such as http://otel-collector.observability:4318');
};

/** `key=value` pairs, separated by commas, percent-encoded (https://www.w3.org/TR/baggage/#baggage-http-header-format). */
const readPairs: Reader<Readonly<Record<string, string>>> = (text) => {
  const pairs: [string, string][] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') continue;
    const [, key, value] = /^([^=\s]{1,256})\s{0,9}=\s{0,9}(.{0,4096})$/.exec(part) ?? [];
    const decoded = value === undefined ? undefined : decode(value);
    if (key === undefined || decoded === undefined) return fail(PAIRS_EXPECTED);
    pairs.push([key, decoded]);
  }
  return ok(Object.fromEntries(pairs));
};

/** Exporters, separated by commas; this program has one. */
const readExporters: Reader<'otlp' | 'none'> = (text) => {
  const names = new Set(
    text
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  if (names.has('none')) return ok('none');
  return names.size === 1 && names.has('otlp') ? ok('otlp') : fail('otlp or none');
};

const readRatio: Reader<number> = (text) => {
  const ratio = /^(?:0|1|0?\.\d{1,17}|0\.0|1\.0{1,9})$/.test(text) ? Number(text) : Number.NaN;
  return ratio >= 0 && ratio <= 1 ? ok(ratio) : fail('a number from 0 to 1');
};

const readAny: Reader<string> = (text) =>
  text.length <= 4096 ? ok(text) : fail('a text of at most 4096 characters');

/**
 * The part of the table of variables that is about traces; `variables.ts` holds the whole. Names and meanings are
 * OpenTelemetry's (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/).
 */
export const TRACING_VARIABLES = {
  OTEL_TRACES_EXPORTER: optional<'otlp' | 'none'>(
    readExporters,
    'Where traces go: `otlp` or `none`; without it they go to the endpoint, if one is set; see docs/observability.md',
  ),
  OTEL_SDK_DISABLED: given(readBoolean, false, 'false', 'Whether there are no traces, whatever else is set'),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    readEndpoint,
    'Where OTLP is taken over HTTP; `/v1/traces` is added. `http://localhost:4318` if only `OTEL_TRACES_EXPORTER=otlp` is set',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional(readEndpoint, 'The same for traces alone, taken as it is'),
  OTEL_EXPORTER_OTLP_PROTOCOL: given<TracingProtocol>(
    readOneOf(TRACING_PROTOCOLS),
    'http/protobuf',
    'http/protobuf',
    'How: `http/protobuf` or `http/json`; there is no gRPC',
  ),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: optional<TracingProtocol>(
    readOneOf(TRACING_PROTOCOLS),
    'The same for traces alone',
  ),
  OTEL_EXPORTER_OTLP_HEADERS: {
    ...optional(readPairs, 'Headers to send along, such as `api-key=…`, separated by commas'),
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: {
    ...optional(readPairs, 'The same for traces alone'),
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: given(
    readWhole(1, MAX_MS),
    10_000,
    '10000',
    'How long one export may take, retries included, in milliseconds',
  ),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: optional(readWhole(1, MAX_MS), 'The same for traces alone'),
  OTEL_EXPORTER_OTLP_COMPRESSION: optional(readOneOf(['gzip', 'none']), 'Whether it is compressed: `gzip`'),
  OTEL_SERVICE_NAME: optional(readAny, 'What Headwind is called in traces: `headwind`'),
  OTEL_RESOURCE_ATTRIBUTES: optional(
    readPairs,
    'What else is said of it, such as `deployment.environment.name=production`, separated by commas',
  ),
  OTEL_TRACES_SAMPLER: given<TracingSampler>(
    readOneOf(TRACING_SAMPLERS),
    'parentbased_always_on',
    'parentbased_always_on',
    'Which traces are recorded: `always_on`, `always_off`, `traceidratio`, or one of them with `parentbased_` before it',
  ),
  OTEL_TRACES_SAMPLER_ARG: optional(readRatio, 'For `traceidratio`: which part of them, from 0 to 1'),
  OTEL_BSP_SCHEDULE_DELAY: given(
    readWhole(1, MAX_MS),
    5000,
    '5000',
    'How long spans are gathered before they are exported, in milliseconds',
  ),
  OTEL_BSP_EXPORT_TIMEOUT: given(
    readWhole(1, MAX_MS),
    30_000,
    '30000',
    'After how many milliseconds an export is given up',
  ),
  OTEL_BSP_MAX_QUEUE_SIZE: given(
    readWhole(1, 100_000),
    2048,
    '2048',
    'How many spans may wait; what is more is dropped',
  ),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: given(
    readWhole(1, 100_000),
    512,
    '512',
    'How many spans are exported at once',
  ),
} as const;

function given<T>(read: Reader<T>, fallback: NoInfer<T>, shown: string, description: string) {
  return { read, fallback, shown, description };
}

function optional<T>(read: Reader<T>, description: string) {
  const fallback: T | undefined = undefined;
  return { read, fallback, shown: '', description };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
