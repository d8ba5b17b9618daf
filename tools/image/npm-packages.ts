import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** A package of npm that is in a bundle. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as its maker wrote it; NOASSERTION where there is none. */
  readonly license: string;
  /** As in package-lock.json: `sha512-…`. */
  readonly integrity: string;
  readonly licenseText: string | undefined;
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
});
const Manifest = z.object({
  name: z.string(),
  license: z.string().default('NOASSERTION').catch('NOASSERTION'),
});
const LICENSE_FILE = /^(?:licen[cs]e|copying)(?:[.-].*)?$/i;

/** What package-lock.json and the packages themselves say about those at these places; throws where one is not there. */
export async function readLock(root: string, places: readonly string[]): Promise<readonly NpmPackage[]> {
  const lock = Lock.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  return Promise.all(
    places.map(async (place) => {
      const { version, integrity } = lock.packages[place] ?? {};
      if (version === undefined || integrity === undefined)
        throw new Error(`${place} is bundled, and package-lock.json does not know it`);
      const { name, license } = Manifest.parse(
        JSON.parse(await readFile(join(root, place, 'package.json'), 'utf8')),
      );
      const [file] = (await readdir(join(root, place))).filter((one) => LICENSE_FILE.test(one)).toSorted();
      const licenseText = file === undefined ? undefined : await readFile(join(root, place, file), 'utf8');
      return { name, version, license, integrity, licenseText };
    }),
  );
}
