import type { Clock } from '../core/clock.ts';
import type { Rollout } from '../core/rollout.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubernetesClient } from './client.ts';
import { isAbsent } from './errors.ts';
import { readPages } from './pages.ts';
import { toRolloutPod, type RolloutPod } from './pod-facts.ts';
import { createReflector, type Reflector, type ReflectorEvent } from './reflector.ts';
import {
  revisionOf,
  toRollout,
  toRolloutHead,
  type PodHead,
  type Revision,
  type RolloutHead,
} from './rollout-head.ts';

export type RolloutTarget = Pick<Workload, 'kind' | 'apiVersion' | 'namespace' | 'name'>;

/** What can be said of a rollout right now. */
export type Sight =
  /** Too many others are followed; its turn comes. */
  | { readonly kind: 'in-line' }
  /** It is not known yet, or a watch is interrupted: what was known may be old. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'seen'; readonly rollout: Rollout };

/** Follows one workload and its pods, until it is released. */
export interface RolloutWatch {
  /** Throws what the client throws. */
  look(): Promise<Sight>;
  release(): void;
}

export interface RolloutWatches {
  /** `onChange` is called whenever there may be something new to see. */
  follow(target: RolloutTarget, onChange: () => void): RolloutWatch;
  /** Looks once, without following. Undefined if there is no such workload. Throws what the client throws. */
  readOnce(target: RolloutTarget): Promise<Rollout | undefined>;
  stop(): Promise<void>;
}

export interface RolloutWatchOptions {
  readonly client: Pick<KubernetesClient, 'request' | 'list' | 'stream'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onEvent: (event: ReflectorEvent) => void;
  /** How many workloads are followed at a time; 50 without it. */
  readonly maxFollowed?: number | undefined;
  /** How many are followed now, and how many wait for that. */
  readonly onCount?: ((followed: number, inLine: number) => void) | undefined;
}

/** Each needs two connections of its own. */
const MAX_FOLLOWED = 50;
const PAGE_SIZE = 100;
const MAX_PAGES = 10;

/** Follows the rollouts that somebody wants to know of, each once, and no more than some at a time. */
export function createRolloutWatches(options: RolloutWatchOptions): RolloutWatches {
  const max = options.maxFollowed ?? MAX_FOLLOWED;
  // In the order in which they were asked for; the first `max` of them are followed.
  const entries = new Map<string, Entry>();

  const admit = (): void => {
    let followed = 0;
    for (const entry of entries.values()) {
      if (followed >= max) break;
      followed += 1;
      if (entry.follower !== undefined) continue;
      entry.follower = createFollower(options, entry.target, () => tell(entry));
      tell(entry);
    }
    options.onCount?.(followed, entries.size - followed);
  };
  const tell = (entry: Entry): void => {
    for (const listener of entry.listeners) listener();
  };
  const ending = new Set<Promise<void>>();
  const end = (entry: Entry): void => {
    if (entry.follower === undefined) return;
    const stopping = entry.follower.stop().finally(() => ending.delete(stopping));
    ending.add(stopping);
  };

  return {
    follow(target, onChange) {
      const key = workloadKey(target);
      const entry = entries.get(key) ?? { target, listeners: new Set(), follower: undefined };
      entries.set(key, entry);
      // One of its own for each who follows, even if two bring the same function.
      const listener = (): void => onChange();
      entry.listeners.add(listener);
      admit();
      return {
        look: async () => (entry.follower === undefined ? { kind: 'in-line' } : entry.follower.look()),
        release() {
          entry.listeners.delete(listener);
          if (entry.listeners.size > 0 || entries.get(key) !== entry) return;
          entries.delete(key);
          end(entry);
          admit();
        },
      };
    },
    readOnce: (target) => readOnce(options.client, target),
    async stop() {
      for (const entry of entries.values()) end(entry);
      entries.clear();
      await Promise.all(ending);
    },
  };
}

interface Entry {
  readonly target: RolloutTarget;
  readonly listeners: Set<() => void>;
  follower: Follower | undefined;
}

interface Follower {
  look(): Promise<Sight>;
  stop(): Promise<void>;
}

function createFollower(options: RolloutWatchOptions, target: RolloutTarget, onChange: () => void): Follower {
  const heads = follow<RolloutHead>(options, onChange, {
    resource: pluralOf(target),
    path: collectionOf(target),
    query: { fieldSelector: `metadata.name=${target.name}` },
    project: (object) => toRolloutHead(target.kind, object),
  });
  let pods: Followed<RolloutPod> | undefined;
  let known: { readonly generation: number; readonly revision: Revision } | undefined;
  let stopped = false;

  const podsOf = (head: PodHead): Followed<RolloutPod> => {
    pods ??= follow<RolloutPod>(options, onChange, {
      resource: 'pods',
      path: podsPath(target.namespace),
      query: { labelSelector: head.selector },
      project: toRolloutPod,
    });
    return pods;
  };
  /** Looked up once for each template, and again while no pod belongs to what was found. */
  const currentRevision = async (
    head: PodHead,
    all: readonly RolloutPod[],
  ): Promise<Revision | undefined> => {
    const fits = all.some(({ ownerUid }) => ownerUid === known?.revision.ownerUid);
    if (known?.generation === head.generation && fits && head.kind !== 'StatefulSet') return known.revision;
    const revision = await revisionOf(options.client, head);
    known = revision === undefined ? undefined : { generation: head.generation, revision };
    return revision;
  };

  return {
    async look() {
      if (stopped || !heads.isCurrent()) return { kind: 'unknown' };
      const [head] = heads.reflector.values();
      if (head === undefined) return { kind: 'absent' };
      if (head.type === 'release') return { kind: 'seen', rollout: head };
      const followed = podsOf(head);
      if (!followed.isCurrent()) return { kind: 'unknown' };
      const revision = await currentRevision(head, [...followed.reflector.values()]);
      return { kind: 'seen', rollout: toRollout(head, revision, followed.reflector.values()) };
    },
    async stop() {
      stopped = true;
      await Promise.all([heads.reflector.stop(), pods?.reflector.stop()]);
    },
  };
}

interface Followed<T> {
  readonly reflector: Reflector<T>;
  /** Whether the list is complete and the watch that follows it has not failed: what is known is what is. */
  isCurrent(): boolean;
}

function follow<T>(
  options: RolloutWatchOptions,
  onChange: () => void,
  what: {
    readonly resource: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly project: (object: unknown) => T;
  },
): Followed<T> {
  let open = false;
  const { client, clock, random, log } = options;
  const reflector = createReflector<T>({
    ...what,
    client,
    clock,
    random,
    log,
    onChange,
    onEvent: (event) => {
      options.onEvent(event);
      if (RECOVERIES.has(event.event)) {
        open = true;
        onChange();
      } else if (INTERRUPTIONS.has(event.event)) open = false;
    },
  });
  // Whether the first list is complete is seen by `isCurrent`; that the end came before is no news.
  reflector.synced.catch(() => undefined);
  reflector.start();
  return { reflector, isCurrent: () => open };
}

// A watch begins where its list ended, even if nothing comes over it for long; one that ended well is opened again at once.
const RECOVERIES: ReadonlySet<ReflectorEvent['event']> = new Set(['listed', 'watch']);
const INTERRUPTIONS: ReadonlySet<ReflectorEvent['event']> = new Set([
  'list',
  'gone',
  'idle',
  'malformed',
  'failed',
]);

async function readOnce(
  client: Pick<KubernetesClient, 'request'>,
  target: RolloutTarget,
): Promise<Rollout | undefined> {
  let head: RolloutHead;
  try {
    const path = `${collectionOf(target)}/${encodeURIComponent(target.name)}`;
    head = toRolloutHead(target.kind, await client.request({ method: 'GET', path }));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
  if (head.type === 'release') return head;
  const pods: RolloutPod[] = [];
  await readPages(
    {
      client,
      path: podsPath(target.namespace),
      query: { labelSelector: head.selector },
      pageSize: PAGE_SIZE,
      maxPages: MAX_PAGES,
    },
    (item) => pods.push(toRolloutPod(item)),
  );
  return toRollout(head, await revisionOf(client, head), pods);
}

function collectionOf(target: RolloutTarget): string {
  return `/apis/${target.apiVersion}/namespaces/${encodeURIComponent(target.namespace)}/${pluralOf(target)}`;
}

function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
}

function pluralOf({ kind }: RolloutTarget): string {
  return `${kind.toLowerCase()}s`;
}
