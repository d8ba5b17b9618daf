import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { baseEntries } from './base.ts';
import { ARCHITECTURES, DEBIAN, NODE_VERSION, type Architecture } from './config.ts';
import type { DebianPackage } from './debian.ts';
import { downloadNode } from './node-package.ts';
import { digestOf, LAYER, packLayer, type Layer } from './oci.ts';

/** What decides how the layer looks, beside what is downloaded. */
const RECIPE = ['base.ts', 'config.ts', 'elf.ts', 'tar.ts', 'oci.ts', 'base-layer.ts'];

const Kept = z.object({ diffId: z.string(), says: z.string() });

export interface BaseLayerOptions {
  readonly architecture: Architecture;
  readonly packages: readonly DebianPackage[];
  /** Holds the last layer of each architecture: packing one takes a quarter of a minute. */
  readonly cache: string;
  readonly say: (line: string) => void;
}

/**
 * The layer with Node and what it needs. Its files have no time, so that it stays the same, and is not pulled again,
 * until Node or one of Debian's packages is another.
 */
export async function baseLayer(options: BaseLayerOptions): Promise<Layer> {
  const { architecture, packages, cache, say } = options;
  const directory = join(cache, 'layers');
  const name = `${architecture}-${await keyOf(options)}`;
  const path = join(directory, `${name}.tar.gz`);
  const kept = await readFile(join(directory, `${name}.json`), 'utf8').catch(() => undefined);
  const content = kept === undefined ? undefined : await readFile(path).catch(() => undefined);
  if (kept !== undefined && content !== undefined)
    return { mediaType: LAYER, digest: digestOf(content), content, ...Kept.parse(JSON.parse(kept)) };
  const node = await downloadNode(architecture, { cache, say });
  say(`packs Node.js and its libraries for ${architecture}`);
  const says = `Node.js ${NODE_VERSION} and what it needs of Debian ${DEBIAN.release}`;
  const layer = await packLayer(await baseEntries({ architecture, node, packages }), 0, says);
  await mkdir(directory, { recursive: true });
  for (const old of await readdir(directory))
    if (old.startsWith(`${architecture}-`)) await rm(join(directory, old), { force: true });
  await writeFile(`${path}.new`, layer.content);
  await rename(`${path}.new`, path);
  await writeFile(join(directory, `${name}.json`), JSON.stringify({ diffId: layer.diffId, says }));
  return layer;
}

/** The same key, the same layer. The packing program counts too: other versions of it compress otherwise. */
async function keyOf({ architecture, packages }: BaseLayerOptions): Promise<string> {
  const recipe = await Promise.all(
    RECIPE.map((name) => readFile(fileURLToPath(new URL(name, import.meta.url)), 'utf8')),
  );
  const sums = packages.map(({ sha256 }) => sha256);
  const inputs = [recipe, sums, ARCHITECTURES[architecture].node.integrity, process.versions['zlib']];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 32);
}
