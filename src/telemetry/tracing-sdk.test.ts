import { createServer, type Server } from 'node:http';
import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRecordingLog } from './recording-log.ts';
import { inSpan } from './trace.ts';
import type { TracingSettings } from '../core/tracing-settings.ts';
import { startTracing, type RunningTracing } from './tracing-sdk.ts';

const PLAN: Omit<TracingSettings, 'endpoint'> = {
  protocol: 'http/protobuf',
  headers: {},
  compression: 'none',
  timeoutMs: 500,
  serviceName: 'headwind',
  resource: {},
  sampler: 'always_on',
  ratio: 1,
  queue: { delayMs: 60_000, exportTimeoutMs: 1000, maxSpans: 2, maxBatch: 512 },
};

let server: Server;
let status = 200;
let received = 0;
let endpoint = '';
let running: RunningTracing | undefined;

beforeEach(async () => {
  status = 200;
  received = 0;
  server = createServer((request, response) => {
    received += 1;
    request.resume().on('end', () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  endpoint =
    typeof address === 'object' && address != null ? `http://127.0.0.1:${address.port}/v1/traces` : '';
});
afterEach(async () => {
  await running?.stop(1000);
  server.closeAllConnections();
  await new Promise((resolve) => void server.close(resolve));
});

function start(change: Partial<TracingSettings> = {}): {
  tracing: RunningTracing;
  log: ReturnType<typeof createRecordingLog>;
} {
  const log = createRecordingLog();
  const tracing = startTracing({
    settings: { ...PLAN, endpoint, ...change },
    version: '1.2.3',
    log: log.target('headwind::tracing'),
  });
  running = tracing;
  return { tracing, log };
}

async function spans(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await inSpan({ name: 'poll' }, async () => undefined);
}

describe('what is lost', () => {
  it('is told: what the queue has no room for, also before anybody listens, and what cannot be exported', async () => {
    const { tracing, log } = start();
    status = 400;
    // Two are being exported, two wait for that, and for one there is no room.
    await spans(5);
    let lost = 0;
    tracing.onLost((count) => (lost += count));
    expect(lost).toBe(1);
    await tracing.stop(5000);
    expect(lost).toBe(5);
    expect(log.entries.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'traces cannot be exported' },
    ]);
  });

  it('is nothing where all is exported, and there is room again', async () => {
    const { tracing, log } = start({ queue: { ...PLAN.queue, delayMs: 1 } });
    const losses: number[] = [];
    tracing.onLost((lost) => losses.push(lost));
    for (let round = 1; round <= 3; round += 1) {
      await spans(2);
      await expect.poll(() => received).toBe(round);
    }
    await tracing.stop(5000);
    expect(losses).toEqual([]);
    expect(log.entries.map(({ message }) => message)).toEqual(['traces are exported']);
  });

  it('is not what was never to be recorded', async () => {
    const { tracing } = start({ sampler: 'always_off' });
    const losses: number[] = [];
    tracing.onLost((lost) => losses.push(lost));
    await spans(5);
    await tracing.stop(5000);
    expect([losses, received]).toEqual([[], 0]);
  });
});

it('ends: nothing is recorded afterwards', async () => {
  const { tracing } = start();
  await tracing.stop(5000);
  expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
});

it('warns of a certificate that cannot be read, and starts', () => {
  const variable = 'OTEL_EXPORTER_OTLP_CERTIFICATE';
  process.env[variable] = '/nowhere/ca.pem';
  const { log } = start();
  delete process.env[variable];
  expect(log.entries).toMatchObject([
    {
      level: 'warn',
      message: 'OpenTelemetry complains',
      fields: { complaint: expect.stringContaining('certificate') },
    },
    { message: 'traces are exported' },
  ]);
});
