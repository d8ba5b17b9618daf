import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const COMPRESSIBLE = /\.(?:html|js|css|svg|json)$/;

/**
 * Builds the dashboard below `root` into `dist/ui` and lays a compressed twin (.br, .gz) beside each file. What was there
 * before goes away, unless `keepOld`: programs that run already serve it.
 */
export async function buildUi(root: string, { keepOld = false } = {}): Promise<void> {
  const options = { emptyOutDir: !keepOld };
  await build({ configFile: join(root, 'ui/vite.config.ts'), logLevel: 'warn', build: options });
  const entries = await readdir(join(root, 'dist/ui'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && COMPRESSIBLE.test(entry.name));
  await Promise.all(files.map(({ parentPath, name }) => compress(join(parentPath, name))));
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }));
  await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }));
}
