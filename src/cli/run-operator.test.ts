import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createRecordingTerminal, type RecordingTerminal } from '../../test/parts/recording-terminal.ts';
import type { Environment } from '../config/problem.ts';
import type { Connection } from '../kubernetes/connection.ts';
import { UsageError } from './exit.ts';
import {
  runOperator,
  type OperatorParts,
  type RunningOperator,
  type RunOperatorOptions,
} from './run-operator.ts';

const connection: Connection = {
  server: new URL('https://10.0.0.1:443'),
  token: () => Promise.resolve(undefined),
};

interface World {
  readonly events: EventEmitter;
  readonly terminal: RecordingTerminal;
  readonly clock: FakeClock;
  readonly exits: number[];
  /** `started`, `stopped`. */
  readonly happened: string[];
  readonly code: Promise<number>;
  /** Waits until the log holds this message. */
  logged(message: string): Promise<void>;
}

function runWith(
  options: Partial<RunOperatorOptions> & { env?: Environment; operator?: Partial<RunningOperator> },
): World {
  const events = new EventEmitter();
  const terminal = createRecordingTerminal();
  const clock = new FakeClock();
  const exits: number[] = [];
  const happened: string[] = [];
  const code = runOperator({
    env: {},
    terminal,
    version: '1.2.3',
    clock,
    random: () => 0.5,
    events,
    exit: (exitCode) => exits.push(exitCode),
    readFile: () => Promise.reject(new Error('no file is read')),
    loadConnection: () => Promise.resolve(connection),
    startOperator: () => {
      happened.push('started');
      const stop = (): Promise<void> => {
        happened.push('stopped');
        return Promise.resolve();
      };
      return Promise.resolve({ stop, ...options.operator });
    },
    ...options,
  });
  const logged = async (message: string): Promise<void> => {
    await eventually(() => terminal.outLines.some((line) => line.includes(message)), { what: message });
  };
  return { events, terminal, clock, exits, happened, code, logged };
}

describe('the operator’s process', () => {
  it.each(['SIGTERM', 'SIGINT'])('stops what runs on %s and ends with 0', async (signal) => {
    const world = runWith({});
    await eventually(() => world.happened.length === 1, { what: 'the start' });
    world.events.emit(signal);
    expect(await world.code).toBe(0);
    expect(world.happened).toEqual(['started', 'stopped']);
    expect(world.clock.pending).toBe(0);
  });

  it('ends at once on a second signal', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const world = runWith({ operator: { stop: () => promise } });
    await eventually(() => world.happened.length === 1, { what: 'the start' });
    world.events.emit('SIGTERM');
    expect(world.exits).toEqual([]);
    world.events.emit('SIGTERM');
    expect(world.exits).toEqual([1]);
    resolve(undefined);
    await world.code;
  });

  it('does not wait for ever for work to end', async () => {
    const world = runWith({ operator: { stop: () => new Promise(() => {}) } });
    await eventually(() => world.happened.length === 1, { what: 'the start' });
    world.events.emit('SIGTERM');
    await eventually(() => world.clock.pending === 1, { what: 'the wait' });
    await world.clock.advance(25_000);
    expect(await world.code).toBe(0);
    expect(world.terminal.outLines.join()).toContain('did not end in time');
  });

  it('can be stopped while it starts', async () => {
    const { promise, resolve } = Promise.withResolvers<RunningOperator>();
    const stops: string[] = [];
    const world = runWith({ startOperator: () => promise });
    await world.logged('Kubernetes API found');
    world.events.emit('SIGINT');
    resolve({ stop: async () => void stops.push('stopped') });
    expect(await world.code).toBe(0);
    expect(stops).toEqual(['stopped']);
  });

  it.each<[string, Partial<RunOperatorOptions>]>([
    ['no API server is known', { loadConnection: () => Promise.reject(new Error('no kubeconfig')) }],
    ['a port is taken', { startOperator: () => Promise.reject(new Error('EADDRINUSE')) }],
  ])('ends with 1 where %s', async (_name, options) => {
    const world = runWith(options);
    expect(await world.code).toBe(1);
    expect(world.terminal.outLines.at(-1)).toContain('Headwind cannot start');
  });

  it('stops what is left and ends with 1 where the operator cannot go on', async () => {
    const world = runWith({ operator: { failed: Promise.resolve(new Error('a server died')) } });
    expect(await world.code).toBe(1);
    expect(world.happened).toEqual(['started', 'stopped']);
    expect(world.terminal.outLines.join()).toContain('a server died');
  });

  it.each(['uncaughtException', 'unhandledRejection'])(
    'reports %s as a bug, with its stack, and ends with 1',
    async (event) => {
      const world = runWith({});
      world.events.emit(event, new Error('secret https://bob:hunter2@x'));
      expect(world.exits).toEqual([1]);
      const line = world.terminal.outLines.at(-1) ?? '';
      expect(JSON.parse(line)).toMatchObject({
        level: 'ERROR',
        fields: { stack: expect.stringContaining('run-operator.test') },
      });
      expect(line).not.toContain('hunter2');
      world.events.emit('SIGTERM');
      await world.code;
    },
  );

  it('refuses bad settings, all at once, before anything is started', async () => {
    const world = runWith({ env: { HEADWIND_API_PORT: 'x', HEADWIND_UI_PORT: 'y' } });
    await expect(world.code).rejects.toThrow(UsageError);
    await expect(world.code).rejects.toThrow(/HEADWIND_API_PORT[^]*HEADWIND_UI_PORT/);
    expect(world.happened).toEqual([]);
  });

  it('hands over the secrets of webhooks, from the environment and from the file', async () => {
    const given: OperatorParts['webhookSecrets'][] = [];
    const world = runWith({
      env: { HEADWIND_WEBHOOK_SECRET: 'for-all', HEADWIND_WEBHOOK_SECRETS_FILE: '/s.yaml' },
      readFile: () => Promise.resolve('zot: for-zot'),
      startOperator: ({ webhookSecrets }) => {
        given.push(webhookSecrets);
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    });
    await eventually(() => given.length === 1, { what: 'the start' });
    expect(given).toMatchObject([{ common: ['for-all'], own: new Map([['zot', ['for-zot']]]) }]);
    world.events.emit('SIGTERM');
    await world.code;
  });

  it('refuses to start with files that cannot be used, and says so of all of them', async () => {
    const world = runWith({
      env: { HEADWIND_WEBHOOK_SECRETS_FILE: '/s.yaml', HEADWIND_REGISTRY_CONFIG: '/r.yaml' },
      readFile: () => Promise.resolve('zto: hunter2'),
    });
    const failure = await world.code.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure)).toMatch(/2 settings cannot be used:.*r\.yaml: zto.*s\.yaml: zto/s);
    expect(String(failure)).not.toMatch(/s\.yaml.*hunter2/);
    expect(world.happened).toEqual([]);
  });

  it('refuses to start with a file about registries that cannot be used', async () => {
    const world = runWith({
      env: { HEADWIND_REGISTRY_CONFIG: '/r.yaml' },
      readFile: async () => 'defaults: { concurrency: 0 }',
    });
    await expect(world.code).rejects.toThrow('/r.yaml: defaults.concurrency="0": expected a whole number');
    expect(world.happened).toEqual([]);
  });

  it('warns that nobody is asked who they are, and of variables that do nothing', async () => {
    const world = runWith({ env: { HEADWIND_VERIFY_IMAGE: 'never' } });
    world.events.emit('SIGTERM');
    await world.code;
    const warnings = world.terminal.outLines.filter((line) => line.includes('"WARN"')).join('\n');
    expect(warnings).toContain('HEADWIND_VERIFY_IMAGE');
    expect(warnings).toContain('HEADWIND_API_AUTH_MODE');
  });

  it('says nothing but warnings where only those are wanted', async () => {
    const world = runWith({ env: { HEADWIND_LOG: 'warn' } });
    world.events.emit('SIGTERM');
    await world.code;
    expect(world.terminal.outLines.every((line) => line.includes('"WARN"'))).toBe(true);
  });
});
