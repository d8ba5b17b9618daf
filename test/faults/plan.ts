import type { Fault } from './fault.ts';
import type { Policy } from './oracle.ts';
import { drawsOf, type Draws } from './random.ts';

/** Faults of one group cannot be there at the same time. */
export type FaultGroups = Readonly<Record<'kubernetes' | 'processes' | 'registry', readonly Fault[]>>;

/**
 * How long after the last fault is healed everything has to be as it should. A leader that is gone is replaced after 5 s,
 * and what failed again and again meanwhile is tried again after pauses that grow to 20 s. Twice that is for busy machines.
 */
const CONVERGES_WITHIN_MS = 50_000;
/** A registry that failed several times is left alone for 30 s more, and its polls for 5 to 10 s after that. */
const AFTER_REGISTRY_MS = 80_000;

export interface WorkloadPlan {
  readonly name: string;
  readonly policy: Policy;
  readonly requireApproval: boolean;
  readonly eventSource: 'webhook' | 'polling' | 'both';
  readonly minIntervalSeconds: number;
  /** What a person says no to. */
  readonly rejects: readonly string[];
  /** The replica that the person begins with, 0 or 1. */
  readonly decidesAt: number;
  /** From when on a person wants the first version back, where one does. */
  readonly rollsBackAtMs: number | undefined;
}

export interface PushPlan {
  readonly workload: string;
  readonly tag: string;
  /** From the beginning of the run, in milliseconds. */
  readonly atMs: number;
  /** The replica that is told first, 0 or 1; the next attempt goes to the other one. */
  readonly toldTo: number;
  /** How often it is told before its sender gives up. */
  readonly attempts: number;
}

export interface FaultPlan {
  readonly fault: Fault;
  readonly atMs: number;
  /** How long it is there at least, in milliseconds; some know themselves when they are over. */
  readonly lastsMs: number;
  /** What the fault draws from. */
  readonly seed: string;
}

/** All that happens in a run. */
export interface Plan {
  readonly seed: string;
  readonly workloads: readonly WorkloadPlan[];
  readonly pushes: readonly PushPlan[];
  readonly faults: readonly FaultPlan[];
  readonly convergesWithinMs: number;
}

export const FIRST_VERSION = '1.0.0';
const VERSIONS = ['0.9.0', '1.0.1', '1.0.2', '1.1.0', '1.2.0', '2.0.0'];
const POLICIES: readonly Policy[] = ['patch', 'minor', 'minor', 'major', 'all'];
const ACTION_MS = 2000;
const LASTS_MS = 2500;
/** A sender that never gives up, within a run. */
const PERSISTENT = 1000;

/**
 * Draws a run. Its first fault is the one whose turn it is, so that in a series each fault of a group comes up as often as
 * the others; in every third run there is a second one, of another group.
 */
export function drawPlan(series: string, index: number, groups: FaultGroups): Plan {
  const seed = `${series}.${index}`;
  const draws = drawsOf(seed);
  const group = TURNS[index % TURNS.length] ?? 'kubernetes';
  const first = faultOfTurn(series, index, groups);
  const other = draws.pick(OTHERS[group]);
  const second = draws.chance(1 / 3) ? draws.pick(groups[other]) : undefined;
  const isRegistryBroken = group === 'registry' || (second !== undefined && other === 'registry');
  const workloads = Array.from({ length: draws.whole(2, isRegistryBroken ? 3 : 4) }, (_, number) =>
    drawWorkload(draws, `run-${index}-${number}`, eventSourceOf(draws, isRegistryBroken, number)),
  );
  return {
    seed,
    workloads,
    pushes: workloads.flatMap((workload) => drawPushes(draws, workload)),
    faults: [first, ...(second === undefined ? [] : [second])].map((fault, number) => ({
      fault,
      atMs: draws.whole(0, ACTION_MS),
      lastsMs: draws.whole(300, LASTS_MS),
      seed: `${seed}/${number}`,
    })),
    convergesWithinMs: isRegistryBroken ? AFTER_REGISTRY_MS : CONVERGES_WITHIN_MS,
  };
}

/** Which group it is the turn of: the registry's faults cost more time, since it is left alone after them. */
const TURNS = ['kubernetes', 'processes', 'kubernetes', 'processes', 'registry'] as const;
const OTHERS: Readonly<Record<keyof FaultGroups, readonly (keyof FaultGroups)[]>> = {
  kubernetes: ['processes', 'processes', 'registry'],
  processes: ['kubernetes', 'kubernetes', 'registry'],
  registry: ['kubernetes', 'processes'],
};

function faultOfTurn(series: string, index: number, groups: FaultGroups): Fault {
  const group = TURNS[index % TURNS.length] ?? 'kubernetes';
  const before = Array.from({ length: index }, (_, at) => TURNS[at % TURNS.length]);
  const turn = before.filter((one) => one === group).length;
  const faults = drawsOf(`${series} ${group}`).shuffled(groups[group]);
  const fault = faults[turn % faults.length];
  if (fault === undefined) throw new Error(`there are no faults of the ${group}`);
  return fault;
}

/** While the registry is broken one workload needs it, and that is enough: polls of many close the door for all of them. */
function eventSourceOf(draws: Draws, isRegistryBroken: boolean, number: number): WorkloadPlan['eventSource'] {
  const drawn = draws.pick(['webhook', 'webhook', 'polling', 'both'] as const);
  if (!isRegistryBroken) return drawn;
  if (number > 0) return 'webhook';
  return drawn === 'webhook' ? 'both' : drawn;
}

function drawWorkload(draws: Draws, name: string, eventSource: WorkloadPlan['eventSource']): WorkloadPlan {
  const requireApproval = draws.chance(0.4);
  return {
    name,
    policy: draws.pick(POLICIES),
    requireApproval,
    eventSource,
    minIntervalSeconds: draws.whole(0, 1),
    rejects: draws.chance(0.2) ? [draws.pick(VERSIONS)] : [],
    decidesAt: draws.whole(0, 1),
    rollsBackAtMs: !requireApproval && draws.chance(0.4) ? draws.whole(0, ACTION_MS) : undefined,
  };
}

function drawPushes(draws: Draws, { name }: WorkloadPlan): readonly PushPlan[] {
  const tags = draws.shuffled(VERSIONS).slice(0, draws.whole(1, 4));
  return tags.map((tag) => ({
    workload: name,
    tag,
    atMs: draws.whole(0, ACTION_MS),
    toldTo: draws.whole(0, 1),
    attempts: draws.chance(0.75) ? PERSISTENT : draws.whole(1, 2),
  }));
}

/** For people: what happens when. */
export function describePlan({ seed, workloads, pushes, faults }: Plan): string {
  return [
    `seed ${seed}`,
    ...faults.map(({ fault, atMs, lastsMs }) => `at ${atMs} ms, for ${lastsMs} ms or longer: ${fault.name}`),
    ...workloads.map((one) => JSON.stringify(one)),
    ...pushes.map((one) => JSON.stringify(one)),
  ].join('\n');
}
