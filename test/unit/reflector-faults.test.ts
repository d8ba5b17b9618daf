import { describe, expect, it } from 'vitest';
import { createKubernetesClient } from '../../src/kubernetes/client.ts';
import { metadataOf } from '../../src/kubernetes/object-metadata.ts';
import { createReflector, type Reflector, type ReflectorEvent } from '../../src/kubernetes/reflector.ts';
import { createRecordingLog } from '../../src/telemetry/recording-log.ts';
import { eventually } from '../parts/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../parts/fault-proxy.ts';
import { systemClock } from '../../src/system.ts';
import { type ScriptedApi, startScriptedApi } from '../parts/scripted-api.ts';

const RECOVERY_MS = 10_000;
const WATCHDOG_MS = 1_500;

interface Scene {
  readonly api: ScriptedApi;
  readonly proxy: FaultProxy;
  readonly reflector: Reflector<string>;
  /** What the reflector told, such as `upsert shop/web`. */
  readonly changes: string[];
  readonly events: ReflectorEvent['event'][];
}

/** Sets the scene (three objects, a proxy, a reflector that is not started), runs `act` and clears up. */
async function inScene(act: (scene: Scene) => Promise<void>): Promise<void> {
  const api = await startScriptedApi();
  for (const name of ['kept', 'changed', 'deleted']) api.put(name);
  const proxy = await startFaultProxy({ target: { server: new URL(api.url) } });
  const client = createKubernetesClient({
    connection: { server: new URL(proxy.url), token: () => Promise.resolve(undefined) },
  });
  const changes: string[] = [];
  const events: ReflectorEvent['event'][] = [];
  const reflector = createReflector<string>({
    client,
    path: '/apis/apps/v1/deployments',
    resource: 'deployments',
    project: (object) => metadataOf(object)?.resourceVersion,
    onChange: ({ type, key }) => changes.push(`${type} ${key}`),
    onEvent: ({ event }) => events.push(event),
    clock: systemClock,
    random: Math.random,
    log: createRecordingLog().target('test'),
    idleTimeoutMs: WATCHDOG_MS,
  });
  try {
    await act({ api, proxy, reflector, changes, events });
  } finally {
    await reflector.stop();
    client.close();
    await proxy.close();
    await api.close();
  }
}

interface Row {
  readonly fault: string;
  /** Switches the fault on, and off again where it lasts. */
  inject(scene: Scene): Promise<void> | void;
  /** Called between the events that nobody hears and the time from which recovery counts. */
  lift?(scene: Scene): Promise<void> | void;
  /** The most lists that the whole may cost, the first one included. */
  readonly lists: number;
  readonly tells: ReflectorEvent['event'];
}

const threeSeconds = async (): Promise<void> => {
  const endMs = Date.now() + 3_000;
  await eventually(() => Date.now() >= endMs, { what: 'three seconds are over' });
};

const rows: readonly Row[] = [
  {
    fault: '1 the server ends the watch',
    inject: ({ proxy }) => proxy.endWatches(),
    lists: 1,
    tells: 'closed',
  },
  {
    fault: '2 the TCP connection is destroyed',
    inject: ({ proxy }) => proxy.destroyWatches(),
    lists: 1,
    tells: 'failed',
  },
  {
    fault: '3 the watch answers 410 for three seconds',
    inject: ({ api, proxy }) => {
      api.compact();
      proxy.setWatchFault({ kind: 'gone' });
      proxy.endWatches();
    },
    lift: async ({ proxy }) => {
      await threeSeconds();
      proxy.setWatchFault(undefined);
    },
    lists: 8,
    tells: 'gone',
  },
  {
    fault: '4 the watch answers 500 for three seconds',
    inject: ({ proxy }) => {
      proxy.setWatchFault({ kind: 'status', status: 500 });
      proxy.endWatches();
    },
    lift: async ({ proxy }) => {
      await threeSeconds();
      proxy.setWatchFault(undefined);
    },
    lists: 1,
    tells: 'failed',
  },
  {
    fault: '5 the watch answers 429 with Retry-After',
    inject: ({ proxy }) => {
      proxy.setWatchFault({ kind: 'status', status: 429, retryAfterSeconds: 2 });
      proxy.endWatches();
    },
    lift: async ({ proxy }) => {
      const before = proxy.counts.watches;
      await eventually(() => proxy.counts.watches >= before + 2, { what: 'it was refused twice' });
      proxy.setWatchFault(undefined);
    },
    lists: 1,
    tells: 'failed',
  },
  {
    fault: '6 lists and watches answer 500, and the position is lost meanwhile',
    inject: ({ proxy }) => {
      proxy.setListFault({ kind: 'status', status: 500 });
      proxy.setWatchFault({ kind: 'gone' });
      proxy.endWatches();
    },
    lift: async ({ proxy }) => {
      await eventually(() => proxy.counts.lists >= 4, { what: 'a list was refused three times' });
      proxy.setListFault(undefined);
      proxy.setWatchFault(undefined);
    },
    lists: 7,
    tells: 'failed',
  },
  {
    fault: '7 the connection is half-open',
    inject: ({ proxy }) => proxy.silenceWatches(),
    lists: 1,
    tells: 'idle',
  },
  {
    fault: '8 a line is malformed',
    inject: ({ proxy }) => proxy.injectLine('{"type":"ADDED","object":{"metad'),
    lists: 2,
    tells: 'malformed',
  },
  {
    fault: '9 a watch is accepted and never answered',
    inject: ({ proxy }) => {
      proxy.setWatchFault({ kind: 'silent' });
      proxy.endWatches();
    },
    lift: async ({ proxy, events }) => {
      await eventually(() => events.includes('idle'), { what: 'the watch was given up' });
      proxy.setWatchFault(undefined);
    },
    lists: 1,
    tells: 'idle',
  },
  {
    fault: '10 every connection is refused for a while',
    inject: ({ proxy }) => {
      proxy.setListFault({ kind: 'destroy' });
      proxy.setWatchFault({ kind: 'destroy' });
      proxy.destroyWatches();
    },
    lift: async ({ proxy }) => {
      const before = proxy.counts.watches;
      await eventually(() => proxy.counts.watches >= before + 4, { what: 'it was refused four times' });
      proxy.setListFault(undefined);
      proxy.setWatchFault(undefined);
    },
    lists: 1,
    tells: 'failed',
  },
];

describe.concurrent('a reflector follows again by itself after a fault, misses nothing and does not storm', () => {
  it.each(rows)('$fault', (row) =>
    inScene(async (scene) => {
      const { api, proxy, reflector, changes, events } = scene;
      reflector.start();
      await reflector.synced;
      await eventually(() => proxy.openWatches === 1, { what: 'the watch is open' });
      expect(changes).toEqual(['upsert shop/kept', 'upsert shop/changed', 'upsert shop/deleted']);
      changes.length = 0;

      await row.inject(scene);
      api.remove('deleted');
      api.put('changed', { 'headwind.sh/policy': 'minor' });
      api.put('canary');
      await row.lift?.(scene);

      const liftedMs = Date.now();
      await eventually(() => reflector.get('shop/canary') !== undefined, {
        what: 'the canary arrives',
        timeoutMs: RECOVERY_MS,
      });
      expect(Date.now() - liftedMs).toBeLessThan(RECOVERY_MS);
      // A list tells in its own order, a watch in that of time; each change is told once, and `kept` never.
      await eventually(() => reflector.get('shop/deleted') === undefined, {
        what: 'the removal arrives',
        timeoutMs: RECOVERY_MS,
      });
      expect(changes.toSorted()).toEqual([
        'remove shop/deleted',
        'upsert shop/canary',
        'upsert shop/changed',
      ]);
      expect(events).toContain(row.tells);
      expect(proxy.counts.lists).toBeLessThanOrEqual(row.lists);

      api.put('later');
      await eventually(() => reflector.get('shop/later') !== undefined, {
        what: 'what comes later arrives too',
      });
      expect(reflector.size).toBe(4);
    }),
  );

  it('6 the first list answers 500', () =>
    inScene(async ({ api, proxy, reflector }) => {
      proxy.setListFault({ kind: 'status', status: 500 });
      reflector.start();
      await eventually(() => proxy.counts.lists >= 3, { what: 'it was refused three times' });
      proxy.setListFault(undefined);
      api.put('canary');
      await eventually(() => reflector.get('shop/canary') !== undefined, {
        what: 'the canary arrives',
        timeoutMs: RECOVERY_MS,
      });
      await reflector.synced;
      expect(proxy.counts.lists).toBeLessThanOrEqual(6);
    }));

  it('leaves nothing behind when it is stopped in the middle of a fault', () =>
    inScene(async ({ api, proxy, reflector }) => {
      reflector.start();
      await reflector.synced;
      await eventually(() => proxy.openWatches === 1, { what: 'the watch is open' });
      proxy.silenceWatches();
      await reflector.stop();
      await eventually(() => proxy.openWatches === 0, { what: 'the connection is closed' });
      const { lists, watches } = proxy.counts;
      api.put('late');
      expect(reflector.get('shop/late')).toBeUndefined();
      expect({ lists: proxy.counts.lists, watches: proxy.counts.watches }).toEqual({ lists, watches });
    }));
});
