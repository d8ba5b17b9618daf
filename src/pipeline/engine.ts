import { settingsOf } from '../core/annotations.ts';
import { repositoryKeyOf } from '../core/artifact-reference.ts';
import type { Clock } from '../core/clock.ts';
import { invalidAnnotations } from '../core/decision.ts';
import { repositoryKey } from '../core/image-reference.ts';
import { isOpen } from '../core/open-requests.ts';
import type { Signal } from '../core/signal.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import type { Workload } from '../core/workload.ts';
import { allTold } from '../scheduling/afterwards.ts';
import { createWorkQueue, type Outcome, type WorkFailure } from '../scheduling/work-queue.ts';
import { currentTraceparent, underTrace } from '../telemetry/trace.ts';
import type { Advancer } from './advance.ts';
import type { Announcer } from './announce.ts';
import type { AcceptOutcome } from './outcome.ts';
import type { Proposer } from './propose.ts';
import { createRecentSignals } from './recent-signals.ts';
import { artifactKey, artifactKeyOf, type RequestStore } from './request-store.ts';
import { signalSpan } from './spans.ts';

export interface EngineOptions {
  readonly requests: RequestStore;
  readonly advancer: Pick<Advancer, 'advance'>;
  readonly proposer: Pick<Proposer, 'accept'>;
  /** Drops what is known of these artifacts: they are gone. */
  readonly forget: (artifacts: readonly string[]) => void;
  readonly announcer: Pick<Announcer, 'invalidAnnotations'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onFailure: (failure: WorkFailure) => void;
  readonly onDepth: (queue: 'requests' | 'signals', depth: number) => void;
  /** Told how long one look at a request took, in seconds. */
  readonly onReconciled: (seconds: number) => void;
}

export interface Engine {
  /** Records what the signals cause; what could not be recorded is tried again, besides being answered as unresolved. */
  accept(signals: readonly Signal[]): Promise<AcceptOutcome>;
  /** Has the request `namespace/name` looked at. */
  enqueue(key: string): void;
  /** A workload is new, or has changed. */
  workloadChanged(workload: Workload, before: Workload | undefined): void;
  workloadRemoved(workload: Workload): void;
  /** Whether a look at a request has not ended for so long that only a restart helps. */
  isStuck(): boolean;
  /** Begins to act: call it once workloads and requests are known. Before that it only records what signals cause. */
  start(): void;
  /** No longer acts, until `start` is called again; what is being applied is finished. */
  pause(): void;
  /** Somebody has set the clock: what waits for a time of day is looked at again. */
  clockSet(): void;
  stop(): Promise<void>;
}

const REQUESTS_AT_ONCE = 16;
const SIGNALS_AT_ONCE = 4;
const MAX_SIGNALS_KEPT = 10_000;
/** Every call in a look has a time limit of its own: nothing can take this long that will ever end. */
const STUCK_AFTER_MS = 600_000;

/** What makes requests move: every change of a request, a workload or the time leads to a look at the requests it concerns. */
export function createEngine(options: EngineOptions): Engine {
  const { requests, clock, random } = options;
  // Invariant: holds the signals whose keys are in the queue `signals`, and no more than MAX_SIGNALS_KEPT.
  const unresolved = new Map<string, { readonly signal: Signal; readonly traceparent: string | undefined }>();
  const recent = createRecentSignals(clock);
  let acting = false;

  // When each look that is under way began, as `Clock.elapsed` counts.
  const looking = new Map<string, number>();
  const lookAt = async (key: string): Promise<Outcome> => {
    if (!acting) return { kind: 'done' };
    const startedMs = clock.elapsed();
    looking.set(key, startedMs);
    try {
      return await options.advancer.advance(key);
    } finally {
      looking.delete(key);
      options.onReconciled((clock.elapsed() - startedMs) / 1000);
    }
  };
  const take = (signals: readonly Signal[]): Promise<AcceptOutcome> =>
    signalSpan(signals, () => options.proposer.accept(signals));
  const tryAgain = async (key: string): Promise<Outcome> => {
    const kept = unresolved.get(key);
    if (kept === undefined) return { kind: 'done' };
    const { signal, traceparent } = kept;
    const outcome = await underTrace(traceparent, () => take([signal]));
    if (outcome.unresolved > 0) return { kind: 'retry', error: new Error('the signal is still unresolved') };
    unresolved.delete(key);
    return { kind: 'done' };
  };
  const common = { clock, random, onError: options.onFailure };
  const requestQueue = createWorkQueue({
    ...common,
    name: 'requests',
    handle: lookAt,
    concurrency: REQUESTS_AT_ONCE,
    onDepth: (depth) => options.onDepth('requests', depth),
  });
  const signalQueue = createWorkQueue({
    ...common,
    name: 'signals',
    handle: tryAgain,
    concurrency: SIGNALS_AT_ONCE,
    onDepth: (depth) => options.onDepth('signals', depth),
  });

  const enqueue = (key: string): void => {
    if (acting) requestQueue.add(key);
  };
  const enqueueOpen = (candidates: Iterable<UpdateRequest>): void => {
    for (const request of candidates) if (isOpen(request)) enqueue(requestKey(request));
  };
  const openRequestsOf = (workload: Workload): readonly UpdateRequest[] =>
    workload.artifacts.flatMap(({ name }) => requests.ofArtifact(artifactKey(workload, name)));
  const siblingsOf = (request: UpdateRequest): readonly UpdateRequest[] =>
    requests.ofArtifact(artifactKeyOf(request));
  const unsubscribe = requests.subscribe((request, event) => {
    if (event === 'removed') enqueue(requestKey(request));
    // A request that is open may supersede its siblings; one that is finished concerns nobody.
    else if (isOpen(request)) enqueueOpen(siblingsOf(request));
  });
  const tellOfRecentSignals = (workload: Workload): void => {
    for (const artifact of workload.artifacts) {
      const repository = repositoryKeyOf(artifact);
      if (repository !== undefined) keep(recent.of(repository));
    }
  };
  const keep = (signals: readonly Signal[]): void => {
    for (const signal of signals) {
      if (unresolved.size >= MAX_SIGNALS_KEPT) return;
      const key = `${signal.source} ${repositoryKey(signal.repository)}:${signal.tag}`;
      unresolved.set(key, { signal, traceparent: currentTraceparent() });
      signalQueue.addAfter(key, 1000);
    }
  };

  return {
    enqueue,
    isStuck: () => looking.values().some((startedMs) => clock.elapsed() - startedMs > STUCK_AFTER_MS),
    async accept(signals) {
      recent.remember(signals);
      try {
        const outcome = await take(signals);
        if (outcome.unresolved > 0) keep(signals);
        // What has been created is acted upon before its sender is answered: an update is not to wait for that.
        if (outcome.created > 0) await allTold();
        return outcome;
      } catch (error) {
        keep(signals);
        throw error;
      }
    },
    workloadChanged(workload, before) {
      const problems = problemsOf(workload);
      if (problems !== undefined && problems !== (before === undefined ? undefined : problemsOf(before))) {
        options.announcer.invalidAnnotations(workload, problems);
      }
      if (before !== undefined)
        options.forget(keysOf(before).filter((key) => !keysOf(workload).includes(key)));
      enqueueOpen(openRequestsOf(workload));
      if (before === undefined || isNewlyResolved(workload, before)) tellOfRecentSignals(workload);
    },
    workloadRemoved(workload) {
      options.forget(keysOf(workload));
      enqueueOpen(openRequestsOf(workload));
    },
    start() {
      acting = true;
      enqueueOpen(requests.all());
    },
    pause() {
      acting = false;
    },
    clockSet() {
      if (acting) enqueueOpen(requests.all());
    },
    async stop() {
      acting = false;
      unsubscribe();
      await Promise.all([requestQueue.stop(), signalQueue.stop()]);
    },
  };
}

/** Where a release's chart comes from is known only when its source is. */
function isNewlyResolved(workload: Workload, before: Workload): boolean {
  const isKnown = ({ artifacts }: Workload): boolean =>
    artifacts.some(({ release }) => release?.repository !== undefined);
  return isKnown(workload) && !isKnown(before);
}

function keysOf(workload: Workload): readonly string[] {
  return workload.artifacts.map(({ name }) => artifactKey(workload, name));
}

function problemsOf(workload: Workload): string | undefined {
  const { problems } = settingsOf(workload);
  return problems.length === 0 ? undefined : invalidAnnotations(problems).message;
}
