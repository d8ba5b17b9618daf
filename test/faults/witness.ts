import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ControlPlaneAccess } from '../parts/control-plane-access.ts';

/** What a Deployment ran at one of its generations. */
export interface Sight {
  readonly generation: number;
  readonly image: string;
}

/** Sees every image that the Deployments of one namespace ever have, past Headwind and past all proxies. */
export interface Witness {
  /** Oldest first, one for each generation that was seen. */
  sightsOf(deployment: string): readonly Sight[];
  close(): void;
}

const Deployment = z.object({
  metadata: z.object({ name: z.string(), generation: z.number(), resourceVersion: z.string() }),
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string() })) }) }),
  }),
});
const List = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  items: z.array(Deployment),
});
const Event = z.union([
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: Deployment }),
  z.object({ type: z.literal('ERROR') }),
]);

const PAUSE_MS = 100;
/** A server that is stopped says nothing, for longer than any watch here should be without a look. */
const LONGEST_WATCH_SECONDS = 10;

/**
 * Lists once, then watches on from there, over every end of the connection. Where the API server has forgotten the
 * position it lists again: what it missed then shows as a generation that was not seen.
 */
export function startWitness(access: ControlPlaneAccess, namespace: string): Witness {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const sights = new Map<string, Sight[]>();
  const agent = new Agent({ ca: access.ca });
  const end = new AbortController();

  const see = ({ metadata, spec }: z.infer<typeof Deployment>): void => {
    const { name, generation } = metadata;
    const seen = sights.get(name) ?? [];
    sights.set(name, seen);
    if (seen.some((sight) => sight.generation >= generation)) return;
    seen.push({ generation, image: spec.template.spec.containers[0]?.image ?? '' });
  };

  const list = async (): Promise<string> => {
    const { metadata, items } = List.parse(await access.expectOk('GET', path));
    for (const item of items) see(item);
    return metadata.resourceVersion;
  };

  /** Answers from where to go on; undefined: from a new list. */
  const watch = async (from: string): Promise<string | undefined> => {
    let position = from;
    for await (const line of linesOf(`${path}?watch=true&resourceVersion=${from}`)) {
      const event = Event.parse(JSON.parse(line));
      if (event.type === 'ERROR') return undefined;
      see(event.object);
      position = event.object.metadata.resourceVersion;
    }
    return position;
  };

  async function* linesOf(what: string): AsyncGenerator<string> {
    const timed = `${what}&timeoutSeconds=${LONGEST_WATCH_SECONDS}`;
    const outgoing = request(new URL(timed, access.url), {
      agent,
      signal: end.signal,
      timeout: LONGEST_WATCH_SECONDS * 1500,
      headers: { authorization: `Bearer ${access.admin.token}`, accept: 'application/json' },
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('silence')));
    const answered = new Promise<AsyncIterable<string>>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => resolve(createInterface({ input: incoming })));
    });
    outgoing.end();
    yield* await answered;
  }

  const follow = async (): Promise<void> => {
    let position: string | undefined;
    while (!end.signal.aborted) {
      try {
        position = await watch(position ?? (await list()));
      } catch {
        // The API server is what breaks here; what was seen stays, and `position` too.
        await sleep(PAUSE_MS);
      }
    }
  };
  void follow();
  return {
    sightsOf: (deployment) => sights.get(deployment) ?? [],
    close() {
      end.abort();
      agent.destroy();
    },
  };
}
