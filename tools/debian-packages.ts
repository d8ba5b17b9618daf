import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 600_000;

/** Whether this process may install packages. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Brings apt's package lists up to date; only root may. */
export async function updatePackageLists(): Promise<void> {
  await run('apt-get', ['update', '-qq'], { timeout: TIMEOUT_MS });
}

/**
 * Takes a program, or a directory of programs, out of a Debian package without installing it: nothing on the machine
 * changes, no service is started, and no rights are needed. For programs that bring no libraries of their own.
 * `inPackage` is its path there; it becomes `directory/name`.
 */
export async function extractProgram(
  packageName: string,
  { name, inPackage }: { readonly name: string; readonly inPackage: string },
  directory: string,
): Promise<void> {
  const staging = await mkdtemp(join(tmpdir(), 'headwind-package-'));
  try {
    await run('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', packageName], {
      cwd: staging,
      timeout: TIMEOUT_MS,
    });
    const archive = (await readdir(staging)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error(`apt-get download brought no ${packageName}`);
    await run('dpkg-deb', ['--extract', archive, 'content'], { cwd: staging });
    await mkdir(directory, { recursive: true });
    const arriving = join(directory, `.${name}.new`);
    await rm(arriving, { recursive: true, force: true });
    await cp(join(staging, 'content', inPackage), arriving, { recursive: true });
    await rm(join(directory, name), { recursive: true, force: true });
    await rename(arriving, join(directory, name));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Installs packages as `apt-get install` does; only root may. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    timeout: TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
