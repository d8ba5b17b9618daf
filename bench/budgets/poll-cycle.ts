import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../test/parts/eventually.ts';
import { awaitReady } from '../await-ready.ts';
import { startBareProcess } from '../bare-process.ts';
import type { ClusterBudget, Row } from '../budget.ts';
import { startPolledRegistry, type PolledRegistry, type Question } from '../polled-registry.ts';
import type { Stage } from '../stage.ts';

/** Polls that Headwind makes at once; the registry is set to allow as many. */
const AT_ONCE = 32;
/** The shortest pause between two polls of one repository, as a part of the interval: jitter takes a tenth. */
const SHORTEST_PAUSE = 0.9;
const LONGEST_PAUSE = 1.1;
const PATIENCE_MS = 240_000;
/** Shorter than a client waits for an answer: else it would take the registry that holds its answers for one that is away. */
const INTERVAL_MS = 5000;

export const pollCycle: ClusterBudget = {
  kind: 'cluster',
  name: 'poll-cycle',
  title: 'A poll cycle in which nothing has changed',
  how: 'As many repositories as stated, of one workload each, whose registry answers conditional questions with 304. It counts what it is asked: at most one question for each repository and cycle, each conditional. Then it answers nobody until all are due, and the time counts from there until all have been asked. Floor: a bare loop of as many conditional questions, 32 at once as Headwind does it.',
  sizes: [100, 1000, 10_000],
  async measure(stage, size) {
    const registry = await startPolledRegistry();
    const directory = await mkdtemp(join(tmpdir(), 'headwind-poll-'));
    try {
      const registryConfig = join(directory, 'registries.yaml');
      const limits = { insecure: true, requestsPerSecond: 10_000, concurrency: AT_ONCE };
      await writeFile(registryConfig, JSON.stringify({ hosts: { [registry.host]: limits } }));
      await stage.polledDeployments(registry.host, size);
      return toRows(size, await measureCycles(stage, { registry, size, registryConfig }));
    } finally {
      await stage.polledDeployments(registry.host, 0);
      await registry.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

interface Scene {
  readonly registry: PolledRegistry;
  /** Repositories, of one workload each. */
  readonly size: number;
  readonly registryConfig: string;
}

interface Cycles {
  /** The most questions for one repository within one of its cycles. */
  readonly mostAtOnce: number;
  /** Questions after the first cycle that were not conditional. */
  readonly unconditional: number;
  /** From the moment at which all are due until all are answered. */
  readonly allDueMs: number;
  readonly bareMs: number;
}

async function measureCycles(stage: Stage, scene: Scene): Promise<Cycles> {
  const { registry, size, registryConfig } = scene;
  const headwind = await stage.startHeadwind({
    env: {
      HEADWIND_NAMESPACES: stage.pollNamespace,
      HEADWIND_POLLING_ENABLED: 'true',
      HEADWIND_POLLING_INTERVAL: `${INTERVAL_MS / 1000}s`,
      HEADWIND_REGISTRY_CONFIG: registryConfig,
    },
  });
  try {
    await awaitReady(headwind);
    stage.progress(`${size} repositories are polled every ${INTERVAL_MS / 1000} s`);
    await untilAllAsked(scene);
    // From here on nothing changes.
    registry.forget();
    await untilAllAsked(scene);
    const later = registry.questions();
    const bareBefore = await bareLoopMs(scene);
    const allDueMs = await drainMs(scene);
    const bareAfter = await bareLoopMs(scene);
    return {
      mostAtOnce: mostWithin(later, INTERVAL_MS * SHORTEST_PAUSE),
      unconditional: later.filter(({ conditional }) => !conditional).length,
      allDueMs,
      bareMs: (bareBefore + bareAfter) / 2,
    };
  } finally {
    await headwind.stop();
  }
}

/** Waits until each repository has been asked for since the registry forgot the last time. */
async function untilAllAsked({ registry, size }: Scene, everyMs = 50): Promise<void> {
  await eventually(() => registry.repositories() >= size, {
    what: `all ${size} repositories are polled`,
    timeoutMs: PATIENCE_MS,
    everyMs,
  });
}

/** The registry answers nobody until every repository is due; then counts the time until all have been asked. */
async function drainMs(scene: Scene): Promise<number> {
  const letGo = scene.registry.hold();
  scene.registry.forget();
  await sleep(INTERVAL_MS * LONGEST_PAUSE);
  const startedMs = performance.now();
  letGo();
  await untilAllAsked(scene, 5);
  return performance.now() - startedMs;
}

/** The most questions for one repository within a time; those for no list count for all. */
function mostWithin(questions: readonly Question[], windowMs: number): number {
  const times = Map.groupBy(questions, ({ repository }) => repository);
  return Math.max(
    ...times.values().map((asked) => {
      let most = 0;
      let from = 0;
      for (const [index, { atMs }] of asked.entries()) {
        while ((asked[from]?.atMs ?? atMs) <= atMs - windowMs) from += 1;
        most = Math.max(most, index - from + 1);
      }
      return most;
    }),
  );
}

async function bareLoopMs({ registry, size }: Scene): Promise<number> {
  const loop = await startBareProcess('poll', { args: [registry.host, String(size), String(AT_ONCE)] });
  await loop.stop();
  return Number(loop.said);
}

function toRows(size: number, cycles: Cycles): readonly Row[] {
  const isBudgeted = size >= 1000;
  const name = `poll cycle of ${size} repositories, unchanged`;
  const atMost = (value: number): Pick<Row, 'limit'> =>
    isBudgeted ? { limit: { kind: 'at most', value } } : {};
  const series = 'poll cycle, all due at once';
  return [
    {
      what: `${name}: most questions for one`,
      value: cycles.mostAtOnce,
      unit: '',
      ...atMost(1),
      floor: { what: 'a bare loop of conditional requests', value: 1 },
    },
    {
      what: `${name}: questions that are not conditional`,
      value: cycles.unconditional,
      unit: '',
      ...atMost(0),
    },
    {
      what: `${name}: all due at once`,
      value: cycles.allDueMs,
      unit: 'ms',
      floor: { what: `a bare loop of conditional requests, ${AT_ONCE} at once`, value: cycles.bareMs },
      growth: { series, of: 'repositories', size },
    },
  ];
}
