import { availableParallelism } from 'node:os';
import { applyLoad, toWire } from '../../test/parts/http-load.ts';
import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import type { ClusterBudget, Floor, Row } from '../budget.ts';
import { cpuSeconds, pinToOneCore, settledMb } from '../process-usage.ts';
import type { Stage } from '../stage.ts';
import { pushEnvelope } from '../webhook-body.ts';

const PATH = '/webhook/registry';
const CONNECTIONS = 64;
const DIFFERENT_BODIES = 1000;
/** Here and above the budget counts. */
const BUDGETED_SIZE = 10_000;
const LEAST_PER_SECOND = 5000;
/** What may come on top of the memory after warming up, in MB. */
const FLAT_WITHIN_MB = 10;

export const unmatchedWebhooks: ClusterBudget = {
  kind: 'cluster',
  name: 'unmatched-webhooks',
  title: 'Webhooks that match nothing',
  how: 'Pushes of repositories that no workload runs, 64 connections at once, the program kept on one core. Counted for each second of processor time, and by the clock. Memory is looked at after warming up and at the end. Floor: a bare `node:http` server that reads the body and answers 200, in turns.',
  sizes: [100, 1000, 10_000],
  async measure(stage, size) {
    const bare = await startBareProcess('server');
    const headwind = await stage.startHeadwind();
    try {
      await awaitReady(headwind);
      stage.progress('webhooks that match nothing, as fast as they are answered');
      const port = Number(new URL(headwind.urls.webhook).port);
      const { own, floor } = await saturateByTurns(
        { pid: headwind.pid, port },
        { pid: bare.pid, port: Number(bare.said) },
        paceAt(stage, size),
      );
      return toRows(size, own, floor);
    } finally {
      await headwind.stop();
      await bare.stop();
    }
  },
};

interface Server {
  readonly pid: number;
  /** On 127.0.0.1. */
  readonly port: number;
}

interface Turns {
  readonly warmUpMs: number;
  readonly turns: number;
  readonly turnMs: number;
}

function paceAt({ quick }: Stage, size: number): Turns {
  if (quick) return { warmUpMs: 2000, turns: 2, turnMs: 1000 };
  // Node.js compiles for good what was run 20,000 times: that is not over after a few seconds.
  return size >= BUDGETED_SIZE
    ? { warmUpMs: 12_000, turns: 4, turnMs: 3000 }
    : { warmUpMs: 3000, turns: 2, turnMs: 2000 };
}

interface Saturation {
  readonly answers: number;
  readonly cpuSeconds: number;
  readonly elapsedSeconds: number;
  readonly memoryBeforeMb: number;
  readonly memoryAfterMb: number;
}

/** By turns, so that whatever else the machine does meets both alike. */
async function saturateByTurns(
  own: Server,
  bare: Server,
  { warmUpMs, turns, turnMs }: Turns,
): Promise<{ readonly own: Saturation; readonly floor: Saturation }> {
  const servers = [own, bare];
  for (const { pid } of servers) if (availableParallelism() > 1) await pinToOneCore(pid);
  for (const server of servers) await loadFor(server, warmUpMs);
  const memoryBefore = await Promise.all(servers.map(({ pid }) => settledMb(pid)));
  const loads: Load[][] = [[], []];
  for (let turn = 0; turn < turns; turn += 1)
    for (const [index, server] of servers.entries()) loads[index]?.push(await loadFor(server, turnMs));
  const memoryAfter = await Promise.all(servers.map(({ pid }) => settledMb(pid)));
  const sum = (index: number): Saturation => {
    const total = (pick: (load: Load) => number): number =>
      (loads[index] ?? []).reduce((all, load) => all + pick(load), 0);
    return {
      answers: total(({ answers }) => answers),
      cpuSeconds: total(({ cpu }) => cpu),
      elapsedSeconds: total(({ elapsedMs }) => elapsedMs) / 1000,
      memoryBeforeMb: memoryBefore[index] ?? 0,
      memoryAfterMb: memoryAfter[index] ?? 0,
    };
  };
  return { own: sum(0), floor: sum(1) };
}

interface Load {
  readonly answers: number;
  /** Processor time that the server used, in seconds. */
  readonly cpu: number;
  readonly elapsedMs: number;
}

async function loadFor({ pid, port }: Server, durationMs: number): Promise<Load> {
  const requests = Array.from({ length: DIFFERENT_BODIES }, (_, index) => {
    const pushed = { host: 'registry.example.com', repository: `other/app-${index}`, tag: '2.0.0' };
    const headers = { 'Content-Type': 'application/json' };
    return toWire({ method: 'POST', path: PATH, headers, body: JSON.stringify(pushEnvelope(pushed)) });
  });
  const before = await cpuSeconds(pid);
  const result = await applyLoad({ port, requests, connections: CONNECTIONS, until: { durationMs } });
  const answers = result.statuses.get(200) ?? 0;
  if (answers !== result.answers) throw new Error(`not every webhook was accepted: ${show(result.statuses)}`);
  return { answers, cpu: (await cpuSeconds(pid)) - before, elapsedMs: result.elapsedMs };
}

function toRows(size: number, own: Saturation, bare: Saturation): readonly Row[] {
  const isBudgeted = size >= BUDGETED_SIZE;
  const at = `, ${size} workloads`;
  const of = 'workloads';
  const floor = (value: number): Floor => ({ what: 'a bare node:http server', value });
  const byCore = 'webhooks that match nothing, by one core';
  const memory = 'memory after webhooks that match nothing';
  return [
    {
      what: `${byCore}${at}`,
      value: own.answers / own.cpuSeconds,
      unit: '/s',
      ...(isBudgeted ? { limit: { kind: 'at least', value: LEAST_PER_SECOND } } : {}),
      floor: floor(bare.answers / bare.cpuSeconds),
      growth: { series: byCore, of, size },
    },
    {
      what: `the same by the clock, on one core${at}`,
      value: own.answers / own.elapsedSeconds,
      unit: '/s',
      floor: floor(bare.answers / bare.elapsedSeconds),
    },
    {
      what: `memory before, warmed up${at}`,
      value: own.memoryBeforeMb,
      unit: 'MB',
      floor: floor(bare.memoryBeforeMb),
    },
    {
      what: `memory after ${own.answers} more${at}`,
      value: own.memoryAfterMb,
      unit: 'MB',
      ...(isBudgeted
        ? {
            limit: { kind: 'at most', value: own.memoryBeforeMb + FLAT_WITHIN_MB },
            limitRule: `before + ${FLAT_WITHIN_MB}`,
          }
        : {}),
      floor: floor(bare.memoryAfterMb),
      growth: { series: memory, of, size },
    },
  ];
}

function show(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, count]) => `${count} × ${status}`).join(', ');
}
