import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildUi } from '../../tools/build-ui.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Vitest's globalSetup: builds the dashboard into dist/ui unless what lies there is newer than its sources. */
export async function setup(): Promise<void> {
  const built = await changedAtMs(join(ROOT, 'dist/ui/index.html'));
  if (built < (await newestBelow(join(ROOT, 'ui')))) await buildUi(ROOT, { keepOld: true });
}

async function newestBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'));
  const times = await Promise.all(files.map(({ parentPath, name }) => changedAtMs(join(parentPath, name))));
  return Math.max(...times);
}

/** In milliseconds since the Unix epoch; 0 for what is not there. */
async function changedAtMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
