#!/usr/bin/env node
// Makes the container image out of dist/, which `make build` fills: an OCI image layout in dist/image, the same as one
// archive in dist/headwind-image.tar, and a list of what is inside, in SPDX, for each architecture.
// usage: node tools/image/main.ts [--arch amd64]... [--out DIRECTORY | --root DIRECTORY]
//   --arch   amd64 or arm64, any number of times; this machine's unless told
//   --out    where it is left in place of dist
//   --root   writes the files of the image there, for image/Dockerfile, and nothing else
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { arch, homedir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { appEntries, type App } from './app.ts';
import { baseEntries } from './base.ts';
import { baseLayer } from './base-layer.ts';
import { ARCHITECTURES, isArchitecture, type Architecture, type Source } from './config.ts';
import { downloadPackages } from './debian.ts';
import { MissingInputError } from './missing-input.ts';
import { downloadNode } from './node-package.ts';
import { assembleImage, imageLayout, packLayer, type Image } from './oci.ts';
import { sbom } from './sbom.ts';
import { readSource } from './source.ts';
import { tar } from './tar.ts';
import { writeEntries } from './write.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_COMPRESSED_MB = 60;
const MACHINES: Readonly<Record<string, Architecture>> = { x64: 'amd64', arm64: 'arm64' };

interface Kitchen {
  /** Kept from one build to the next. */
  readonly cache: string;
  readonly say: (line: string) => void;
}

async function buildOne(
  architecture: Architecture,
  {
    app,
    source,
    out,
    cache,
    say,
  }: Kitchen & { readonly app: App; readonly source: Source; readonly out: string },
): Promise<Image> {
  const packages = await downloadPackages({ architecture, cache, say });
  const base = await baseLayer({ architecture, packages, cache, say });
  const layers = [base, await packLayer(app.entries, source.epoch, `Headwind ${source.version}`)];
  const image = assembleImage(architecture, layers, source);
  const megabytes = layers.reduce((sum, { content }) => sum + content.length, 0) / 1e6;
  say(`linux/${architecture} ${image.manifest.digest}, ${megabytes.toFixed(1)} MB compressed`);
  if (megabytes > MAX_COMPRESSED_MB)
    throw new Error(`the image for ${architecture} is larger than ${MAX_COMPRESSED_MB} MB`);
  const { digest } = image.manifest;
  const document = sbom({ architecture, digest, source, npm: app.packages, debian: packages });
  await writeFile(
    join(out, `headwind-image-${architecture}.spdx.json`),
    `${JSON.stringify(document, null, 2)}\n`,
  );
  return image;
}

async function buildImage(
  architectures: readonly Architecture[],
  { out, ...kitchen }: Kitchen & { readonly out: string },
): Promise<void> {
  const source = await readSource(PROJECT, process.env);
  const app = await appEntries(PROJECT);
  await mkdir(out, { recursive: true });
  for (const name of await readdir(out))
    if (/^headwind-image-.*\.spdx\.json$/.test(name)) await rm(join(out, name));
  const images: Image[] = [];
  for (const architecture of architectures)
    images.push(await buildOne(architecture, { ...kitchen, app, source, out }));
  const { digest, files } = imageLayout(images, source);
  await writeEntries(join(out, 'image'), files);
  const archive = join(out, 'headwind-image.tar');
  await writeFile(`${archive}.new`, tar(files, source.epoch));
  await rename(`${archive}.new`, archive);
  kitchen.say(`${relative('', out)}/image and headwind-image.tar hold ${source.version}, ${digest}`);
}

async function writeRoot(root: string, architecture: Architecture, kitchen: Kitchen): Promise<void> {
  const app = await appEntries(PROJECT);
  const packages = await downloadPackages({ architecture, ...kitchen });
  const node = await downloadNode(architecture, kitchen);
  await writeEntries(root, [...(await baseEntries({ architecture, node, packages })), ...app.entries]);
}

function architecturesOf(words: readonly string[]): readonly Architecture[] {
  const here = MACHINES[arch()];
  const asked = words.flatMap((word) => word.split(/\s+/)).filter((word) => word !== '');
  const names = asked.length > 0 ? asked : here === undefined ? [] : [here];
  const unknown = names.filter((name) => !isArchitecture(name));
  if (unknown.length > 0 || names.length === 0)
    throw new MissingInputError(
      `--arch: ${unknown.join(', ') || arch()} is not one of ${Object.keys(ARCHITECTURES).join(', ')}`,
    );
  return [...new Set(names.filter(isArchitecture))].toSorted();
}

const kitchen: Kitchen = {
  cache: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headwind-image'),
  say: (line) => console.log(`image: ${line}`),
};
try {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true },
      out: { type: 'string', default: join(PROJECT, 'dist') },
      root: { type: 'string' },
    },
  });
  const architectures = architecturesOf(values.arch ?? []);
  const [first] = architectures;
  if (values.root === undefined) await buildImage(architectures, { ...kitchen, out: values.out });
  else if (first !== undefined) await writeRoot(values.root, first, kitchen);
} catch (error) {
  if (!(error instanceof MissingInputError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
