// Writes dist/release/headwind.yaml, the manifest for Krew, from release/krew/headwind.yaml and the archives in dist/release:
// `node tools/krew-manifest.ts`. Platforms without an archive are left out; with --complete that is an error.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { krewManifest } from './executable/krew.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = join(root, 'dist/release');
const Package = z.object({ version: z.string() });
const { values } = parseArgs({ options: { complete: { type: 'boolean', default: false } } });

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const archives = (await readdir(directory)).filter((name) => name.endsWith('.tar.gz'));
const sums = await Promise.all(
  archives.map(async (name) => [name, await sumOf(join(directory, name))] as const),
);
const { text, missing } = krewManifest({
  template: await readFile(join(root, 'release/krew/headwind.yaml'), 'utf8'),
  version: Package.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).version,
  sums: new Map(sums),
});
if (missing.length > 0) console.error(`krew: there is no ${missing.join(', no ')}`);
if (missing.length > 0 && values.complete) {
  process.exitCode = 1;
} else {
  const path = join(directory, 'headwind.yaml');
  await writeFile(path, text);
  console.log(`krew: ${path}`);
}
