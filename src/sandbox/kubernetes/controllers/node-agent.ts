import type { Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { stringAt } from '../json.ts';
import type { StoreEvent } from '../revision-log.ts';
import type { ObjectStore } from '../store.ts';
import { createEventWriter } from './event-writer.ts';
import { createImageStore, type PullImage } from './images.ts';
import { NODE_NAME } from './node.ts';
import type { Pace } from './pace.ts';
import { PodRun } from './pod-run.ts';

/** Addresses are handed out one after another in 10.244.0.0/16; nothing listens there. */
const POD_ADDRESSES = 65_000;

/** Runs every pod of the store on the one node. Answers the function that stops it. */
export function startNodeAgent(options: {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly pullImage: PullImage;
}): () => void {
  const { store, clock, pace } = options;
  const shared = {
    store,
    clock,
    pace,
    images: createImageStore(options.pullImage),
    schedulerEvent: createEventWriter({ store, clock, component: 'default-scheduler' }),
    kubeletEvent: createEventWriter({ store, clock, component: 'kubelet' }),
  };
  const runs = new Map<string, PodRun>();
  let addresses = 0;

  const run = (pod: ApiObject): void => {
    if (runs.has(pod.metadata.uid)) return;
    // A pod that was meant for another node would never start in a real cluster either.
    if (!['', NODE_NAME].includes(stringAt(pod, 'spec', 'nodeName'))) return;
    addresses = (addresses % POD_ADDRESSES) + 1;
    const ip = `10.244.${Math.floor(addresses / 256)}.${addresses % 256}`;
    runs.set(pod.metadata.uid, new PodRun(pod, ip, shared));
  };
  const end = (pod: ApiObject): void => {
    const known = runs.get(pod.metadata.uid);
    runs.delete(pod.metadata.uid);
    known?.announceEnd();
    known?.stop();
  };

  const unsubscribe = store.subscribe(({ type, resource, object }: StoreEvent) => {
    if (resource !== 'pods') return;
    if (type === 'DELETED') end(object);
    else if (type === 'ADDED') run(object);
  });
  for (const pod of store.list('pods')) run(pod);

  return () => {
    unsubscribe();
    for (const known of runs.values()) known.stop();
    runs.clear();
  };
}
