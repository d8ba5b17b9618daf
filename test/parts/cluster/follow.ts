import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ControlPlaneAccess } from '../control-plane-access.ts';
import { NoUseWaitingError } from '../eventually.ts';

/** All objects of one kind in one namespace, as the API server tells of them. */
export interface Followed<T> {
  /** As of now; an object that changes is another one. Throws where one could not be understood. */
  all(): readonly T[];
  stop(): void;
}

export interface FollowOptions<T> {
  readonly api: ControlPlaneAccess;
  /** Of the list, without a query. */
  readonly path: string;
  readonly parse: (object: unknown) => T;
  /** Told of every object that is there, and of every change. */
  readonly onChange?: (object: T) => void;
}

const List = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(z.unknown()) });
const Line = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});
const Named = z.object({ metadata: z.object({ name: z.string() }) });
const AGAIN_MS = 500;

/**
 * Lists once and watches from then on, so that many tests can look often without asking the API server. Returns when the
 * list is there; begins anew whenever the watch ends.
 */
export async function follow<T>(options: FollowOptions<T>): Promise<Followed<T>> {
  const objects = new Map<string, T>();
  const stopped = new AbortController();
  let failure: Error | undefined;
  const put = (object: unknown): void => {
    const parsed = options.parse(object);
    objects.set(Named.parse(object).metadata.name, parsed);
    options.onChange?.(parsed);
  };
  const list = async (): Promise<string> => {
    const { metadata, items } = List.parse(await options.api.expectOk('GET', options.path));
    objects.clear();
    for (const item of items) put(item);
    return metadata.resourceVersion;
  };
  const take = (text: string): void => {
    try {
      const { type, object } = Line.parse(JSON.parse(text));
      if (type === 'ADDED' || type === 'MODIFIED') put(object);
      if (type === 'DELETED') objects.delete(Named.parse(object).metadata.name);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
  };
  const goOn = async (first: string): Promise<void> => {
    let version = first;
    while (!stopped.signal.aborted) {
      await watchOnce(options, version, { take, signal: stopped.signal });
      await sleep(AGAIN_MS);
      if (!stopped.signal.aborted) version = await list().catch(() => version);
    }
  };
  void goOn(await list());
  return {
    all: () => {
      if (failure !== undefined)
        throw new NoUseWaitingError(`an object of ${options.path}: ${failure.message}`);
      return [...objects.values()];
    },
    stop: () => stopped.abort(),
  };
}

/** Resolves when the watch has ended, for whatever reason. */
function watchOnce(
  { api, path }: Pick<FollowOptions<unknown>, 'api' | 'path'>,
  version: string,
  { take, signal }: { readonly take: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const url = new URL(`${path}?watch=true&resourceVersion=${version}`, api.url);
    const headers = { authorization: `Bearer ${api.admin.token}` };
    const outgoing = request(url, { ca: api.ca, headers, signal }, (incoming) => {
      incoming.on('error', () => resolve());
      incoming.on('close', () => resolve());
      createInterface({ input: incoming })
        .on('line', take)
        .on('error', () => resolve());
    });
    outgoing.on('error', () => resolve());
    outgoing.end();
  });
}
