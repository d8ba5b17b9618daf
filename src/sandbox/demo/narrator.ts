import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { API_VERSION, PLURAL, requestKey, UpdateRequest, type Phase } from '../../core/update-request.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createReflector, type Reflector } from '../../kubernetes/reflector.ts';
import type { Log } from '../../telemetry/log.ts';
import { requestNews, shortImage, watchNews } from './request-news.ts';
import { rolloutView, troublesOf, type RolloutView, type Trouble } from './rollout-view.ts';
import type { Teller } from './teller.ts';

/** How many requests, workloads and troubles are remembered, so that each is told once. */
const REMEMBERED = 2000;

const ROLLOUTS = [
  { apiVersion: 'apps/v1', resource: 'deployments' },
  { apiVersion: 'apps/v1', resource: 'statefulsets' },
  { apiVersion: 'apps/v1', resource: 'daemonsets' },
  { apiVersion: 'helm.toolkit.fluxcd.io/v2', resource: 'helmreleases' },
] as const;

export interface NarratorOptions {
  readonly client: Pick<KubernetesClient, 'list' | 'stream'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly teller: Teller;
  /** The first request that waits for approval. */
  readonly onFirstPending: (request: UpdateRequest) => void;
}

/** Watches the Kubernetes API as any client does, and tells what happens there, until `stop`. */
export function startNarrator(options: NarratorOptions): { stop(): Promise<void> } {
  const reflectors: readonly Reflector<unknown>[] = [
    followRequests(options),
    ...ROLLOUTS.map((rollouts) => followRollouts(options, rollouts)),
    followPods(options),
  ];
  for (const reflector of reflectors) {
    // Whether the first list is complete is nobody's concern here, nor that the end came before.
    reflector.synced.catch(() => undefined);
    reflector.start();
  }
  return {
    stop: async () => {
      await Promise.all(reflectors.map(async (reflector) => reflector.stop()));
    },
  };
}

function followRequests({ teller, onFirstPending, ...common }: NarratorOptions): Reflector<unknown> {
  const phases = new LRUCache<string, Phase>({ max: REMEMBERED });
  const watched = new LRUCache<string, string>({ max: REMEMBERED });
  const tellOfWatch = (key: string, request: UpdateRequest): void => {
    const news = watchNews(request);
    if (news === undefined || watched.get(key) === news.message) return;
    watched.set(key, news.message);
    teller.tell(news);
  };
  let pendingSeen = false;
  return createReflector<UpdateRequest>({
    ...common,
    resource: PLURAL,
    path: `/apis/${API_VERSION}/${PLURAL}`,
    project: (object) => UpdateRequest.parse(object),
    onChange: ({ type, item }) => {
      const key = requestKey(item);
      const { phase } = item.status;
      if (type === 'remove') return;
      tellOfWatch(key, item);
      if (phases.get(key) === phase) return;
      phases.set(key, phase);
      teller.tell(requestNews(item));
      if (phase !== 'Pending' || !item.spec.requireApproval || pendingSeen) return;
      pendingSeen = true;
      onFirstPending(item);
    },
  });
}

function followRollouts(
  { teller, ...common }: NarratorOptions,
  { apiVersion, resource }: (typeof ROLLOUTS)[number],
): Reflector<unknown> {
  /** The images that each workload had when it was seen first, or when its last rollout was told. */
  const told = new LRUCache<string, string>({ max: REMEMBERED });
  const observe = ({ kind, namespace, name, images, settled }: RolloutView): void => {
    const key = `${namespace}/${name}`;
    const now = images.join(' ');
    const before = told.get(key);
    if (before === undefined || settled) told.set(key, now);
    if (before === undefined || before === now || !settled) return;
    const versions = images.map(shortImage).join(' and ');
    const fields = { namespace, workload: name, resource, images };
    teller.tell({
      event: 'rolled-out',
      tone: 'good',
      message:
        kind === 'HelmRelease'
          ? `${key}: Flux has installed ${versions}`
          : `${key}: all pods run ${versions} and are available`,
      fields,
    });
  };
  return createReflector<RolloutView>({
    ...common,
    resource,
    path: `/apis/${apiVersion}/${resource}`,
    project: rolloutView,
    onChange: ({ type, item }) => {
      if (type === 'upsert') observe(item);
    },
  });
}

function followPods({ teller, ...common }: NarratorOptions): Reflector<unknown> {
  const told = new LRUCache<string, true>({ max: REMEMBERED });
  return createReflector<readonly Trouble[]>({
    ...common,
    resource: 'pods',
    path: '/api/v1/pods',
    project: troublesOf,
    onChange: ({ type, item }) => {
      if (type === 'remove') return;
      for (const { namespace, pod, image, reason } of item) {
        const key = `${namespace} ${image} ${reason}`;
        if (told.has(key)) continue;
        told.set(key, true);
        teller.tell({
          event: 'container-in-trouble',
          tone: 'bad',
          message: `${namespace}/${pod}: ${reason} with ${shortImage(image)}`,
          fields: { namespace, pod, image, reason },
        });
      }
    },
  });
}
