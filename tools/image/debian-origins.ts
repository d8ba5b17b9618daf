import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installPackages, isRoot, updatePackageLists } from '../debian-packages.ts';
import { KEYRING, namesMirror } from './apt-sources.ts';

const SOURCES = '/etc/apt/sources.list';
/** A script that names Debian's own mirror: Debian's kin have others among apt's sources. */
const DEBOOTSTRAP = '/usr/sbin/debootstrap';
const PACKAGES = ['debian-archive-keyring', 'debootstrap'];

/**
 * The texts of this machine that name mirrors of Debian, the likeliest first. Where none does, or Debian's keys are
 * missing, root has them installed; for anybody else the error later says what is missing.
 */
export async function debianOrigins(say: (line: string) => void): Promise<readonly string[]> {
  const texts = await readAll();
  const isComplete = namesMirror(texts) && (await isThere(KEYRING));
  if (isComplete || !isRoot()) return texts;
  say(`installs what knows Debian: ${PACKAGES.join(' and ')}`);
  await updatePackageLists();
  await installPackages(PACKAGES);
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
