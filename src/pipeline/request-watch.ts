import { requestKey, UpdateRequest } from '../core/update-request.ts';
import { createReflector, type Reflector, type ReflectorOptions } from '../kubernetes/reflector.ts';
import { scopesOf } from '../kubernetes/workload-watch.ts';
import { requestsPath } from './request-store.ts';
import type { ShardFeed } from './shard.ts';

export interface RequestWatchOptions extends Pick<
  ReflectorOptions<UpdateRequest>,
  'client' | 'clock' | 'random' | 'log' | 'onEvent'
> {
  /** Empty for all. */
  readonly namespaces: readonly string[];
  readonly feed: Pick<ShardFeed, 'observe' | 'forget'>;
}

/** Follows all UpdateRequests: with one reflector, or one for each namespace where the operator is narrowed to some. */
export function createRequestWatch({
  namespaces,
  feed,
  ...watching
}: RequestWatchOptions): readonly Reflector<UpdateRequest>[] {
  return scopesOf(namespaces).map((namespace) =>
    createReflector<UpdateRequest>({
      ...watching,
      resource: 'updaterequests',
      path: requestsPath(namespace),
      project: (object) => UpdateRequest.parse(object),
      onChange: ({ type, item }) => (type === 'upsert' ? feed.observe(item) : feed.forget(requestKey(item))),
    }),
  );
}
