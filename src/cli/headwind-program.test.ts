import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createRecordingTerminal } from '../../test/parts/recording-terminal.ts';
import { runHeadwind } from './headwind-program.ts';

async function run(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; isFinal: boolean; out: string; err: string }> {
  const terminal = createRecordingTerminal();
  const outcome = await runHeadwind({ args, env, terminal });
  return { ...outcome, out: terminal.outLines.join('\n'), err: terminal.errLines.join('\n') };
}

describe('headwind', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['its version', ['--version'], /^\d+\.\d+\.\d+$/],
    ['its version by the short option', ['-V'], /^\d+\.\d+\.\d+$/],
    ['help with all commands', ['--help'], /demo[^]*policy[^]*check-config/],
    ['help by the command', ['help'], /check-config/],
    ['help on a command', ['check-config', '--help'], /Usage: headwind check-config/],
    ['help on a command by the command', ['help', 'policy'], /test/],
    [
      'help on a command of a command',
      ['policy', 'test', '--help'],
      /Usage: headwind policy test[^]*--pushed/,
    ],
  ])('answers %s and ends with 0', async (_name, args, expected) => {
    const { code, out, err } = await run(args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(expected);
  });

  it.each<[string, readonly string[]]>([
    ['an unknown option', ['--nonsense']],
    ['an unknown command', ['nonsense']],
    ['an unknown option of a command', ['check-config', '--nonsense']],
    ['an argument too many', ['check-config', 'x']],
    ['a group of commands alone', ['policy']],
    ['an unknown command of a group', ['policy', 'nonsense']],
  ])('ends with 2 on %s, and says what is wrong', async (_name, args) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toBe('');
  });

  it('does not start with settings that are wrong', async () => {
    const { code, err } = await run([], { HEADWIND_API_PORT: 'x', RUST_LOG: 'inof' });
    expect(code).toBe(2);
    expect(err).toContain('2 settings cannot be used');
    expect(err).toContain('HEADWIND_API_PORT="x"');
    expect(err).toContain('RUST_LOG="inof"');
  });
});

describe('headwind check-config', () => {
  it('shows all settings with what they are', async () => {
    const { code, out } = await run(['check-config'], { HEADWIND_API_PORT: '9999' });
    expect(code).toBe(0);
    expect(out).toMatch(/^HEADWIND_API_PORT +9999 +set +Port of the approval API$/m);
    expect(out).toMatch(/^HEADWIND_UI_PORT +8082 +default /m);
    expect(out).toContain('The configuration can be used.');
  });

  it('ends with 2 and all problems where the operator would not start', async () => {
    const { code, err } = await run(['check-config'], {
      HEADWIND_API_PORT: 'x',
      HEADWIND_HELM_AUTO_DISCOVERY: 'often',
    });
    expect(code).toBe(2);
    expect(err).toContain('HEADWIND_API_PORT="x": expected a port');
    expect(err).toContain('HEADWIND_HELM_AUTO_DISCOVERY="often": expected true or false');
  });

  it('checks the file about registries too', async () => {
    const { code, err } = await run(['check-config', '--quiet'], {
      HEADWIND_API_PORT: 'x',
      HEADWIND_REGISTRY_CONFIG: '/nonexistent/registries.yaml',
    });
    expect(code).toBe(2);
    expect(err).toContain('2 settings cannot be used');
    expect(err).toContain(
      'HEADWIND_REGISTRY_CONFIG="/nonexistent/registries.yaml": expected a file that can be read (ENOENT)',
    );
  });

  it('checks the file with the secrets of webhooks too, and shows no secret', async () => {
    const { code, out, err } = await run(['check-config'], {
      HEADWIND_WEBHOOK_SECRET: 'hunter2',
      HEADWIND_WEBHOOK_SECRETS_FILE: '/nonexistent/secrets.yaml',
    });
    expect(code).toBe(2);
    expect(out).toMatch(/^HEADWIND_WEBHOOK_SECRET +\[redacted\] +set /m);
    expect(out + err).not.toContain('hunter2');
    expect(err).toContain(
      'HEADWIND_WEBHOOK_SECRETS_FILE="/nonexistent/secrets.yaml": expected a file that can be read (ENOENT)',
    );
  });

  it('warns of what is wrong with settings that the operator reads while it runs', async () => {
    const { code, err } = await run(['check-config', '--quiet'], {
      HEADWIND_CONFIG_FILE: '/nonexistent/config.yaml',
    });
    expect(code).toBe(0);
    expect(err).toContain('warning: /nonexistent/config.yaml="": expected a file that can be read (ENOENT)');
  });

  it('can be silent but for what is wrong', async () => {
    const { code, out, err } = await run(['check-config', '--quiet'], { HEADWIND_APIPORT: '1' });
    expect([code, out]).toEqual([0, '']);
    expect(err).toContain('warning: HEADWIND_APIPORT');
  });
});

describe('the process', () => {
  const program = fileURLToPath(new URL('headwind.ts', import.meta.url));
  const start = (
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<{ code: unknown; out: string; err: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], { env }, (error, out, err) =>
        resolve({ code: error?.code ?? 0, out, err }),
      );
    });

  it.each<[string, readonly string[], Record<string, string>, number]>([
    ['0 when it is done', ['check-config'], {}, 0],
    ['2 on bad usage', ['--nonsense'], {}, 2],
    ['2 on bad settings', [], { HEADWIND_API_PORT: 'x' }, 2],
    ['1 where it cannot start', [], { KUBECONFIG: '/nonexistent', HEADWIND_LOG_FORMAT: 'json' }, 1],
  ])('ends with %s', async (_name, args, env, expected) => {
    const { code } = await start(args, env);
    expect(code).toBe(expected);
  });

  it('writes its log as JSON into a pipe', async () => {
    const { out } = await start([], { KUBECONFIG: '/nonexistent' });
    const records: unknown[] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({
      level: 'INFO',
      target: 'headwind',
      fields: { message: 'Headwind starts' },
    });
    expect(records.at(-1)).toMatchObject({ level: 'ERROR', fields: { message: 'Headwind cannot start' } });
  });
});
