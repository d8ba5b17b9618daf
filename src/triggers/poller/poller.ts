import type { Clock } from '../../core/clock.ts';
import { parseImageReference, repositoryKey, type Repository } from '../../core/image-reference.ts';
import { isLeftOutBySource } from '../../core/poll-wish.ts';
import type { Workload } from '../../core/workload.ts';
import { backoffDelay } from '../../scheduling/backoff.ts';
import { inSpan } from '../../telemetry/trace.ts';
import { createWorkQueue, type Outcome, type WorkFailure } from '../../scheduling/work-queue.ts';
import { askFor, type PollAnswers, type PolledRegistry, type PollTrouble } from './ask.ts';
import { createGroups, type GroupsOptions, type PollGroup, type PollMember } from './groups.ts';

/** What a poll found out, for whoever decides. */
export interface PollResult extends Omit<PollAnswers, 'list'> {
  readonly repository: Repository;
  readonly members: readonly PollMember[];
  /** Complete; `version` differs between two lists that differ. */
  readonly list: { readonly tags: readonly string[]; readonly version: string } | undefined;
}

export interface PollerOptions extends GroupsOptions {
  readonly catalog: GroupsOptions['catalog'] & { all(): Iterable<Workload> };
  readonly registry: PolledRegistry;
  /** Decides about what was found; `unresolved` counts the artifacts for which that has to be tried again. */
  readonly deliver: (result: PollResult) => Promise<{ readonly unresolved: number }>;
  /** The registry refused what this workload showed: it is to be read anew. */
  readonly forgetCredentials: (workload: Workload) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: {
    debug(fields: object, message: string): void;
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Told when a poll begins, with the number of artifacts that it is for. */
  readonly onBegin?: (artifacts: number) => void;
  /** Told of each poll that could not find out everything. */
  readonly onError?: () => void;
  /** Told of each workload that only its event source keeps from being polled, when it is seen. */
  readonly onLeftOut?: () => void;
  readonly onDepth?: (depth: number) => void;
}

export interface Poller {
  /** Begins to poll, everything for the first time within so many milliseconds (30 s): call it once the workloads are known. */
  start(withinMs?: number): void;
  /** Polls nothing more, until `start` is called again; what polls under way find out is dropped. */
  pause(): void;
  /** The interval for workloads that do not say is another one: plans what is now wanted sooner. */
  intervalChanged(): void;
  /** A workload is new, or has changed. */
  workloadChanged(workload: Workload, before: Workload | undefined): void;
  workloadRemoved(workload: Workload): void;
  /** Ends the polls under way. */
  stop(): Promise<void>;
}

const POLLS_AT_ONCE = 32;
const PLANS_AT_ONCE = 8;
/** The first polls after a start are spread over this time, or over one interval where that is shorter. */
const SPREAD_MS = 30_000;
/** Each pause between two polls is up to this part shorter or longer, so that they do not fall into step. */
const JITTER = 0.1;
const FIRST_RETRY_MS = 5000;
/** A refused credential is mended by a person, who then waits for it. */
const LONGEST_RETRY_DENIED_MS = 60_000;
const LONGEST_RETRY_MS = 300_000;

/** What is remembered of a group between its polls; the same object for as long as there is the group. */
interface Standing {
  members: ReadonlySet<string>;
  /** The interval that its next poll was planned by, in milliseconds; undefined before the first poll. */
  plannedMs: number | undefined;
  /** When its last poll began, as `Clock.elapsed` counts. */
  polledAtMs: number;
  /** Of the last list that was had; undefined before the first. */
  version: number | undefined;
  /** Polls in a row that failed. */
  failures: number;
}

/**
 * Asks registries for news of the artifacts that listen to polling. Work is by group (groups.ts), so that a hundred
 * workloads on one repository cost one list. A group that failed is asked again with growing pauses, and not before the
 * registry wants to be.
 */
export function createPoller(options: PollerOptions): Poller {
  const { catalog, clock, random, log } = options;
  const findGroups = createGroups(options);
  // By repository, then by group. Invariant: holds exactly the groups that the last look at the repository found.
  const standings = new Map<string, Map<string, Standing>>();
  // Ends the polls of one run, from a start to a pause or a stop.
  let stopping = new AbortController();
  let running = false;
  let versions = 0;

  let spreadMs = SPREAD_MS;
  const spread = (intervalMs: number): number => random() * Math.min(intervalMs, spreadMs);
  const untilNext = (intervalMs: number): number => intervalMs * (1 - JITTER + 2 * JITTER * random());

  /** Looks again who wants what of a repository, and plans what is new or wanted sooner; not `polling`, which plans itself. */
  async function look(repository: string, polling?: string): Promise<readonly PollGroup[]> {
    const { signal } = stopping;
    const groups = await findGroups(repository);
    // The run has ended meanwhile: the next one looks for itself.
    if (signal.aborted) return [];
    const before = standings.get(repository) ?? new Map<string, Standing>();
    const known = new Set(before.values().flatMap(({ members }) => members));
    const now = new Map<string, Standing>();
    for (const group of groups) {
      const standing = before.get(group.key);
      if (group.key !== polling) planNext(group, standing, known);
      const members = new Set(group.members.map(({ key }) => key));
      const fresh = { members, plannedMs: undefined, polledAtMs: 0, version: undefined, failures: 0 };
      now.set(group.key, Object.assign(standing ?? fresh, { members }));
    }
    if (now.size === 0) standings.delete(repository);
    else standings.set(repository, now);
    return groups;
  }

  function planNext(
    { key, members, intervalMs }: PollGroup,
    standing: Standing | undefined,
    known: ReadonlySet<string>,
  ): void {
    if (standing === undefined) {
      // Whoever was in another group has got other credentials: those that were wrong may be right now.
      const moved = members.some((member) => known.has(member.key));
      polls.addAfter(key, moved ? 0 : spread(intervalMs));
      return;
    }
    if (members.some((member) => !standing.members.has(member.key))) polls.addAfter(key, spread(intervalMs));
    if (standing.plannedMs !== undefined && intervalMs < standing.plannedMs) {
      standing.plannedMs = intervalMs;
      polls.addAfter(key, Math.max(0, standing.polledAtMs + untilNext(intervalMs) - clock.elapsed()));
    }
  }

  async function plan(repository: string): Promise<Outcome> {
    if (running) await look(repository);
    return { kind: 'done' };
  }

  async function poll(key: string): Promise<Outcome> {
    const { signal } = stopping;
    if (!running) return { kind: 'done' };
    const repository = key.slice(0, key.lastIndexOf('#'));
    const group = (await look(repository, key)).find((found) => found.key === key);
    const standing = standings.get(repository)?.get(key);
    if (group === undefined || standing === undefined) return { kind: 'done' };
    standing.polledAtMs = clock.elapsed();
    options.onBegin?.(group.members.length);
    const polled = await inSpan(
      {
        name: 'poll',
        parent: 'nothing',
        facts: { 'container.image.name': repository, 'headwind.artifacts': group.members.length },
      },
      async (span) => {
        const answers = await askFor(group, options.registry, signal);
        // Answers that were broken off say nothing about the registry.
        if (signal.aborted) return undefined;
        const { unresolved } = await options.deliver(toResult(group, standing, answers));
        const trouble = worstOf(answers);
        if (trouble !== undefined || unresolved > 0) span.fail(trouble?.kind ?? 'unresolved');
        return { trouble, failed: trouble !== undefined || unresolved > 0 };
      },
    );
    if (polled === undefined) return { kind: 'done' };
    const { trouble, failed } = polled;
    const afterMs = failed ? pauseAfterFailure(group, standing, trouble) : pauseAfterSuccess(group, standing);
    standing.plannedMs = Math.max(afterMs, group.intervalMs);
    return { kind: 'requeue', afterMs };
  }

  function toResult(group: PollGroup, standing: Standing, answers: PollAnswers): PollResult {
    const { repository, members, key } = group;
    const { list, ...others } = answers;
    if (list === undefined) return { ...others, repository, members, list };
    if (!list.unchanged || standing.version === undefined) standing.version = versions += 1;
    return {
      ...others,
      repository,
      members,
      list: { tags: list.tags, version: `${key} ${standing.version}` },
    };
  }

  function pauseAfterSuccess({ key, intervalMs }: PollGroup, standing: Standing): number {
    if (standing.failures > 0)
      log.info({ group: key, failures: standing.failures }, 'a repository can be polled again');
    standing.failures = 0;
    return untilNext(intervalMs);
  }

  function pauseAfterFailure(group: PollGroup, standing: Standing, trouble: PollTrouble | undefined): number {
    standing.failures += 1;
    options.onError?.();
    const { failures } = standing;
    const { kind = 'cluster', message, retryAfterMs } = trouble ?? {};
    if (kind === 'denied') for (const { workload } of group.members) options.forgetCredentials(workload);
    const level = failures === 1 || failures % 10 === 0 ? 'warn' : 'debug';
    log[level]({ group: group.key, failures, why: kind, message }, 'a poll failed');
    // What the registry said for certain does not change by asking sooner.
    if (kind === 'missing' || kind === 'over-budget') return untilNext(group.intervalMs);
    const capMs = kind === 'denied' ? LONGEST_RETRY_DENIED_MS : longestRetry(group.intervalMs);
    const pauseMs = backoffDelay(failures, { baseMs: FIRST_RETRY_MS, capMs }, random);
    return Math.max(pauseMs, retryAfterMs ?? 0);
  }

  const common = {
    clock,
    random,
    onError: (failure: WorkFailure) => {
      options.onError?.();
      log.warn({ ...failure }, 'a poll could not be made');
    },
  };
  const plans = createWorkQueue({
    ...common,
    name: 'poll-plans',
    handle: plan,
    concurrency: PLANS_AT_ONCE,
  });
  const polls = createWorkQueue({
    ...common,
    name: 'polls',
    handle: poll,
    concurrency: POLLS_AT_ONCE,
    onDepth: options.onDepth,
  });
  const planFor = (workload: Workload): void => {
    for (const repository of repositoriesOf(workload)) plans.add(repository);
  };

  const pause = (): void => {
    running = false;
    stopping.abort(new Error('polling is stopping'));
    standings.clear();
  };

  return {
    start(withinMs = SPREAD_MS) {
      running = true;
      spreadMs = withinMs;
      stopping = new AbortController();
      for (const workload of catalog.all()) {
        planFor(workload);
        if (isLeftOutBySource(workload)) options.onLeftOut?.();
      }
    },
    workloadChanged(workload, before) {
      if (!running || (before !== undefined && pollingOf(before) === pollingOf(workload))) return;
      planFor(workload);
      if (before !== undefined) planFor(before);
      const leftOutBefore = before !== undefined && isLeftOutBySource(before);
      if (!leftOutBefore && isLeftOutBySource(workload)) options.onLeftOut?.();
    },
    workloadRemoved(workload) {
      if (running) planFor(workload);
    },
    pause,
    intervalChanged() {
      if (running) for (const workload of catalog.all()) planFor(workload);
    },
    async stop() {
      pause();
      await Promise.all([plans.stop(), polls.stop()]);
    },
  };
}

/** A repository that fails is not asked more often than one that answers, unless that is asked very seldom. */
function longestRetry(intervalMs: number): number {
  return Math.min(LONGEST_RETRY_MS, Math.max(LONGEST_RETRY_DENIED_MS, intervalMs));
}

/** The trouble that decides when to try again: one that may pass by itself before one that does not. */
function worstOf({ listTrouble, digestTroubles }: PollAnswers): PollTrouble | undefined {
  const troubles = [...(listTrouble === undefined ? [] : [listTrouble]), ...digestTroubles.values()];
  const kinds = ['denied', 'unavailable', 'over-budget', 'missing'];
  return troubles.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
}

function repositoriesOf(workload: Workload): ReadonlySet<string> {
  const keys = workload.artifacts.flatMap(({ type, image }) => {
    const reference = type === 'chart' ? undefined : parseImageReference(image);
    return reference?.ok === true ? [repositoryKey(reference.value.repository)] : [];
  });
  return new Set(keys);
}

/** What of a workload has to do with polling: its status changes often, this seldom. */
function pollingOf({ annotations, artifacts, pullSecrets, serviceAccount }: Workload): string {
  return JSON.stringify([annotations, artifacts, pullSecrets, serviceAccount]);
}
