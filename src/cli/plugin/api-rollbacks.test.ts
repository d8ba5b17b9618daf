import { afterEach, describe, expect, it } from 'vitest';
import { anApi, type ApiUnderTest } from '../../../test/api-under-test.ts';
import { aRequest } from '../../../test/builders.ts';
import { createRecordingTerminal } from '../../../test/parts/recording-terminal.ts';
import { listen, type Listening } from '../../http/listen.ts';
import type { NamedWorkload, RollbackPlan } from '../../http/rollback-api.ts';
import { systemClock } from '../../system.ts';
import { runPlugin } from './program.ts';

const WORKLOAD: NamedWorkload = { kind: 'DaemonSet', namespace: 'prod', name: 'web' };
const PLAN: RollbackPlan = {
  workload: WORKLOAD,
  container: 'web',
  previousImage: 'nginx:1.26.0',
  image: 'nginx:1.25.0',
  index: 1,
  takesBack: ['up'],
};
const UNDO = aRequest({
  name: 'undo',
  namespace: 'prod',
  spec: { rollback: true },
  status: { phase: 'Completed', message: 'Rolled back' },
});

let server: Listening | undefined;
afterEach(() => server?.close(0));

async function run(
  options: Parameters<typeof anApi>[0],
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string; calls: ApiUnderTest['calls'] }> {
  const { app, calls } = anApi(options);
  server = await listen(app, { host: '127.0.0.1', port: 0 });
  const terminal = createRecordingTerminal();
  const env = { HEADWIND_API_URL: `http://127.0.0.1:${server.port}`, HOME: '/nonexistent' };
  const code = await runPlugin({ args, env, terminal, clock: systemClock });
  return { code, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n'), calls };
}

describe('kubectl headwind with --api-url', () => {
  it('shows a history', async () => {
    const history = {
      kind: 'found',
      workload: WORKLOAD,
      containers: [{ container: 'web', image: 'nginx:1.26.0' }],
      entries: [{ container: 'web', image: 'nginx:1.26.0', timestamp: '2026-01-01T12:00:00Z', index: 0 }],
    } as const;
    const { code, out, calls } = await run({ history }, 'history', 'ds/web', '-n', 'prod');
    expect([code, out.split('\n').length]).toEqual([0, 2]);
    expect(calls[0]?.argument).toEqual({ namespace: 'prod', name: 'web', kind: 'DaemonSet' });
  });

  it('rolls back', async () => {
    const outcome = { kind: 'done', request: UNDO } as const;
    const { code, out, calls } = await run(
      { rollback: { kind: 'settled', plan: PLAN, outcome }, requests: [UNDO] },
      'rollback',
      'web',
      'web',
      '-n',
      'prod',
      '--to',
      '1.25.0',
      '--approver',
      'ann',
      '--reason',
      'why',
    );
    expect(code).toBe(0);
    expect(out).toContain('Completed: Rolled back');
    expect(calls[0]?.argument).toMatchObject({
      workload: { namespace: 'prod', name: 'web' },
      container: 'web',
      wish: { image: '1.25.0' },
      dryRun: false,
      identity: 'ann',
      reason: 'why',
    });
  });

  it('tells what a rollback would do', async () => {
    const { code, out } = await run(
      { rollback: { kind: 'planned', plan: PLAN } },
      'rollback',
      'web',
      '--dry-run',
    );
    expect([code, out]).toEqual([
      0,
      'Would roll back, and changes nothing now:\nDaemonSet/web container web: nginx:1.26.0 -> nginx:1.25.0\ntakes back up',
    ]);
  });

  it('fails with what the API says', async () => {
    const { code, err } = await run(
      { rollback: { kind: 'several-kinds', kinds: ['Deployment', 'DaemonSet'] } },
      'rollback',
      'web',
      '-n',
      'prod',
    );
    expect(code).toBe(1);
    expect(err).toContain('There are several workloads prod/web: Deployment, DaemonSet');
  });

  it('lists holds', async () => {
    const hold = {
      namespace: 'prod',
      kind: 'DaemonSet',
      workload: 'web',
      artifact: 'web',
      image: 'nginx:1.26.0',
      version: '1.26.0',
      why: 'rolled back',
      request: 'up',
    } as const;
    const { code, out, calls } = await run({ holds: [hold] }, 'holds', '-n', 'prod', '-o', 'json');
    expect([code, JSON.parse(out)]).toEqual([0, [hold]]);
    expect(calls[0]?.argument).toMatchObject({ namespace: 'prod' });
  });

  it('releases a hold', async () => {
    const { code, out, calls } = await run(
      { release: { kind: 'released', request: UNDO } },
      'holds',
      'release',
      'undo',
      '-n',
      'prod',
      '--approver',
      'ann',
    );
    expect([code, out]).toEqual([0, 'nginx:1.26.0 may be proposed again']);
    expect(calls[0]?.argument).toMatchObject({ namespace: 'prod', name: 'undo', identity: 'ann' });
  });
});
