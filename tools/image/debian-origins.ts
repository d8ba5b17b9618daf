import { execFile } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KEYRING, namesMirror } from './apt-sources.ts';

const run = promisify(execFile);
const SOURCES = '/etc/apt/sources.list';
/** A script that names Debian's own mirror: Debian's kin have others among apt's sources. */
const DEBOOTSTRAP = '/usr/sbin/debootstrap';
const INSTALL = ['install', '--yes', '--no-install-recommends', 'debian-archive-keyring', 'debootstrap'];

/**
 * The texts of this machine that name mirrors of Debian, the likeliest first. Where none does, or Debian's keys are
 * missing, root has them installed; for anybody else the error later says what is missing.
 */
export async function debianOrigins(say: (line: string) => void): Promise<readonly string[]> {
  const texts = await readAll();
  const isComplete = namesMirror(texts) && (await isThere(KEYRING));
  if (isComplete || process.getuid?.() !== 0) return texts;
  say(`installs what knows Debian: apt-get ${INSTALL.join(' ')}`);
  await run('apt-get', ['update']);
  await run('apt-get', INSTALL, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  return readAll();
}

async function readAll(): Promise<readonly string[]> {
  const parts = `${SOURCES}.d`;
  const names: readonly string[] = await readdir(parts).catch(() => []);
  const paths = [SOURCES, ...names.toSorted().map((name) => join(parts, name)), DEBOOTSTRAP];
  return Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
