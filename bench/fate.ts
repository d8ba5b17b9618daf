import { z } from 'zod';
import { UpdateRequest } from '../src/core/update-request.ts';
import { requestsPath } from '../src/pipeline/request-store.ts';
import type { Stage } from './stage.ts';

/** What became of webhooks that were acknowledged. */
export interface Fate {
  /** Workloads that do not run the newest version that they were told of, or whose request for it is not Completed. */
  readonly lost: number;
  /** Workloads that were changed more often than they were told of a version, or have two requests for one version. */
  readonly twice: number;
  /** What there is of some of those, for a person. */
  readonly evidence: readonly string[];
}

const MOST_EVIDENCE = 10;

/** Workloads by name, each with the tags that it was told of, oldest first, which rise. */
export type Told = ReadonlyMap<string, readonly string[]>;

const Deployment = z.object({
  metadata: z.object({ name: z.string(), generation: z.number() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});

interface Standing {
  readonly generation: number;
  readonly image: string;
}

/** All annotated workloads by name: how often their spec was changed, and what their first container runs. */
export async function standings({ client, namespace }: Stage): Promise<ReadonlyMap<string, Standing>> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const found = new Map<string, Standing>();
  await readPages(client, path, (object) => {
    const { metadata, spec } = Deployment.parse(object);
    const image = spec.template.spec.containers[0]?.image ?? '';
    found.set(metadata.name, { generation: metadata.generation, image });
  });
  return found;
}

/** Judges by what stands in the cluster now, against what stood there before the first webhook. */
export async function judge(stage: Stage, told: Told, before: ReadonlyMap<string, Standing>): Promise<Fate> {
  const requests = new Map<string, { readonly image: string; readonly phase: string }[]>();
  await readPages(stage.client, requestsPath(stage.namespace), (object) => {
    const { spec, status } = UpdateRequest.parse(object);
    const { name } = spec.targetRef;
    requests.set(name, [...(requests.get(name) ?? []), { image: spec.newImage, phase: status.phase }]);
  });
  const after = await standings(stage);
  const fates = Array.from(told, ([name, tags]) => {
    const { generation = 0, image = '' } = after.get(name) ?? {};
    const own = requests.get(name) ?? [];
    const changes = generation - (before.get(name)?.generation ?? 0);
    const isDone = own.some((request) => request.image === image && request.phase === 'Completed');
    return {
      lost: !image.endsWith(`:${tags.at(-1)}`) || !isDone,
      twice: changes > new Set(tags).size || new Set(own.map((request) => request.image)).size < own.length,
      evidence: `${name} was told of ${tags.join(', ')}; ${changes} changes, runs ${image}; requests: ${own
        .map((request) => `${request.image} ${request.phase}`)
        .join(', ')}`,
    };
  });
  const bad = fates.filter(({ lost, twice }) => lost || twice);
  return {
    lost: bad.filter(({ lost }) => lost).length,
    twice: bad.filter(({ twice }) => twice).length,
    evidence: bad.slice(0, MOST_EVIDENCE).map(({ evidence }) => evidence),
  };
}

const Page = z.object({
  metadata: z.object({ continue: z.string().optional() }),
  items: z.array(z.unknown()),
});
const PAGE_SIZE = 500;

async function readPages(
  client: Stage['client'],
  path: string,
  onItem: (object: unknown) => void,
): Promise<void> {
  let next: string | undefined = '';
  while (next !== undefined) {
    const query = { limit: PAGE_SIZE, ...(next === '' ? {} : { continue: next }) };
    const page = Page.parse(await client.request({ method: 'GET', path, query }));
    for (const item of page.items) onItem(item);
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  }
}
