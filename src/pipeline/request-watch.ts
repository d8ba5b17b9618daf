import type { UpdateRequest } from '../core/update-request.ts';
import { createReflector, type Reflector, type ReflectorOptions } from '../kubernetes/reflector.ts';
import { scopesOf } from '../kubernetes/workload-watch.ts';
import { readRequest } from './known-request.ts';
import { requestsPath } from './request-store.ts';
import type { ShardFeed } from './shard.ts';

export interface RequestWatchOptions extends Pick<
  ReflectorOptions<UpdateRequest>,
  'client' | 'clock' | 'random' | 'log' | 'onEvent'
> {
  /** Empty for all. */
  readonly namespaces: readonly string[];
  readonly feed: Pick<ShardFeed, 'observe' | 'forget'>;
  /** The request of this key as it is known already, from the answer to a write. */
  readonly known: (key: string) => UpdateRequest | undefined;
}

/** Follows all UpdateRequests: with one reflector, or one for each namespace where the operator is narrowed to some. */
export function createRequestWatch({
  namespaces,
  feed,
  known,
  ...watching
}: RequestWatchOptions): readonly Reflector<UpdateRequest>[] {
  return scopesOf(namespaces).map((namespace) =>
    createReflector<UpdateRequest>({
      ...watching,
      resource: 'updaterequests',
      path: requestsPath(namespace),
      project: (object) => readRequest(object, known),
      onChange: ({ type, item }) => (type === 'upsert' ? feed.observe(item) : feed.forget(item)),
    }),
  );
}
