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
      project: (object) => once(UpdateRequest.parse(object), known),
      onChange: ({ type, item }) => (type === 'upsert' ? feed.observe(item) : feed.forget(item)),
    }),
  );
}

/** What is known already in the place of the same version read again: who writes all of them would hold each twice. */
function once(request: UpdateRequest, known: RequestWatchOptions['known']): UpdateRequest {
  const { uid, resourceVersion } = request.metadata;
  const before = known(requestKey(request));
  const isSame = before?.metadata.uid === uid && before.metadata.resourceVersion === resourceVersion;
  return isSame ? before : request;
}
