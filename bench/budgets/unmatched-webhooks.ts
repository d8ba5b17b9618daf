import { availableParallelism } from 'node:os';
import { applyLoad, toWire } from '../../test/parts/http-load.ts';
import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import type { ClusterBudget, Row } from '../budget.ts';
import { cpuSeconds, pinToOneCore, settledMb } from '../process-usage.ts';
import type { Stage } from '../stage.ts';
import { pushEnvelope } from '../webhook-body.ts';

const PATH = '/webhook/registry';
const CONNECTIONS = 64;
const DIFFERENT_BODIES = 1000;
/** What may come on top of the memory after warming up, in MB. */
const FLAT_WITHIN_MB = 10;

export const unmatchedWebhooks: ClusterBudget = {
  kind: 'cluster',
  name: 'unmatched-webhooks',
  title: 'Webhooks that match nothing',
  sizes: [1000],
  async measure(stage) {
    const bare = await startBareProcess('server');
    const headwind = await stage.startHeadwind();
    try {
      await awaitReady(headwind);
      stage.progress('webhooks that match nothing, as fast as they are answered');
      const floor = await saturate(stage, { pid: bare.pid, port: Number(bare.said) });
      const port = Number(new URL(headwind.urls.webhook).port);
      const own = await saturate(stage, { pid: headwind.pid, port });
      return toRows(floor, own);
    } finally {
      await headwind.stop();
      await bare.stop();
    }
  },
};

interface Saturation {
  /** Answers for each second of processor time, which on one core is each second. */
  readonly perCoreSecond: number;
  /** Answers for each second on the clock. */
  readonly perSecond: number;
  readonly total: number;
  readonly memoryBeforeMb: number;
  readonly memoryAfterMb: number;
}

async function saturate(stage: Stage, server: { pid: number; port: number }): Promise<Saturation> {
  if (availableParallelism() > 1) await pinToOneCore(server.pid);
  const requests = Array.from({ length: DIFFERENT_BODIES }, (_, index) => {
    const pushed = { host: 'registry.example.com', repository: `other/app-${index}`, tag: '2.0.0' };
    const headers = { 'Content-Type': 'application/json' };
    return toWire({ method: 'POST', path: PATH, headers, body: JSON.stringify(pushEnvelope(pushed)) });
  });
  const load = { port: server.port, requests, connections: CONNECTIONS };
  await applyLoad({ ...load, until: { durationMs: stage.quick ? 500 : 4000 } });
  const memoryBeforeMb = await settledMb(server.pid);
  const cpuBefore = await cpuSeconds(server.pid);
  const result = await applyLoad({ ...load, until: { durationMs: stage.quick ? 1000 : 12_000 } });
  const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
  const ok = result.statuses.get(200) ?? 0;
  if (ok !== result.answers) throw new Error(`not every webhook was accepted: ${show(result.statuses)}`);
  return {
    perCoreSecond: ok / cpu,
    perSecond: ok / (result.elapsedMs / 1000),
    total: ok,
    memoryBeforeMb,
    memoryAfterMb: await settledMb(server.pid),
  };
}

function toRows(floor: Saturation, own: Saturation): readonly Row[] {
  const bare = 'a bare node:http server';
  const after = `after ${own.total} more`;
  return [
    {
      what: 'webhooks that match nothing, by one core',
      value: own.perCoreSecond,
      unit: '/s',
      limit: { kind: 'at least', value: 5000 },
      floor: { what: bare, value: floor.perCoreSecond },
    },
    {
      what: 'the same by the clock, on one core',
      value: own.perSecond,
      unit: '/s',
      floor: { what: bare, value: floor.perSecond },
    },
    {
      what: 'memory before, warmed up',
      value: own.memoryBeforeMb,
      unit: 'MB',
      floor: { what: bare, value: floor.memoryBeforeMb },
    },
    {
      what: `memory ${after}`,
      value: own.memoryAfterMb,
      unit: 'MB',
      limit: { kind: 'at most', value: own.memoryBeforeMb + FLAT_WITHIN_MB },
      limitRule: `before + ${FLAT_WITHIN_MB}`,
      floor: { what: bare, value: floor.memoryAfterMb },
    },
  ];
}

function show(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
}
