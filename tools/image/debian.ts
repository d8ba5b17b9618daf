import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { aptSources, parseDownloads, type Download } from './apt-sources.ts';
import { DEBIAN, type Architecture } from './config.ts';
import { debianOrigins } from './debian-origins.ts';
import { MissingInputError, reasonOf } from './missing-input.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;
/** Lists are fetched anew when they are older. */
const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;

/** One package of Debian, downloaded. */
export interface DebianPackage extends Download {
  /** The file that was downloaded. */
  readonly path: string;
}

const ELSEWHERE =
  'Building the image here needs Debian or one of its kin (apt-get, dpkg-deb, debian-archive-keyring) and its archive. ' +
  'Elsewhere image/Dockerfile makes the same image: docker build -f image/Dockerfile .';

export interface DebianOptions {
  readonly architecture: Architecture;
  /** Kept from one build to the next: lists and packages. */
  readonly cache: string;
  readonly say: (line: string) => void;
}

/**
 * Downloads the newest versions of the image's packages, without installing anything and without touching apt's own
 * lists. Packages that are there with the right sum are not downloaded again; old ones go. Throws a
 * MissingInputError.
 */
export async function downloadPackages(options: DebianOptions): Promise<readonly DebianPackage[]> {
  const { architecture, cache, say } = options;
  const root = join(cache, `debian-${DEBIAN.release}-${architecture}`);
  const apt = aptOptions(root, architecture);
  try {
    await prepare(root, say);
    if (await areOld(root)) {
      say(`fetches the lists of Debian ${DEBIAN.release} for ${architecture}`);
      await updateLists(apt, root, say);
    }
    const names = Object.keys(DEBIAN.packages);
    const { stdout } = await run('apt-get', [...apt, 'download', '--print-uris', ...names], {
      timeout: TIMEOUT_MS,
    });
    const wanted = parseDownloads(stdout);
    const missing = names.filter((name) => wanted.every((one) => one.name !== name));
    if (missing.length > 0) throw new Error(`Debian ${DEBIAN.release} has no ${missing.join(', ')}`);
    return await fetchAll(wanted, { apt, directory: join(root, 'packages') });
  } catch (error) {
    const reason = reasonOf(error);
    throw new MissingInputError(`Debian's packages for the image cannot be had: ${reason}\n${ELSEWHERE}`, {
      cause: error,
    });
  }
}

function aptOptions(root: string, architecture: Architecture): readonly string[] {
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': join(root, 'sources'),
    'Dir::State::Lists': join(root, 'lists'),
    'Dir::State::status': join(root, 'status'),
    'Dir::Cache': join(root, 'cache'),
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    // Half of the lists would mean old versions without a word.
    'APT::Update::Error-Mode': 'any',
  };
  return ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

async function prepare(root: string, say: (line: string) => void): Promise<void> {
  for (const name of ['sources', 'lists/partial', 'cache/archives/partial', 'packages'])
    await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, 'status'), '');
  const sources = aptSources(await debianOrigins(say));
  const path = join(root, 'sources/debian.sources');
  if ((await readFile(path, 'utf8').catch(() => '')) === sources) return;
  await rm(join(root, 'updated'), { force: true });
  await writeFile(path, sources);
}

async function areOld(root: string): Promise<boolean> {
  const updated = await stat(join(root, 'updated')).catch(() => undefined);
  return updated === undefined || Date.now() - updated.mtimeMs > LISTS_MAX_AGE_MS;
}

/** Where that fails, lists that are there are still good. */
async function updateLists(apt: readonly string[], root: string, say: (line: string) => void): Promise<void> {
  const stamp = join(root, 'updated');
  try {
    await run('apt-get', [...apt, 'update'], { timeout: TIMEOUT_MS });
    await writeFile(stamp, '');
  } catch (error) {
    if ((await stat(stamp).catch(() => undefined)) === undefined) throw error;
    say(`the lists are older than a day and could not be fetched anew: ${reasonOf(error)}`);
  }
}

async function fetchAll(
  wanted: readonly Download[],
  { apt, directory }: { readonly apt: readonly string[]; readonly directory: string },
): Promise<readonly DebianPackage[]> {
  for (const name of await readdir(directory))
    if (wanted.every(({ file }) => file !== name)) await rm(join(directory, name));
  const packages: DebianPackage[] = wanted.map((one) => ({ ...one, path: join(directory, one.file) }));
  const missing: DebianPackage[] = [];
  for (const one of packages) if (!(await isThere(one))) missing.push(one);
  if (missing.length > 0) {
    const words = missing.map(({ name, version }) => `${name}=${version}`);
    await run('apt-get', [...apt, 'download', ...words], { cwd: directory, timeout: TIMEOUT_MS });
  }
  for (const one of missing)
    if (!(await isThere(one)))
      throw new Error(`${one.file} did not arrive with the sum that Debian's lists name`);
  return packages;
}

async function isThere({ path, sha256 }: DebianPackage): Promise<boolean> {
  const content = await readFile(path).catch(() => undefined);
  return content !== undefined && createHash('sha256').update(content).digest('hex') === sha256;
}
