import { mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';

/** Where control groups are mounted: one place with version 2, one for each controller with version 1. */
export async function cgroupMounts(): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.flatMap(([, path, type]) =>
    path !== undefined && (type === 'cgroup' || type === 'cgroup2') ? [path] : [],
  );
}

/** Makes the group of that name below every root, so that the kubelet keeps all of its pods in it. */
export async function makeCgroup(name: string): Promise<void> {
  const mounts = await cgroupMounts();
  if (mounts.length === 0) throw new Error('no control groups are mounted, without which no pod runs');
  for (const mount of mounts) await mkdir(join(mount, name), { recursive: true });
}

/** Ends every process in the group of that name and in those below it, and removes them all. */
export async function removeCgroup(name: string): Promise<void> {
  for (const mount of await cgroupMounts()) {
    await eventually(
      async () => {
        const groups = await groupsBelow(join(mount, name));
        for (const group of groups) await endProcesses(group);
        for (const group of groups.toReversed()) await rmdir(group);
        return true;
      },
      { what: `the control group ${join(mount, name)} is gone`, everyMs: 100 },
    );
  }
}

/** The group itself and all below it, each before its children; none where it does not exist. */
async function groupsBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const children = entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
  return [path, ...(await Promise.all(children.map(groupsBelow))).flat()];
}

async function endProcesses(group: string): Promise<void> {
  const text = await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    if (Number(line) > 1) endProcess(Number(line));
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
