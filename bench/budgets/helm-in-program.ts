import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { requestsPath } from '../../src/pipeline/request-store.ts';
import { eventually } from '../../test/parts/eventually.ts';
import { fluxObject, fluxPath, installFluxCrds } from '../../test/parts/flux-crds.ts';
import { awaitReady } from '../await-ready.ts';
import type { ClusterBudget, Row } from '../budget.ts';
import { startHelmRepository, type HelmRepository } from '../helm-repository.ts';
import { startLoopProbe } from '../loop-probe.ts';
import { forgetPeak, peakMb, settledMb } from '../process-usage.ts';
import type { Stage } from '../stage.ts';

const RELEASES = 10;
const NAMESPACE = 'bench-helm';
const SETTLE_MS = 8000;
const IDLE_MS = 3000;
const LIMIT_MB = 100;
const LIMIT_MS = 50;

export const helmInProgram: ClusterBudget = {
  kind: 'cluster',
  name: 'helm-in-program',
  title: 'A Helm index of 20 MB, in the built program',
  how: 'Ten HelmReleases of ten charts of one HelmRepository with an index of 20 MB, beside all the other workloads. They are created when the program has settled. From there to the last of ten UpdateRequests: the peak of `VmRSS` above what it was before, and the longest that a health check had to wait, by the clock. Floor: the longest that one waited while nothing was read.',
  sizes: [10_000],
  async measure(stage, size) {
    const repository = await startHelmRepository();
    try {
      await installFluxCrds(stage.cluster);
      return toRows(size, await readIndex(stage, repository));
    } finally {
      repository.stop();
      // Where the CRDs could not be installed there are none to delete: what went wrong is told, not this.
      await stage.cluster.request('DELETE', fluxPath('HelmRelease', NAMESPACE));
    }
  },
};

async function createReleases({ cluster }: Stage, url: string): Promise<void> {
  await cluster.request('POST', '/api/v1/namespaces', { metadata: { name: NAMESPACE } });
  const repository = fluxObject('HelmRepository', { name: 'charts', spec: { url, interval: '5s' } });
  await cluster.expectOk('POST', fluxPath('HelmRepository', NAMESPACE), repository);
  for (let chart = 0; chart < RELEASES; chart += 1) {
    const sourceRef = { kind: 'HelmRepository', name: 'charts' };
    const spec = { chart: `chart-${chart}`, version: `11.0.${chart % 7}`, sourceRef };
    const release = fluxObject('HelmRelease', {
      name: `release-${chart}`,
      annotations: { policy: 'minor', 'require-approval': 'true' },
      spec: { interval: '5s', chart: { spec } },
    });
    await cluster.expectOk('POST', fluxPath('HelmRelease', NAMESPACE), release);
  }
}

interface Reading {
  readonly idleMb: number;
  readonly peakMb: number;
  readonly idleWorstMs: number;
  readonly worstMs: number;
  readonly tookMs: number;
}

async function readIndex(stage: Stage, repository: HelmRepository): Promise<Reading> {
  const headwind = await stage.startHeadwind();
  try {
    await awaitReady(headwind);
    await sleep(SETTLE_MS);
    const idleMb = await settledMb(headwind.pid);
    const probe = startLoopProbe(`${headwind.urls.metrics}/livez`);
    await sleep(IDLE_MS);
    const idleWorstMs = await probe.worstMs();
    await forgetPeak(headwind.pid);
    await createReleases(stage, `${repository.url}/yaml`);
    await untilRequested(stage);
    const tookMs = performance.now() - (repository.firstAskedMs() ?? Number.NaN);
    const worstMs = await probe.worstMs();
    await probe.stop();
    return { idleMb, peakMb: await peakMb(headwind.pid), idleWorstMs, worstMs, tookMs };
  } finally {
    await headwind.stop();
  }
}

const List = z.object({ items: z.array(z.unknown()) });

async function untilRequested({ cluster }: Stage): Promise<void> {
  await eventually(
    async () => List.parse(await cluster.expectOk('GET', requestsPath(NAMESPACE))).items.length >= RELEASES,
    { what: `${RELEASES} updates of charts are requested`, timeoutMs: 60_000, everyMs: 20 },
  );
}

function toRows(size: number, { idleMb, peakMb, idleWorstMs, worstMs, tookMs }: Reading): readonly Row[] {
  const name = `Helm index of 20 MB, the program with ${size} workloads`;
  return [
    {
      what: `${name}: memory above idle`,
      value: Math.max(0, peakMb - idleMb),
      unit: 'MB',
      limit: { kind: 'at most', value: LIMIT_MB },
      floor: { what: 'the same process, idle', value: idleMb },
    },
    {
      what: `${name}: longest wait of a health check`,
      value: worstMs,
      unit: 'ms',
      limit: { kind: 'at most', value: LIMIT_MS },
      floor: { what: 'the same while nothing is read', value: idleWorstMs },
    },
    { what: `${name}: from asking for it to 10 requests`, value: tookMs, unit: 'ms' },
  ];
}
