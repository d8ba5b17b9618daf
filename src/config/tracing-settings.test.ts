import { describe, expect, it } from 'vitest';
import { readTracing } from './tracing-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('whether there are traces', () => {
  it.each([
    ['nothing is set', {}, undefined],
    ['OTLP is wanted, with no address', { OTEL_TRACES_EXPORTER: 'otlp' }, 'http://localhost:4318/v1/traces'],
    ['an address is set', ENDPOINT, 'http://collector:4318/v1/traces'],
    [
      'the address has a path',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.example.com/in/' },
      'https://otel.example.com/in/v1/traces',
    ],
    [
      'traces have an address of their own',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces:4318/take' },
      'http://traces:4318/take',
    ],
    ['no exporter is wanted', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, undefined],
    [
      'the SDK is disabled',
      { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'TRUE' },
      undefined,
    ],
    ['a variable is empty', { ...ENDPOINT, OTEL_TRACES_EXPORTER: ' ' }, 'http://collector:4318/v1/traces'],
  ])('where %s', (_, env, endpoint) => {
    expect(readTracing(env)).toMatchObject({ settings: endpoint && { endpoint }, warnings: [] });
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'otlp or none'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/protobuf or http/json'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc', 'http/protobuf or http/json'],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'collector:4318',
      'a URL such as http://otel-collector.observability:4318',
    ],
    ['OTEL_SDK_DISABLED', 'maybe', 'true or false (also 1, yes, on; 0, no, off)'],
  ])('there are none, but a warning, where %s is %j', (variable, value, expected) => {
    const tracing = readTracing({ ...ENDPOINT, [variable]: value });
    expect(tracing).toEqual({ settings: undefined, warnings: [{ variable, value, expected }] });
  });
});

describe('how they are made', () => {
  it('has the defaults of OpenTelemetry', () => {
    expect(readTracing(ENDPOINT).settings).toEqual({
      endpoint: 'http://collector:4318/v1/traces',
      protocol: 'http/protobuf',
      headers: {},
      compression: 'none',
      timeoutMs: 10_000,
      serviceName: 'headwind',
      resource: {},
      sampler: 'parentbased_always_on',
      ratio: 1,
      queue: { delayMs: 5000, exportTimeoutMs: 30_000, maxSpans: 2048, maxBatch: 512 },
    });
  });

  it('is as the variables say', () => {
    const { settings, warnings } = readTracing({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b, tenant = shop',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'tenant=traces',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '1000',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=production',
      OTEL_SERVICE_NAME: 'headwind-eu',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_BSP_EXPORT_TIMEOUT: '200',
      OTEL_BSP_MAX_QUEUE_SIZE: '300',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '40',
    });
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      protocol: 'http/json',
      headers: { 'api-key': 'a b', tenant: 'traces' },
      compression: 'gzip',
      timeoutMs: 1000,
      serviceName: 'headwind-eu',
      resource: { 'deployment.environment.name': 'production' },
      sampler: 'parentbased_traceidratio',
      ratio: 0.25,
      queue: { delayMs: 100, exportTimeoutMs: 200, maxSpans: 300, maxBatch: 40 },
    });
  });

  it.each([
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '-1'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', 'soon'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'production'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz'],
  ])('keeps its default, with a warning, where %s is %j', (variable, value) => {
    const { settings, warnings } = readTracing({ ...ENDPOINT, [variable]: value });
    expect(settings).toEqual(readTracing(ENDPOINT).settings);
    expect(warnings).toMatchObject([{ variable, value }]);
  });

  it('shows no header in a warning', () => {
    const { warnings } = readTracing({ ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' });
    expect(JSON.stringify(warnings)).not.toContain('hunter2');
  });
});
