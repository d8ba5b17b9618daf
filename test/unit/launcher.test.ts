import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launcher } from '../../tools/launcher.ts';

const root = mkdtempSync(join(realpathSync(tmpdir()), 'headwind launcher '));
const script = join(root, 'project', 'bin', 'say');
const SYSTEM = '/usr/bin:/bin';
const NEW = dirname(process.execPath);

function writeProgram(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function run(
  path: string,
  options: { cwd?: string; path?: string; env?: Record<string, string> } = {},
): unknown {
  const env = { PATH: options.path ?? `${NEW}:${SYSTEM}`, ...options.env };
  const text = execFileSync(path, ['a b', '--c=$d'], { cwd: options.cwd ?? root, env, encoding: 'utf8' });
  return JSON.parse(text);
}

const SAYS = { args: ['a b', '--c=$d'], flags: ['--max-semi-space-size=1'] };

beforeAll(() => {
  writeProgram(script, launcher({ program: 'say', nodeMajor: 24, flags: ['--max-semi-space-size=1'] }));
  const environment = { HEADWIND_TEST_A: 'ours', HEADWIND_TEST_B: 'ours' };
  writeProgram(
    join(root, 'project', 'bin', 'tell'),
    launcher({ program: 'tell', nodeMajor: 24, flags: [], environment }),
  );
  writeProgram(
    join(root, 'project', 'dist', 'tell.mjs'),
    'const { HEADWIND_TEST_A: a, HEADWIND_TEST_B: b } = process.env; process.stdout.write(JSON.stringify({ a, b }));',
  );
  writeProgram(
    join(root, 'project', 'dist', 'say.mjs'),
    'process.stdout.write(JSON.stringify({ args: process.argv.slice(2), flags: process.execArgv }));',
  );
  writeProgram(join(root, 'old', 'node'), '#!/bin/sh\necho v20.1.0\n');
  writeProgram(join(root, 'strange', 'node'), '#!/bin/sh\necho nonsense\n');
  symlinkSync(script, join(root, 'absolute'));
  symlinkSync('absolute', join(root, 'relative'));
  mkdirSync(join(root, 'elsewhere'));
});

afterAll(() => rmSync(root, { recursive: true }));

describe('the launcher', () => {
  it('hands on the arguments and the flags for Node', () => {
    expect(run(script)).toEqual(SAYS);
  });

  it('sets what the program needs in its environment, and leaves alone what is set', () => {
    const env = { HEADWIND_TEST_B: 'theirs' };
    expect(run('project/bin/tell', { env })).toEqual({ a: 'ours', b: 'theirs' });
  });

  it.each([
    ['a symbolic link', 'absolute'],
    ['a chain of symbolic links', 'relative'],
  ])('works through %s and from another directory', (_name, link) => {
    expect(run(join(root, link), { cwd: join(root, 'elsewhere') })).toEqual(SAYS);
  });

  it('works when it is called by a relative path', () => {
    expect(run('project/bin/say')).toEqual(SAYS);
  });

  it.each(['old', 'strange'])(
    'passes over a Node on PATH that is %s and takes the one that make brought',
    (directory) => {
      const fetched = join(root, 'project', '.tools', 'node', 'node_modules', 'node-any', 'bin');
      mkdirSync(fetched, { recursive: true });
      symlinkSync(process.execPath, join(fetched, 'node'));
      try {
        expect(run(script, { path: `${join(root, directory)}:${SYSTEM}` })).toEqual(SAYS);
      } finally {
        rmSync(join(root, 'project', '.tools'), { recursive: true });
      }
    },
  );

  it('takes the Node that it is told to', () => {
    const path = `${join(root, 'old')}:${SYSTEM}`;
    expect(run(script, { path, env: { HEADWIND_NODE: process.execPath } })).toEqual(SAYS);
  });

  it('says what is missing where there is no Node that will do', () => {
    const path = `${join(root, 'old')}:${SYSTEM}`;
    const { status, stderr } = spawnSync(script, { env: { PATH: path }, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('say: needs Node.js 24 or newer; install it, or run "make" in');
  });
});
