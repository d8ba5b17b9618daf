import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createRecordingLog, type RecordingLog } from '../telemetry/recording-log.ts';
import type { ApiCall } from './api-call.ts';
import { KubernetesError, KubernetesUnreachableError } from './errors.ts';
import { createEventRecorder, type EventRecorder, type EventToRecord } from './events.ts';

let clock: FakeClock;
let recorded: RecordingLog;
let calls: ApiCall[];
let answers: (Error | Promise<unknown>)[];
let dropped: number;

beforeEach(() => {
  clock = new FakeClock();
  recorded = createRecordingLog();
  calls = [];
  answers = [];
  dropped = 0;
});

function aRecorder({ maxQueued, restMs = 0 }: { maxQueued?: number; restMs?: number } = {}): EventRecorder {
  return createEventRecorder({
    client: {
      request: (call) => {
        calls.push(call);
        const answer = answers.shift();
        if (answer instanceof Error) return Promise.reject(answer);
        const broken = new Promise((_resolve, reject) => {
          call.signal?.addEventListener('abort', () => reject(new Error('broken off')));
        });
        return answer === undefined ? Promise.resolve({}) : Promise.race([answer, broken]);
      },
    },
    clock,
    log: recorded.target('test'),
    onDropped: () => {
      dropped += 1;
    },
    maxQueued,
    restMs,
  });
}

const anEvent = (change: Partial<EventToRecord> = {}): EventToRecord => ({
  regarding: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u1' },
  type: 'Normal',
  reason: 'UpdateApplied',
  message: 'nginx:1.25 → nginx:1.26',
  ...change,
});

const refused = (status: number, retryAfterMs?: number): Error =>
  new KubernetesError({ message: 'no', status, retryAfterMs });

describe('recording an Event', () => {
  it('writes it beside its object', async () => {
    aRecorder().record(anEvent());
    await clock.advance(0);
    expect(calls).toMatchObject([
      {
        method: 'POST',
        path: '/api/v1/namespaces/shop/events',
        body: {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { namespace: 'shop', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) },
          involvedObject: anEvent().regarding,
          type: 'Normal',
          reason: 'UpdateApplied',
          message: 'nginx:1.25 → nginx:1.26',
          count: 1,
          firstTimestamp: '2026-01-01T00:00:00Z',
          lastTimestamp: '2026-01-01T00:00:00Z',
          source: { component: 'headwind' },
        },
      },
    ]);
    expect(clock.pending).toBe(0);
  });

  it('counts what is recorded several times before it is written', async () => {
    const recorder = aRecorder();
    for (let times = 0; times < 5; times += 1) recorder.record(anEvent());
    await clock.advance(0);
    expect(calls).toMatchObject([{ body: { count: 5 } }]);
  });

  it('lets it rest first, so that the update which it tells of is not held up by it', async () => {
    const recorder = aRecorder({ restMs: 250 });
    recorder.record(anEvent());
    await clock.advance(100);
    recorder.record(anEvent({ message: 'another' }));
    recorder.record(anEvent());
    await clock.advance(149);
    expect(calls).toEqual([]);
    await clock.advance(1);
    expect(calls).toMatchObject([{ body: { count: 2 } }]);
    await clock.advance(100);
    expect(calls).toMatchObject([{}, { body: { message: 'another' } }]);
    expect(clock.pending).toBe(0);
  });

  it('writes what is recorded just when it has run out of work', async () => {
    for (let steps = 0; steps < 20; steps += 1) {
      const recorder = aRecorder();
      const writing = Promise.withResolvers<unknown>();
      answers.push(writing.promise);
      calls = [];
      recorder.record(anEvent());
      await clock.advance(0);
      writing.resolve({});
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      recorder.record(anEvent({ message: 'another' }));
      await clock.advance(0);
      expect(calls.length, `after ${steps} steps`).toBe(2);
    }
  });

  it('counts up the one that is there, and writes a new one after half an hour', async () => {
    const recorder = aRecorder();
    recorder.record(anEvent());
    await clock.advance(60_000);
    recorder.record(anEvent());
    await clock.advance(0);
    expect(calls[1]).toMatchObject({
      method: 'PATCH',
      path: expect.stringMatching(/^\/api\/v1\/namespaces\/shop\/events\/web\./),
      contentType: 'application/merge-patch+json',
      body: { count: 2, lastTimestamp: '2026-01-01T00:01:00Z' },
    });
    recorder.record(anEvent({ message: 'another' }));
    await clock.advance(30 * 60_000);
    recorder.record(anEvent());
    await clock.advance(0);
    expect(calls.map((call) => call.method)).toEqual(['POST', 'PATCH', 'POST', 'POST']);
  });

  it('writes a new one when the old one was forgotten by the server', async () => {
    const recorder = aRecorder();
    recorder.record(anEvent());
    await clock.advance(0);
    answers.push(refused(404));
    recorder.record(anEvent());
    await clock.advance(0);
    expect(calls.map((call) => call.method)).toEqual(['POST', 'PATCH', 'POST']);
    expect(calls[2]).toMatchObject({ body: { count: 1 } });
    expect(dropped).toBe(0);
  });

  it('tries again when the trouble is passing, as late as the server asks', async () => {
    answers.push(new KubernetesUnreachableError('no'), refused(429, 4_000), refused(500));
    aRecorder().record(anEvent());
    await clock.advance(499);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
    await clock.advance(4_000);
    expect(calls).toHaveLength(3);
    await clock.advance(2_000);
    expect(calls).toHaveLength(4);
    expect(dropped).toBe(0);
  });

  it('gives it up when the trouble stays, or is not passing', async () => {
    const recorder = aRecorder();
    for (let times = 0; times < 4; times += 1) answers.push(refused(500));
    recorder.record(anEvent());
    await clock.advance(60_000);
    expect(calls).toHaveLength(4);
    answers.push(refused(403));
    recorder.record(anEvent({ message: 'another' }));
    await clock.advance(0);
    expect(calls).toHaveLength(5);
    expect(dropped).toBe(2);
    expect(recorded.entries).toHaveLength(2);
  });

  it('drops what finds the queue full', async () => {
    const recorder = aRecorder({ maxQueued: 2 });
    answers.push(new Promise(() => {}));
    recorder.record(anEvent({ message: 'being written' }));
    await clock.advance(0);
    for (const message of ['1', '2', '2', '3']) recorder.record(anEvent({ message }));
    expect(dropped).toBe(1);
    const stopped = recorder.stop();
    await clock.advance(3_000);
    await stopped;
    expect(dropped).toBe(4);
  });

  it('shortens what the API server would refuse, without cutting a character', async () => {
    const name = `${'a'.repeat(229)}-b`;
    const recorder = aRecorder();
    recorder.record(anEvent({ message: 'ü'.repeat(2_000), regarding: { ...anEvent().regarding, name } }));
    await clock.advance(0);
    const [call] = calls;
    const text = JSON.stringify(call?.body);
    const message = text.match(/"message":"([^"]*)"/)?.[1] ?? '';
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_024);
    expect(message).toMatch(/^ü+…$/);
    expect(text.match(/"name":"(a+\.[0-9a-f]{16})"/)?.[1]?.length).toBeLessThanOrEqual(253);
  });
});

describe('stopping the recorder', () => {
  it('writes what is waiting and takes nothing more', async () => {
    const recorder = aRecorder();
    recorder.record(anEvent());
    recorder.record(anEvent({ message: 'another' }));
    await recorder.stop();
    recorder.record(anEvent({ message: 'too late' }));
    await clock.advance(0);
    expect(calls).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('does not let what is waiting rest any longer', async () => {
    const recorder = aRecorder({ restMs: 250 });
    recorder.record(anEvent());
    recorder.record(anEvent({ message: 'another' }));
    await clock.advance(10);
    await recorder.stop();
    expect(calls).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it('does not wait for a server that does not answer', async () => {
    const recorder = aRecorder();
    answers.push(new Promise(() => {}));
    recorder.record(anEvent());
    await clock.advance(0);
    const stopped = recorder.stop();
    await clock.advance(3_000);
    await stopped;
    expect(dropped).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
