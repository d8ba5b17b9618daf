import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { median } from './quantile.ts';

/** Fixed on Linux, whatever the kernel's own tick (proc(5)). */
const TICKS_PER_SECOND = 100;
const KIB_PER_MB = 1e6 / 1024;

/** What a process holds in memory now, in MB (10^6 bytes). Throws when it is gone, or where there is no /proc. */
export async function residentMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmRSS');
}

/** The most that it ever held, in MB. */
export async function peakMb(pid: number): Promise<number> {
  return statusMb(pid, 'VmHWM');
}

/** Lets `peakMb` begin anew from what it holds now (proc(5), clear_refs). Throws where that is not allowed. */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The median of several looks over two seconds, in MB: one look may fall into a collection of garbage. */
export async function settledMb(pid: number): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < 10; look += 1) {
    looks.push(await residentMb(pid));
    await sleep(200);
  }
  return median(looks);
}

/** The processor time that it has used since it started, in seconds. */
export async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Keeps a process, all its threads, on one core; without util-linux's taskset it stays free to move. */
export async function pinToOneCore(pid: number): Promise<void> {
  const core = availableParallelism() - 1;
  await promisify(execFile)('taskset', ['-a', '-c', '-p', String(core), String(pid)]).catch(() => undefined);
}

async function statusMb(pid: number, field: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch((cause: unknown) => {
    throw new Error(`the memory of process ${pid} cannot be read: it has ended, or this is not Linux`, {
      cause,
    });
  });
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no ${field}: it has ended`);
  return Number(kib) / KIB_PER_MB;
}
