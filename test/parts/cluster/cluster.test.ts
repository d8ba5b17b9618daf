import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { cgroupMounts } from './cgroups.ts';
import { openStateDirectory } from './state-directory.ts';

const RUN = fileURLToPath(new URL('run.ts', import.meta.url));

/** Starts the cluster in a process of its own, waits until it is ready, and answers its state directory. */
async function startElsewhere(): Promise<{ readonly directory: string; readonly kill: () => Promise<void> }> {
  const child = spawn(process.execPath, [RUN], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const kubeconfig = await eventually(
    () => lines.map((line) => /KUBECONFIG=(\S+)/.exec(line)?.[1]).find((path) => path !== undefined),
    { what: 'the cluster is ready', timeoutMs: 120_000, everyMs: 100 },
  );
  return {
    directory: dirname(dirname(kubeconfig)),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The command lines of all processes of this machine that name the directory. */
async function processesOf(directory: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return commands.filter((command) => command.includes(directory));
}

describe('the cluster', () => {
  it(
    'ends with the process that started it, even by SIGKILL, and the next one removes what it left',
    { timeout: 180_000 },
    async () => {
      const { directory, kill } = await startElsewhere();
      const cgroup = directory.slice(directory.lastIndexOf('/') + 1);
      const cgroups = (await cgroupMounts()).map((mount) => join(mount, cgroup));
      expect(await processesOf(directory)).not.toEqual([]);
      expect(cgroups.filter((path) => existsSync(path))).not.toEqual([]);

      await kill();

      await eventually(async () => (await processesOf(directory)).length === 0, {
        what: 'nothing of the cluster runs any more',
      });
      expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(directory);
      expect(existsSync(directory)).toBe(true);
      const next = await openStateDirectory(() => {});
      expect(existsSync(directory)).toBe(false);
      expect(cgroups.filter((path) => existsSync(path))).toEqual([]);

      const another = await openStateDirectory(() => {});
      expect(existsSync(next.path)).toBe(true);
      await next.remove();
      await another.remove();
      expect(existsSync(next.path)).toBe(false);
    },
  );
});
