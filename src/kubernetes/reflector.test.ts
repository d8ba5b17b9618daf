import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { type ScriptedApi, startScriptedApi } from '../../test/parts/scripted-api.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import type { ApiCall } from './api-call.ts';
import { createKubernetesClient, type KubernetesClient } from './client.ts';
import { KubernetesError } from './errors.ts';
import { metadataOf } from './object-metadata.ts';
import { createReflector, type Reflector, type ReflectorEvent, type ReflectorOptions } from './reflector.ts';

let api: ScriptedApi;
let client: KubernetesClient;
let clock: FakeClock;
let recorded: RecordingLog;
let calls: ApiCall[];
let changes: string[];
let events: ReflectorEvent[];
const started: Reflector<unknown>[] = [];

beforeEach(async () => {
  api = await startScriptedApi();
  const plain = createKubernetesClient({
    connection: { server: new URL(api.url), token: () => Promise.resolve(undefined) },
  });
  calls = [];
  client = {
    request: (call) => {
      calls.push(call);
      return plain.request(call);
    },
    list: (call, onItem, onHead) => {
      calls.push(call);
      return plain.list(call, onItem, onHead);
    },
    stream: (call) => {
      calls.push(call);
      return plain.stream(call);
    },
    close: () => plain.close(),
  };
  clock = new FakeClock();
  recorded = createRecordingLog();
  changes = [];
  events = [];
});

afterEach(async () => {
  for (const reflector of started.splice(0)) await reflector.stop();
  client.close();
  await api.close();
});

function follow(change: Partial<ReflectorOptions<string>> = {}): Reflector<string> {
  const reflector = createReflector<string>({
    client,
    path: '/apis/apps/v1/deployments',
    resource: 'deployments',
    project: (object) => metadataOf(object)?.resourceVersion,
    onChange: ({ type, key }) => changes.push(`${type} ${key}`),
    onEvent: (event) => events.push(event),
    clock,
    random: () => 0.5,
    log: recorded.target('test'),
    ...change,
  });
  started.push(reflector);
  reflector.start();
  return reflector;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `web-${index}`);
const watches = (): ApiCall[] => calls.filter((call) => call.query?.['watch'] === 'true');
/** Moves the clock a little at a time until something real has happened. */
const inTime = (what: string, check: () => boolean): Promise<unknown> =>
  eventually(
    async () => {
      await clock.advance(100);
      return check();
    },
    { what },
  );

describe('listing', () => {
  it('goes page by page, with the given query, and is synced after the last one', async () => {
    for (const name of names(1250)) api.put(name);
    const reflector = follow({ query: { labelSelector: 'team=a' } });
    await reflector.synced;
    expect(reflector.size).toBe(1250);
    expect(changes).toHaveLength(1250);
    expect(calls.slice(0, 3).map((call) => call.query)).toEqual([
      { labelSelector: 'team=a', limit: 500, continue: undefined },
      { labelSelector: 'team=a', limit: 500, continue: 't1' },
      { labelSelector: 'team=a', limit: 500, continue: 't2' },
    ]);
    await eventually(() => watches().length === 1, { what: 'the watch is open' });
    expect(watches()[0]?.query).toEqual({
      labelSelector: 'team=a',
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '1350',
      timeoutSeconds: 435,
    });
  });

  it('begins anew when it expires in the middle, and tells nothing twice', async () => {
    for (const name of names(30)) api.put(name);
    api.onPage = (page) => {
      if (page !== 1) return;
      api.remove('web-3');
      api.put('web-new');
      api.expireContinues();
    };
    const reflector = follow({ pageSize: 20 });
    await inTime('the list is complete', () => events.some(({ event }) => event === 'listed'));
    expect(events.filter(({ event }) => event === 'gone')).toHaveLength(1);
    expect(reflector.size).toBe(30);
    expect(new Set(changes).size).toBe(changes.length);
    expect(changes).toContain('remove shop/web-3');
    expect(changes).toContain('upsert shop/web-new');
  });

  it('may find nothing', async () => {
    await follow().synced;
    expect(changes).toEqual([]);
  });
});

describe('watching', () => {
  it('tells additions, changes and removals in their order, and answers what is there', async () => {
    const reflector = follow();
    await reflector.synced;
    api.put('a');
    api.put('b');
    api.put('a');
    api.remove('b');
    await eventually(() => changes.length === 4, { what: 'all is told' });
    expect(changes).toEqual(['upsert shop/a', 'upsert shop/b', 'upsert shop/a', 'remove shop/b']);
    expect([...reflector.values()]).toEqual(['103']);
    expect(reflector.get('shop/a')).toBe('103');
    expect(reflector.get('shop/b')).toBeUndefined();
    expect(reflector.lastContactMs()).toBe(clock.now());
  });

  it('resumes from the last bookmark, without a list', async () => {
    const reflector = follow({ idleTimeoutMs: 1_000 });
    await reflector.synced;
    await eventually(() => api.watchedFrom.length === 1, { what: 'the watch is open' });
    api.bookmark();
    await eventually(() => events.some(({ event }) => event === 'bookmark'), { what: 'the bookmark came' });
    api.compact();
    // The silence of the server, not of the network: the watchdog ends the watch and the position is still good.
    await inTime('the watch is opened again', () => api.watchedFrom.length === 2);
    expect(api.watchedFrom).toEqual(['100', '101']);
    expect(events.filter(({ event }) => event === 'list')).toHaveLength(1);
  });

  it('skips an object that cannot be read and goes on', async () => {
    const reflector = follow({
      project: (object) => {
        if (metadataOf(object)?.name === 'bad') throw new Error('no image');
        return 'fine';
      },
    });
    await reflector.synced;
    api.put('bad');
    api.put('good');
    await eventually(() => reflector.get('shop/good') === 'fine', { what: 'the good one is there' });
    expect(events).toContainEqual({
      resource: 'deployments',
      event: 'unparsable',
      key: 'shop/bad',
      error: new Error('no image'),
    });
    expect(calls.length).toBe(2);
  });

  it('goes on when the one who is told throws', async () => {
    const reflector = follow({
      onChange: ({ key }) => {
        throw new Error(`cannot take ${key}`);
      },
      onEvent: () => {
        throw new Error('cannot count');
      },
    });
    await reflector.synced;
    api.put('a');
    await eventually(() => reflector.size === 1, { what: 'the object is kept' });
    expect(recorded.entries.map((entry) => entry.message)).toContain('the handler of a change threw');
    expect(watches()).toHaveLength(1);
  });

  it('names objects as it is told to', async () => {
    const reflector = follow({ keyOf: ({ namespace, name }) => `Deployment/${namespace}/${name}` });
    await reflector.synced;
    api.put('a');
    await eventually(() => changes.length === 1, { what: 'it is told' });
    expect(changes).toEqual(['upsert Deployment/shop/a']);
  });
});

describe('pauses', () => {
  /** The pauses before each of the first attempts against a server that always answers `refused`. */
  async function pausesAfter(refused: Error, count: number): Promise<number[]> {
    let attempts = 0;
    const refuse = (): Promise<never> => {
      attempts += 1;
      return Promise.reject(refused);
    };
    const pauses: number[] = [];
    follow({ client: { list: refuse, stream: refuse }, random: () => 0 });
    while (pauses.length < count) {
      await clock.advance(0);
      const seen = attempts;
      const next = clock.nextInMs ?? 0;
      pauses.push(next);
      await clock.advance(next);
      expect(attempts).toBe(seen + 1);
    }
    return pauses;
  }
  const refusal = (status: number, retryAfterMs?: number): Error =>
    new KubernetesError({ message: 'no', status, retryAfterMs });

  it('grow to eight seconds when the server is in trouble', async () => {
    expect(await pausesAfter(refusal(500), 7)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
  });

  it('grow further when only a person can mend it', async () => {
    expect((await pausesAfter(refusal(403), 9)).slice(5)).toEqual([8000, 16_000, 30_000, 30_000]);
  });

  it('are at least as long as the server asks, within reason', async () => {
    expect(await pausesAfter(refusal(429, 5_000), 2)).toEqual([5_000, 5_000]);
    await started.pop()?.stop();
    expect(await pausesAfter(refusal(503, 86_400_000), 1)).toEqual([60_000]);
  });

  it('are logged once per streak, not once per attempt', async () => {
    await pausesAfter(refusal(500), 7);
    expect(recorded.entries.filter((entry) => entry.level === 'warn')).toHaveLength(1);
    expect(recorded.entries[0]?.fields).toMatchObject({
      resource: 'deployments',
      failures: 1,
      retryInMs: 250,
    });
  });
});

describe('stopping', () => {
  it('before the first list is complete: synced is rejected, and nobody has to listen', async () => {
    const reflector = follow({ client: { ...client, list: () => new Promise(() => {}) } });
    const stopped = reflector.stop();
    await expect(reflector.synced).rejects.toThrow('the reflector of deployments was stopped');
    started.pop();
    // A client that ignores the signal is not the reflector's fault; a real one answers.
    void stopped;
  });

  it('before the start: it never starts', async () => {
    const reflector = createReflector<string>({
      client,
      path: '/x',
      resource: 'x',
      project: () => 'x',
      onChange: () => {},
      clock,
      random: () => 0,
      log: recorded.target('test'),
    });
    await reflector.stop();
    reflector.start();
    await clock.advance(1_000);
    expect(calls).toEqual([]);
  });

  it('twice, and in the middle of a pause', async () => {
    const reflector = follow({ client: { ...client, list: () => Promise.reject(new Error('no')) } });
    await clock.advance(0);
    expect(clock.pending).toBe(1);
    await Promise.all([reflector.stop(), reflector.stop()]);
    expect(clock.pending).toBe(0);
  });

  it('in the middle of a watch: neither timer nor connection stays', async () => {
    const reflector = follow();
    await reflector.synced;
    await eventually(() => api.openWatches === 1, { what: 'the watch is open' });
    await reflector.stop();
    expect(clock.pending).toBe(0);
    await eventually(() => api.openWatches === 0, { what: 'the connection is closed' });
  });
});
