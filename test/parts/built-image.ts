import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { requirePart } from './binaries.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where `make image` leaves the image. */
export interface BuiltImage {
  /** The image layout. */
  readonly directory: string;
  /** The name that it has in there: the version of package.json. */
  readonly version: string;
}

/** Throws where `make image` has not been called. */
export async function findBuiltImage(): Promise<BuiltImage> {
  const directory = join(ROOT, 'dist/image');
  if (!existsSync(join(directory, 'index.json')))
    throw new Error(`${directory} is missing: make image builds it`);
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
  return { directory, version };
}

/** Pushes the image to the registry at `url`, as `headwind-sh/headwind`, and answers its name there. */
export async function pushBuiltImage(url: string): Promise<string> {
  const { directory, version } = await findBuiltImage();
  const name = `${new URL(url).host}/headwind-sh/headwind:${version}`;
  const words = ['copy', '--quiet', `--dest-tls-verify=${url.startsWith('https:')}`];
  await promisify(execFile)(requirePart('skopeo', process.env), [
    ...words,
    `oci:${directory}:${version}`,
    `docker://${name}`,
  ]);
  return name;
}
