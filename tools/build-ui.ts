import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const COMPRESSIBLE = /\.(?:html|js|css|svg|json)$/;

/**
 * Builds the dashboard below `root` into `dist/ui` and lays a compressed twin (.br, .gz) beside each file. What was there
 * before goes away, unless `keepOld`: programs that run already serve it. Answers the source files that it is made of.
 */
export async function buildUi(root: string, { keepOld = false } = {}): Promise<readonly string[]> {
  const options = { emptyOutDir: !keepOld };
  const sources = new Set<string>();
  const plugins = [
    { name: 'headwind:sources', moduleParsed: ({ id }: { readonly id: string }) => void sources.add(id) },
  ];
  await build({ configFile: join(root, 'ui/vite.config.ts'), logLevel: 'warn', build: options, plugins });
  const entries = await readdir(join(root, 'dist/ui'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name));
  await Promise.all(files.map(({ parentPath, name }) => compress(join(parentPath, name))));
  return [...sources];
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
}
