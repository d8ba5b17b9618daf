import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { mayLandOn, type Node, type Placement } from '../core/placement.ts';
import type { Platform } from '../core/platform.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubernetesClient } from './client.ts';
import { readPages } from './pages.ts';

export interface Nodes {
  /**
   * What the nodes are that pods with this placement (undefined: none) may land on, one entry for each node. Empty
   * where no node is known: there is none, Headwind may not list them, or the API server does not answer. Never rejects.
   */
  platformsFor(placement: Placement | undefined): Promise<readonly Platform[]>;
}

export interface NodesOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  /** How long a list is believed, in milliseconds; without it one minute. */
  readonly ttlMs?: number | undefined;
}

const TTL_MS = 60_000;
const PAGE_SIZE = 100;
/** Kubernetes is made for 5,000 nodes. */
const MAX_PAGES = 100;

const NodeObject = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).catch({}) }),
});

/** Reads the nodes when they are asked for, and then not again for a while: they change seldom and are asked for seldom. */
export function createNodes({ client, clock, log, ttlMs = TTL_MS }: NodesOptions): Nodes {
  let known: { readonly untilMs: number; readonly nodes: Promise<readonly Node[]> } | undefined;

  const read = async (): Promise<readonly Node[]> => {
    const nodes: Node[] = [];
    try {
      const options = { client, path: '/api/v1/nodes', pageSize: PAGE_SIZE, maxPages: MAX_PAGES };
      const { complete } = await readPages(options, (object) => nodes.push(...toNodes(object)));
      // Of half the nodes one cannot say where pods may not land.
      if (complete) return nodes;
      log.warn({ read: nodes.length }, 'there are too many nodes to know them all');
    } catch (error) {
      log.warn({ error }, 'the nodes cannot be listed: platforms are not compared');
    }
    return [];
  };

  return {
    async platformsFor(placement) {
      if (known === undefined || known.untilMs <= clock.elapsed())
        known = { untilMs: clock.elapsed() + ttlMs, nodes: read() };
      const nodes = await known.nodes;
      const within = placement === undefined ? nodes : nodes.filter((node) => mayLandOn(placement, node));
      return within.map(({ platform }) => platform);
    },
  };
}

function toNodes(object: unknown): readonly Node[] {
  const parsed = NodeObject.safeParse(object);
  if (!parsed.success) return [];
  // The kubelet writes both labels on its node, from 1.14 on, and keeps them right.
  const { name, labels } = parsed.data.metadata;
  const { 'kubernetes.io/os': os = '', 'kubernetes.io/arch': architecture = '' } = labels;
  // A node that does not say what it is might be anything.
  if (os === '' || architecture === '') return [];
  return [{ name, labels, platform: { os, architecture } }];
}
