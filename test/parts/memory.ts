import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process holds in memory, in MB (10^6 bytes): the least of several looks within two seconds. Linux only. */
export async function residentMb(pid: number): Promise<number> {
  let least = Infinity;
  for (let look = 0; look < 10; look += 1) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    least = Math.min(least, (kib * 1024) / 1e6);
    await sleep(200);
  }
  return least;
}
