import type { Fault } from './fault.ts';
import type { Policy } from './oracle.ts';
import { drawsOf, type Draws } from './random.ts';

/** A group of faults that cannot be there at the same time. */
export interface FaultGroup {
  readonly name: 'kubernetes' | 'processes' | 'registry';
  readonly faults: readonly Fault[];
}

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
}

export const FIRST_VERSION = '1.0.0';
const VERSIONS = ['0.9.0', '1.0.1', '1.0.2', '1.1.0', '1.2.0', '2.0.0'];
const POLICIES: readonly Policy[] = ['patch', 'minor', 'minor', 'major', 'all'];
const ACTION_MS = 2000;
const LASTS_MS = 2500;
/** A sender that never gives up, within a run. */
const PERSISTENT = 1000;

/**
 * Draws a run. Its first fault is the one whose turn it is, so that each comes up as often as every other one in a series;
 * a second one of another group comes in every third run.
 */
export function drawPlan(series: string, index: number, groups: readonly FaultGroup[]): Plan {
  const seed = `${series}.${index}`;
  const draws = drawsOf(seed);
  const turns = drawsOf(series).shuffled(groups.flatMap(({ faults }) => faults));
  const first = turns[index % turns.length];
  const others = groups.filter(({ faults }) => first !== undefined && !faults.includes(first));
  const partners = others.flatMap(({ faults }) => faults);
  const second = partners.length > 0 && draws.chance(1 / 3) ? draws.pick(partners) : undefined;
  const chosen = [first, second].filter((fault) => fault !== undefined);
  const isRegistryBroken = groups.some(
    ({ name, faults }) => name === 'registry' && chosen.some((fault) => faults.includes(fault)),
  );
  const workloads = Array.from({ length: draws.whole(2, 4) }, (_, number) =>
    drawWorkload(draws, `run-${index}-${number}`, isRegistryBroken),
  );
  return {
    seed,
    workloads,
    pushes: workloads.flatMap((workload) => drawPushes(draws, workload)),
    faults: chosen.map((fault, number) => ({
      fault,
      atMs: draws.whole(0, ACTION_MS),
      lastsMs: draws.whole(300, LASTS_MS),
      seed: `${seed}/${number}`,
    })),
  };
}

function drawWorkload(draws: Draws, name: string, isRegistryBroken: boolean): WorkloadPlan {
  const requireApproval = draws.chance(0.4);
  const eventSource = draws.pick(['webhook', 'webhook', 'polling', 'both'] as const);
  return {
    name,
    policy: draws.pick(POLICIES),
    requireApproval,
    // What a webhook tells may be denied by a registry that lies: then only a poll finds it afterwards.
    eventSource: isRegistryBroken && eventSource === 'webhook' ? 'both' : eventSource,
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
