// Writes the generated files anew from the sources that they come from: `node tools/generate.ts`.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATED } from './generated.ts';

for (const [file, make] of Object.entries(GENERATED)) {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, await make());
}
