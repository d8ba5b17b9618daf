import { ANNOTATION, parseAnnotations } from '../core/annotations.ts';
import { parseRequested } from '../core/artifact-reference.ts';
import type { Clock } from '../core/clock.ts';
import { judgeRelease } from '../core/health-release.ts';
import { judgePods, type Verdict } from '../core/health.ts';
import { traceparentOf } from '../core/request-trace.ts';
import { findOpenRollback } from '../core/rollback-request.ts';
import type { Rollout } from '../core/rollout.ts';
import { takenOver } from '../core/taken-over.ts';
import { requestKey, type UpdateRequest, type Verification } from '../core/update-request.ts';
import {
  endOfWatch,
  isUnderWatch,
  nextOfWatch,
  watchedStatus,
  type Settling,
  type WatchStep,
} from '../core/verification.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { createWorkQueue, type Outcome, type WorkFailure } from '../scheduling/work-queue.ts';
import { underTrace } from '../telemetry/trace.ts';
import type { Applier } from './apply.ts';
import type { AutomaticRollback } from './automatic-rollback.ts';
import { artifactKey, artifactKeyOf, type RequestStore } from './request-store.ts';
import { recordVerification } from './spans.ts';

/** What can be said of a rollout right now; see the room that follows pods. */
export type Sight =
  | { readonly kind: 'in-line' | 'unknown' | 'absent' }
  | { readonly kind: 'seen'; readonly rollout: Rollout };

export interface RolloutFollower {
  follow(
    target: Pick<Workload, 'kind' | 'apiVersion' | 'namespace' | 'name'>,
    onChange: () => void,
  ): { look(): Promise<Sight>; release(): void };
}

export interface VerifierOptions {
  readonly requests: RequestStore;
  readonly workloadOf: (key: string) => Workload | undefined;
  readonly applier: Pick<Applier, 'read'>;
  readonly rollouts: RolloutFollower;
  readonly rollback: AutomaticRollback;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of every verdict, and of every bad check that counts. */
  readonly onCheck: (kind: 'checked' | 'failed') => void;
  /** Told of what the watch has found out, whenever that has been written. */
  readonly onFound: (request: UpdateRequest, workload: Workload | undefined, step: FoundStep) => void;
  readonly onFailure: (failure: WorkFailure) => void;
  readonly onDepth: (depth: number) => void;
}

export type FoundStep = Pick<WatchStep, 'verification' | 'condition'>;

/** Watches over the rollouts of applied updates, and has those rolled back that fail. */
export interface Verifier {
  /** A workload is new, or has changed, or is gone. */
  workloadChanged(workload: Workload): void;
  /** Begins: call it once workloads and requests are known. */
  start(): void;
  /** Follows nothing any more, until `start` is called again. */
  pause(): void;
  stop(): Promise<void>;
}

const LOOKS_AT_ONCE = 8;
/** When to look again for what tells by itself when it is there. */
const LOOK_AGAIN_MS = 5_000;
const SOON_MS = 1_000;
const MAX_WRITES = 5;

/** What is remembered of a watch beside what stands in the request; a restart begins it anew. */
interface Memory {
  readonly watch: ReturnType<RolloutFollower['follow']>;
  settling: Settling | undefined;
  /** By which time of day it counts; undefined before the first look. */
  begun: Begun | undefined;
}

/** What the time of day was when the watch over one update began, less what `Clock.elapsed` says. */
interface Begun {
  /** When that update was made, as the workload says it. */
  readonly lastUpdate: string;
  readonly aheadMs: number;
}

/** Walks every rollout that is under watch from check to check: gather, judge (core/health), remember, act. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { requests, clock } = options;
  // Invariant: has an entry only for requests whose rollout is being watched.
  const memories = new Map<string, Memory>();
  // Rollouts that were under watch before this replica acted: only the time of day says since when.
  const carriedOver = new Set<string>();
  let acting = false;

  const queue = createWorkQueue({
    name: 'rollouts',
    handle: (key) => {
      const known = requests.get(key);
      return underTrace(known && traceparentOf(known), () => lookAt(key));
    },
    concurrency: LOOKS_AT_ONCE,
    clock,
    random: options.random,
    onError: options.onFailure,
    onDepth: options.onDepth,
  });
  const enqueue = (key: string): void => {
    if (acting) queue.add(key);
  };
  const unsubscribe = requests.subscribe((request) => {
    const key = requestKey(request);
    if (isUnderWatch(request) || memories.has(key)) enqueue(key);
    // What a rollback has come to decides what becomes of the requests that it takes back.
    for (const undone of request.spec.undoes ?? []) {
      const failed = requests.get(`${request.metadata.namespace}/${undone}`);
      if (failed !== undefined && isUnderWatch(failed)) enqueue(requestKey(failed));
    }
  });

  async function lookAt(key: string): Promise<Outcome> {
    if (!acting) {
      forget(key);
      return { kind: 'done' };
    }
    for (let writes = 0; writes < MAX_WRITES; writes += 1) {
      const request = requests.get(key);
      const verification = request?.status.verification;
      if (request === undefined || verification === undefined || !isUnderWatch(request)) {
        forget(key);
        return { kind: 'done' };
      }
      const outcome =
        verification.outcome === 'RollingBack'
          ? await rollBack(key, request, verification)
          : await watch(key, request, verification);
      if (outcome !== 'again') return outcome;
    }
    return { kind: 'retry', error: new Error('the request keeps changing') };
  }

  function forget(key: string): void {
    memories.get(key)?.watch.release();
    memories.delete(key);
    carriedOver.delete(key);
  }

  async function rollBack(
    key: string,
    request: UpdateRequest,
    verification: Verification,
  ): Promise<Outcome | 'again'> {
    forget(key);
    const progress = await options.rollback.ensure(request, verification);
    return progress.kind === 'given-up' ? write(request, progress.end) : progress;
  }

  async function watch(
    key: string,
    request: UpdateRequest,
    verification: Verification,
  ): Promise<Outcome | 'again'> {
    const siblings = requests.ofArtifact(artifactKeyOf(request));
    const workload = options.workloadOf(workloadKey(request.spec.targetRef));
    if (takenOver({ request, workload, siblings }) !== undefined) {
      // What we watch may be behind our own patch: whether somebody has taken over, the API server knows.
      const over = takenOver({ request, workload: await options.applier.read(request), siblings });
      if (over === undefined) return { kind: 'requeue', afterMs: SOON_MS };
      return write(request, endOfWatch(verification, 'HandsOff', { ...over, nowMs: clock.now() }));
    }
    if (workload === undefined) return { kind: 'done' };
    // While anything of it is being rolled back, its pods say nothing about the rest.
    if (othersOf(workload, request).some(({ open }) => open)) return { kind: 'requeue', afterMs: SOON_MS };
    const memory = remember(key, workload);
    // Its time runs while it is in line, too.
    timeOfWatch(memory, request, workload);
    const sight = await memory.watch.look();
    if (sight.kind !== 'seen') return { kind: 'requeue', afterMs: LOOK_AGAIN_MS };
    return judge({ request, workload, memory, verification, rollout: sight.rollout });
  }

  function remember(key: string, workload: Workload): Memory {
    const known = memories.get(key);
    if (known !== undefined) return known;
    const watch = options.rollouts.follow(workload, () => enqueue(key));
    const memory: Memory = { watch, settling: undefined, begun: undefined };
    memories.set(key, memory);
    return memory;
  }

  /**
   * The time of day as it was when the watch began, and even from there on: a rollout has the time that it was given, and
   * is not late because somebody sets the machine's clock. What begins while we act, we have begun a moment ago.
   */
  function timeOfWatch(memory: Memory, request: UpdateRequest, workload: Workload): number {
    const lastUpdate = workload.annotations[ANNOTATION.lastUpdate] ?? '';
    if (memory.begun?.lastUpdate !== lastUpdate) {
      const isOurs = memory.begun !== undefined || !carriedOver.has(requestKey(request));
      const atMs = (isOurs ? startOf(request, workload) : 0) || clock.now();
      memory.begun = { lastUpdate, aheadMs: atMs - clock.elapsed() };
    }
    return memory.begun.aheadMs + clock.elapsed();
  }

  async function judge(seen: Seen): Promise<Outcome | 'again'> {
    const { request, workload, memory, rollout } = seen;
    const { settings } = parseAnnotations(workload.annotations);
    const startedAtMs = startOf(request, workload);
    const nowMs = timeOfWatch(memory, request, workload);
    const verification = withRevision(seen);
    const verdict = attributed(verdictOf(seen, nowMs), request, othersOf(workload, request));
    if (verdict.health !== 'unseen') options.onCheck('checked');
    const changed = verdict.health === 'failing' && isAnotherTemplate(verification, rollout);
    if (changed) {
      const message = `Somebody else has changed the pod template since; ${verdict.message}`;
      return write(
        request,
        endOfWatch(verification, 'HandsOff', { reason: 'TemplateChanged', message, nowMs }),
      );
    }
    const { settling } = memory;
    const step = nextOfWatch({ verification, verdict, settling, settings, startedAtMs, nowMs });
    memory.settling = step.settling;
    if (step.counted) options.onCheck('failed');
    if (step.verification !== request.status.verification) return write(request, step);
    if (step.wakeAtMs === undefined) return { kind: 'done' };
    return { kind: 'requeue', afterMs: Math.max(SOON_MS / 10, step.wakeAtMs - nowMs) };
  }

  async function write(request: UpdateRequest, step: FoundStep): Promise<'again'> {
    const written = await requests.writeStatus(request, watchedStatus(request, step, clock.now()));
    if (written.ok) {
      const workload = options.workloadOf(workloadKey(request.spec.targetRef));
      options.onFound(written.value, workload, step);
      recordVerification(written.value, step.verification, clock.now());
    } else await requests.fetch(request.metadata.namespace, request.metadata.name);
    return 'again';
  }

  /** The other requests that decide how the same pods look: rollouts under watch, and rollbacks that are open. */
  function othersOf(workload: Workload, request: UpdateRequest): readonly Other[] {
    return workload.artifacts.flatMap(({ name }) => {
      const all = requests.ofArtifact(artifactKey(workload, name));
      const watched = all.some((other) => isUnderWatch(other) && other.metadata.uid !== request.metadata.uid);
      const open = findOpenRollback(all) !== undefined;
      return watched || open ? [{ container: name, open }] : [];
    });
  }

  return {
    workloadChanged(workload) {
      for (const { name } of workload.artifacts)
        for (const request of requests.ofArtifact(artifactKey(workload, name)))
          if (isUnderWatch(request)) enqueue(requestKey(request));
    },
    start() {
      acting = true;
      for (const request of requests.all()) {
        if (!isUnderWatch(request)) continue;
        carriedOver.add(requestKey(request));
        enqueue(requestKey(request));
      }
    },
    pause() {
      acting = false;
      for (const key of memories.keys()) forget(key);
      carriedOver.clear();
    },
    async stop() {
      acting = false;
      unsubscribe();
      await queue.stop();
      for (const key of memories.keys()) forget(key);
    },
  };
}

/** When the rollout began that is judged, as it is written down; 0 where it is not. */
function startOf({ status }: UpdateRequest, workload: Workload): number {
  const { lastUpdateMs = 0 } = parseAnnotations(workload.annotations).settings;
  return Math.max(Date.parse(status.startedAt ?? '') || 0, lastUpdateMs);
}

interface Seen {
  readonly request: UpdateRequest;
  readonly workload: Workload;
  readonly memory: Memory;
  readonly verification: Verification;
  readonly rollout: Rollout;
}

interface Other {
  readonly container: string;
  readonly open: boolean;
}

function verdictOf({ request, verification, rollout }: Seen, nowMs: number): Verdict {
  if (rollout.type === 'pods')
    return judgePods(rollout, { restartsBefore: verification.baseline.restarts ?? {}, nowMs });
  const wanted = parseRequested(request.spec, request.spec.newImage);
  return judgeRelease(rollout, wanted.ok ? (wanted.value.tag ?? '') : '');
}

/** Several containers of one pod are often updated together: each is blamed for its own trouble. */
function attributed(verdict: Verdict, request: UpdateRequest, others: readonly Other[]): Verdict {
  if (verdict.health !== 'failing' || verdict.containers.length === 0) return verdict;
  const { containers } = verdict;
  const ours = containers.includes(request.spec.containerName ?? '');
  const theirs = others.some(({ container }) => containers.includes(container));
  return ours || !theirs ? verdict : { health: 'unseen', message: verdict.message };
}

/** Remembers which revision is judged, anew after each update that Headwind itself applies to the workload. */
function withRevision({ verification, rollout, workload }: Seen): Verification {
  if (rollout.type !== 'pods' || rollout.revision === undefined) return verification;
  const lastUpdate = workload.annotations[ANNOTATION.lastUpdate] ?? '';
  if (verification.revision !== undefined && verification.revisionOf === lastUpdate) return verification;
  return { ...verification, revision: rollout.revision, revisionOf: lastUpdate };
}

function isAnotherTemplate({ revision }: Verification, rollout: Rollout): boolean {
  if (rollout.type !== 'pods' || rollout.revision === undefined || revision === undefined) return false;
  return rollout.revision !== revision;
}
