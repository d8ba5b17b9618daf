import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { PROGRAMS } from '../tools/programs.ts';

/** What bin/headwind is run with, so that floor and Headwind have the same Node.js. */
const HEADWIND = PROGRAMS.find(({ name }) => name === 'headwind');

export interface BareProcess {
  readonly pid: number;
  /** The first line that it printed. */
  readonly said: string;
  stop(): Promise<void>;
}

export interface BareOptions {
  readonly args?: readonly string[];
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program of bench/bare/ in a Node.js of its own and waits for the first line that it prints. It is bundled
 * before, as Headwind is: reading TypeScript costs Node.js 20 MB.
 */
export async function startBareProcess(
  program: string,
  { args = [], env = {} }: BareOptions = {},
): Promise<BareProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-bare-'));
  const outfile = join(directory, `${program}.mjs`);
  const source = fileURLToPath(new URL(`bare/${program}.ts`, import.meta.url));
  await build({ entryPoints: [source], outfile, bundle: true, format: 'esm', platform: 'node' });
  const child = spawn(process.execPath, [...(HEADWIND?.flags ?? []), outfile, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...HEADWIND?.environment, ...env },
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), ended.then(() => [undefined])]);
  await rm(directory, { recursive: true, force: true });
  if (said[0] === undefined) throw new Error(`bench/bare/${program}.ts ended before it said anything`);
  return {
    pid: child.pid ?? 0,
    said: String(said[0]),
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
