import { parseRequested } from '../core/artifact-reference.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';

/** The update requests as they are, and what changes about them. */
export interface RequestSource {
  all(): Iterable<UpdateRequest>;
  get(key: string): UpdateRequest | undefined;
  subscribe(listener: (request: UpdateRequest, event: 'changed' | 'removed' | 'left') => void): () => void;
}

/** One change as it goes over the wire, without its number: that is `id`. */
export interface FeedEvent {
  readonly id: string;
  readonly namespace: string;
  /** Lines of a server-sent event, with the empty one at its end. */
  readonly text: string;
}

export interface UpdateFeed {
  /** The number of the last change. */
  readonly lastId: string;
  /** What has changed since; undefined where that is not known any more, or was never known here. */
  since(id: string): readonly FeedEvent[] | undefined;
  /** All requests as if each had just changed, one at a time. */
  all(): Iterable<Omit<FeedEvent, 'id'>>;
  listen(listener: (event: FeedEvent) => void): () => void;
  close(): void;
}

interface Change {
  readonly number: number;
  readonly namespace: string;
  /** There where the request is gone. */
  readonly deleted?: string;
}

const MAX_CHANGES = 1000;

/**
 * One subscription for however many listeners; each change is written out once, and only if somebody listens. `epoch`
 * tells the numbers of this process from those of others.
 */
export function createUpdateFeed(source: RequestSource, epoch: string): UpdateFeed {
  // Invariant: by request, oldest change first, at most MAX_CHANGES; all changes after `forgotten` are in it.
  const changes = new Map<string, Change>();
  const listeners = new Set<(event: FeedEvent) => void>();
  let last = 0;
  let forgotten = 0;

  const idOf = (number: number): string => `${epoch}-${number}`;
  const remember = (key: string, change: Change): void => {
    changes.delete(key);
    changes.set(key, change);
    if (changes.size <= MAX_CHANGES) return;
    for (const [oldest, { number }] of changes) {
      changes.delete(oldest);
      forgotten = number;
      return;
    }
  };

  const unsubscribe = source.subscribe((request, event) => {
    last += 1;
    const { namespace } = request.metadata;
    const text = event !== 'changed' || listeners.size > 0 ? toText(request, event) : '';
    remember(requestKey(request), {
      number: last,
      namespace,
      ...(event !== 'changed' && { deleted: text }),
    });
    for (const listener of listeners) listener({ id: idOf(last), namespace, text });
  });

  const replay = ([key, { number, namespace, deleted }]: [string, Change]): readonly FeedEvent[] => {
    const request = source.get(key);
    const text = request === undefined ? deleted : toText(request, 'changed');
    return text === undefined ? [] : [{ id: idOf(number), namespace, text }];
  };

  return {
    get lastId() {
      return idOf(last);
    },
    since(id) {
      const [, from, digits] = /^([\w-]{1,64})-(\d{1,15})$/.exec(id) ?? [];
      const number = Number(digits);
      if (from !== epoch || number < forgotten || number > last) return undefined;
      return [...changes].filter(([, change]) => change.number > number).flatMap(replay);
    },
    *all() {
      const keys = Array.from(source.all(), requestKey);
      for (const key of keys) {
        const request = source.get(key);
        if (request === undefined) continue;
        yield { namespace: request.metadata.namespace, text: toText(request, 'changed') };
      }
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: unsubscribe,
  };
}

function toText(request: UpdateRequest, event: 'changed' | 'removed' | 'left'): string {
  const name = event === 'changed' ? 'updated' : 'deleted';
  return `event: ${name}\ndata: ${JSON.stringify(toEventView(request))}\n\n`;
}

/** A request as pages have always been told of it. */
export function toEventView({ metadata, spec, status }: UpdateRequest): Readonly<Record<string, unknown>> {
  const isRejected = status.phase === 'Rejected';
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    resource_kind: spec.targetRef.kind,
    resource_name: spec.targetRef.name,
    current_image: spec.currentImage,
    new_image: spec.newImage,
    current_version: versionOf(spec, spec.currentImage),
    new_version: versionOf(spec, spec.newImage),
    policy: spec.policy,
    status: status.phase,
    created_at: metadata.creationTimestamp,
    approved_by: status.approvedBy ?? null,
    rejected_by: status.rejectedBy ?? null,
    rejection_reason: isRejected ? (status.message ?? null) : null,
  };
}

function versionOf(spec: UpdateRequest['spec'], text: string): string {
  const reference = parseRequested(spec, text);
  return reference.ok ? (reference.value.tag ?? reference.value.digest ?? '') : '';
}
