import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE_KB = 64;
const BLOCK = Buffer.alloc(4096, 'x');

/** A filesystem of its own, small enough to be filled, that one process has and nobody else sees. */
export interface SmallDisk {
  /** Where it is, for that process. */
  readonly directory: string;
  /** What that process is to be started through. */
  readonly through: readonly string[];
  /** The path of a file on it, as others reach it while the process runs. */
  at(pid: number, file: string): string;
  /** Takes all room that is left. */
  fill(pid: number): Promise<void>;
  /** Gives that room back. */
  free(pid: number): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes one: a tmpfs in a mount namespace, as root or, where the machine allows it, in a user namespace. `setUp` is run by a
 * shell in its directory before the process. Throws where neither may be had.
 */
export async function makeSmallDisk(setUp = ':'): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'headwind-disk-'));
  const unshare = ['unshare', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']), '--mount'];
  const mount = `mount -t tmpfs -o size=${SIZE_KB}k,mode=0755 tmpfs "$0"`;
  const [command = '', ...args] = unshare;
  try {
    await run(command, [...args, 'sh', '-c', mount, directory]);
  } catch (cause) {
    throw new Error('no small disk can be made: root, or user namespaces, are needed for a mount', { cause });
  }
  const at = (pid: number, file: string): string => `/proc/${pid}/root${join(directory, file)}`;
  return {
    directory,
    through: [...unshare, 'sh', '-c', `${mount} && (cd "$0" && ${setUp}) && exec "$@"`, directory],
    at,
    async fill(pid) {
      const file = await open(at(pid, 'ballast'), 'a');
      try {
        for (;;) await file.write(BLOCK);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      } finally {
        await file.close();
      }
    },
    free: (pid) => rm(at(pid, 'ballast')),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
