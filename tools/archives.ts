// Packs the executables of this machine's platform for download, into dist/release: `node tools/archives.ts`.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bundled, filesOf, packagesIn } from './bundled.ts';
import { packArchive } from './executable/archive.ts';
import { archiveFile, executableFile, programFile, releasedPlatform } from './executable/names.ts';
import { thirdPartyLicenses } from './image/app.ts';
import { readLock } from './image/npm-packages.ts';
import { readSource } from './image/source.ts';
import { PROGRAMS } from './programs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const release = join(dist, 'release');

/** Where Node's packages have it: beside the directory of programs, on Windows beside the program. */
async function licenseOfNode(): Promise<string> {
  const directory = dirname(process.execPath);
  return readFile(join(directory, '../LICENSE'), 'utf8').catch(() =>
    readFile(join(directory, 'LICENSE'), 'utf8'),
  );
}

const platform = releasedPlatform(process);
if (platform === undefined)
  throw new Error(
    `nothing is released for ${process.platform} on ${process.arch}; see tools/executable/names.ts`,
  );
const bundled = Bundled.parse(JSON.parse(await readFile(join(dist, '.bundled.json'), 'utf8')));
const { epoch } = await readSource(root, process.env);
const license = await readFile(join(root, 'LICENSE'), 'utf8');
const node = await licenseOfNode();
await mkdir(release, { recursive: true });
for (const { name } of PROGRAMS) {
  const made = join(dist, executableFile(name, process));
  const packages = await readLock(root, packagesIn(bundled, filesOf(bundled, [name])));
  const thirdParty = `${thirdPartyLicenses(packages)}\nNode.js ${process.versions.node}\n\n${node}`;
  const content = await readFile(made);
  const path = join(release, archiveFile(name, platform));
  await writeFile(
    path,
    await packArchive({ name: programFile(name, process), content, license, thirdParty, epoch }),
  );
  console.log(`archive: ${path}`);
}
// The operator by itself too, for those who fetch it with a single command.
const alone = programFile(`headwind-${platform.os}-${platform.arch}`, process);
await copyFile(join(dist, executableFile('headwind', process)), join(release, alone));
console.log(`archive: ${join(release, alone)}`);
