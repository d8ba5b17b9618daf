import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bundled, filesOf, packagesIn } from '../bundled.ts';
import { BUNDLES, PLACES } from './config.ts';
import { readLock, type NpmPackage } from './npm-packages.ts';
import { file, type Entry } from './tar.ts';

export interface App {
  readonly entries: readonly Entry[];
  /** The packages whose code is in it. */
  readonly packages: readonly NpmPackage[];
}

/** Headwind itself as `make build` left it in dist/: the bundles of its programs, the dashboard, and the licences of all that is in them. */
export async function appEntries(root: string): Promise<App> {
  const dist = join(root, 'dist');
  const bundled = Bundled.parse(JSON.parse(await readFile(join(dist, '.bundled.json'), 'utf8')));
  const names = filesOf(bundled, BUNDLES);
  const packages = await readLock(root, packagesIn(bundled, names));
  const place = async (name: string): Promise<Entry> =>
    file(`${PLACES.app}/${name}`, await readFile(join(dist, name)));
  const programs = await Promise.all(names.flatMap((name) => [place(name), place(`${name}.map`)]));
  const dashboard = await Promise.all((await filesBelow(dist, 'ui')).map(place));
  return {
    packages,
    entries: [
      ...programs,
      ...dashboard,
      file('/usr/share/doc/headwind/LICENSE', await readFile(join(root, 'LICENSE'))),
      file('/usr/share/doc/headwind/THIRD-PARTY-LICENSES', thirdPartyLicenses(packages)),
    ],
  };
}

async function filesBelow(dist: string, name: string): Promise<readonly string[]> {
  const entries = await readdir(join(dist, name), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1))
    .toSorted();
}

/** The licences of packages, one after the other, each with the name of the package above it. */
export function thirdPartyLicenses(packages: readonly NpmPackage[]): string {
  return packages.map(licenseSection).join('\n');
}

function licenseSection({ name, version, license, licenseText }: NpmPackage): string {
  const line = '-'.repeat(80);
  return `${line}\n${name} ${version} (${license})\n${line}\n\n${licenseText?.trim() ?? 'The package has no file with its licence.'}\n`;
}
