import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ARCHITECTURES, PLACES, RUN, type Architecture } from './config.ts';
import type { DebianPackage } from './debian.ts';
import { readElf, stripElf } from './elf.ts';
import type { NodePackage } from './node-package.ts';
import { directory, file, link, type Entry } from './tar.ts';

const run = promisify(execFile);
const [UID = '', GID = ''] = RUN.user.split(':');

/** A package with its files in a directory. */
interface Unpacked extends DebianPackage {
  readonly root: string;
  /** As dpkg knows it. */
  readonly control: string;
}

export interface BaseOptions {
  readonly architecture: Architecture;
  readonly node: NodePackage;
  readonly packages: readonly DebianPackage[];
}

/**
 * The layer below Headwind: Node, the libraries that it asks for, certificates, and what says who one is and where what
 * comes from. No shell, no package manager. Throws where a library is in none of the packages.
 */
export async function baseEntries({ architecture, node, packages }: BaseOptions): Promise<readonly Entry[]> {
  const staging = await mkdtemp(join(tmpdir(), 'headwind-image-'));
  try {
    const unpacked = await Promise.all(packages.map((one) => unpack(one, staging)));
    return [
      file(PLACES.node, stripElf(node.program), 0o755),
      ...(await libraries(node.program, architecture, unpacked)),
      ...accounts(),
      ...(await certificates(unpacked)),
      ...(await identity(unpacked)),
      file('/usr/share/doc/node/LICENSE', node.license),
      ...(await Promise.all(unpacked.map(papers))).flat(),
      directory('/tmp', 0o1777),
    ];
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function unpack(one: DebianPackage, staging: string): Promise<Unpacked> {
  const root = join(staging, one.name);
  await mkdir(root);
  await run('dpkg-deb', ['--extract', one.path, root]);
  const { stdout } = await run('dpkg-deb', ['--field', one.path]);
  return { ...one, root, control: stdout };
}

/** What the program asks for, what that asks for, and so on, all in the one place where the loader looks first. */
async function libraries(
  program: Buffer,
  architecture: Architecture,
  packages: readonly Unpacked[],
): Promise<readonly Entry[]> {
  const { triplet } = ARCHITECTURES[architecture];
  const found = new Map<string, Buffer>();
  const add = async (name: string): Promise<void> => {
    if (found.has(name)) return;
    const content = await findLibrary(name, triplet, packages);
    found.set(name, content);
    for (const one of readElf(content).needed) await add(one);
  };
  const { interpreter = '', needed } = readElf(program);
  for (const name of [basename(interpreter), ...needed]) await add(name);
  const place = `/usr/lib/${triplet}`;
  const loader = `/usr${interpreter}`;
  const top = interpreter.split('/')[1] ?? '';
  return [
    ...[...found].map(([name, content]) => file(`${place}/${name}`, content, 0o755)),
    link(loader, relative(dirname(loader), `${place}/${basename(interpreter)}`)),
    ...[...new Set(['lib', top])].map((name) => link(`/${name}`, `usr/${name}`)),
  ];
}

async function findLibrary(name: string, triplet: string, packages: readonly Unpacked[]): Promise<Buffer> {
  for (const { root } of packages)
    for (const place of ['usr/lib', 'lib']) {
      const content = await readFile(join(root, place, triplet, name)).catch(() => undefined);
      if (content !== undefined) return content;
    }
  throw new Error(
    `${name}, which Node asks for, is in none of ${packages.map((one) => one.name).join(', ')}`,
  );
}

function accounts(): readonly Entry[] {
  return [
    file(
      '/etc/passwd',
      `root:x:0:0:root:/root:/sbin/nologin\nheadwind:x:${UID}:${GID}:headwind:/nonexistent:/sbin/nologin\n`,
    ),
    file('/etc/group', `root:x:0:\nheadwind:x:${GID}:\n`),
    // Names in /etc/hosts, which Kubernetes writes, go before those that DNS knows.
    file('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  ];
}

/** Node trusts a list of its own. This one is for those who ask for the system's, or lay another in its place. */
async function certificates(packages: readonly Unpacked[]): Promise<readonly Entry[]> {
  const root = packages.find(({ name }) => name === 'ca-certificates')?.root ?? '';
  const place = join(root, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(place)).filter((name) => name.endsWith('.crt')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(place, name), 'utf8')));
  return [
    file('/etc/ssl/certs/ca-certificates.crt', texts.map((text) => `${text.trimEnd()}\n`).join('')),
    link('/etc/ssl/cert.pem', 'certs/ca-certificates.crt'),
  ];
}

/** By these scanners know which advisories to look in. */
async function identity(packages: readonly Unpacked[]): Promise<readonly Entry[]> {
  const root = packages.find(({ name }) => name === 'base-files')?.root ?? '';
  return [
    file('/usr/lib/os-release', await readFile(join(root, 'usr/lib/os-release'))),
    link('/etc/os-release', '../usr/lib/os-release'),
    file('/etc/debian_version', await readFile(join(root, 'etc/debian_version'))),
  ];
}

/** What a package is, for scanners, and what it is licensed under. */
async function papers({ name, root, control }: Unpacked): Promise<readonly Entry[]> {
  const place = `usr/share/doc/${name}`;
  const isLink = (await lstat(join(root, place))).isSymbolicLink();
  return [
    file(`/var/lib/dpkg/status.d/${name}`, control),
    isLink
      ? link(`/${place}`, await readlink(join(root, place)))
      : file(`/${place}/copyright`, await readFile(join(root, place, 'copyright'))),
  ];
}
