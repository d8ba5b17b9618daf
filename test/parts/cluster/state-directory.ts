import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { removeCgroup } from './cgroups.ts';

const PREFIX = 'headwind-cluster-';
const OWNER = 'owner.json';

/** Who uses a state directory: a process id alone may belong to somebody else by now, with its start it does not. */
const Owner = z.object({ pid: z.number(), started: z.string() });

/** Everything that one cluster keeps on the machine: what stands here, and the control group of the same name. */
export interface StateDirectory {
  readonly path: string;
  /** The control group of its pods, below every root. */
  readonly cgroup: string;
  /** Removes both; all processes of the cluster must have ended, except those in the control group. */
  remove(): Promise<void>;
}

/** Makes a state directory in the system's temporary one, after removing those whose owners were killed. */
export async function openStateDirectory(say: (line: string) => void): Promise<StateDirectory> {
  await removeAbandoned(say);
  const path = await mkdtemp(join(tmpdir(), PREFIX));
  const owner = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(join(path, OWNER), JSON.stringify(owner));
  return { path, cgroup: basename(path), remove: () => remove(path) };
}

async function removeAbandoned(say: (line: string) => void): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    if (!(await isAbandoned(path))) continue;
    say(`removes what an earlier run left in ${path}`);
    await remove(path);
  }
}

/** A directory without an owner's file is one that is just being made. */
async function isAbandoned(path: string): Promise<boolean> {
  const text = await readFile(join(path, OWNER), 'utf8').catch(() => undefined);
  if (text === undefined) return false;
  const owner = Owner.safeParse(JSON.parse(text));
  return owner.success && (await startOf(owner.data.pid)) !== owner.data.started;
}

async function remove(path: string): Promise<void> {
  await removeCgroup(basename(path));
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

/** When a process began, in the kernel's ticks since boot; empty where it is not running. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold spaces; after it the start is the 20th field (proc(5)).
  return (
    stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19) ?? ''
  );
}
