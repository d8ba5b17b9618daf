import { z } from 'zod';
import type { KubernetesClient } from '../src/kubernetes/client.ts';

/** Follows one collection and tells when its objects are as somebody wants them. */
export interface Watcher {
  /**
   * Resolves with the moment (of `performance.now()`) at which the watch told that the object of this name fulfils the
   * condition. One object may be waited for once at a time.
   */
  when(name: string, condition: (object: unknown) => boolean): Promise<number>;
  stop(): Promise<void>;
}

const Event = z.object({
  type: z.string(),
  object: z.looseObject({ metadata: z.looseObject({ name: z.string().optional() }) }),
});
const List = z.object({ metadata: z.object({ resourceVersion: z.string() }) });

/** Starts to follow `path` from now on; throws where it cannot be watched. */
export async function startWatcher(
  client: KubernetesClient,
  path: string,
  nameOf: (object: z.infer<typeof Event>['object']) => string | undefined = ({ metadata }) => metadata.name,
): Promise<Watcher> {
  const waiting = new Map<
    string,
    { condition: (object: unknown) => boolean; resolve: (at: number) => void }
  >();
  const abort = new AbortController();
  const { metadata } = List.parse(await client.request({ method: 'GET', path, query: { limit: 1 } }));
  const lines = await client.stream({
    method: 'GET',
    path,
    query: { watch: 'true', resourceVersion: metadata.resourceVersion, timeoutSeconds: 3600 },
    signal: abort.signal,
  });
  const following = (async (): Promise<void> => {
    for await (const line of lines) {
      const at = performance.now();
      const { object } = Event.parse(JSON.parse(line));
      const name = nameOf(object) ?? '';
      const entry = waiting.get(name);
      if (entry?.condition(object) !== true) continue;
      waiting.delete(name);
      entry.resolve(at);
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return {
    when: (name, condition) => new Promise((resolve) => void waiting.set(name, { condition, resolve })),
    async stop() {
      abort.abort(new Error('seen enough'));
      await following;
    },
  };
}
