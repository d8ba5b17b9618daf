import { LRUCache } from 'lru-cache';
import { toTimestamp, type Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { numberAt } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { NODE_NAME } from './node.ts';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** Writes Kubernetes Events in the name of a component; the same one again only counts up. */
export type WriteEvent = (regarding: ApiObject, event: EventText) => void;

/** How many different events are remembered for counting. */
const REMEMBERED = 1000;

/** Events of `component`, e.g. `kubelet`. */
export function createEventWriter(options: {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly component: string;
}): WriteEvent {
  const { store, clock, component } = options;
  const names = new LRUCache<string, string>({ max: REMEMBERED });

  const write = (regarding: ApiObject, event: EventText): void => {
    const namespace = regarding.metadata.namespace ?? 'default';
    const now = toTimestamp(clock.now());
    const key = JSON.stringify([regarding.metadata.uid, event]);
    const known = store.get('events', namespace, names.get(key) ?? '');
    if (known !== undefined) {
      store.update('events', { ...known, count: numberAt(known, 'count') + 1, lastTimestamp: now });
      return;
    }
    const created = store.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: `${regarding.metadata.name}.`, namespace },
      involvedObject: {
        apiVersion: regarding.apiVersion,
        kind: regarding.kind,
        name: regarding.metadata.name,
        ...(regarding.metadata.namespace === undefined ? {} : { namespace }),
        uid: regarding.metadata.uid,
        resourceVersion: regarding.metadata.resourceVersion,
      },
      ...event,
      source: { component, ...(component === 'kubelet' ? { host: NODE_NAME } : {}) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    });
    names.set(key, created.metadata.name);
  };

  return (regarding, event) => {
    try {
      write(regarding, event);
    } catch {
      // A namespace that is going away takes no more events; nobody waits for them.
    }
  };
}
