// Writes the tables of README.md and docs anew from the sources that they come from: `node tools/readme-tables.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DOCUMENTS, fillTables } from './tables.ts';

for (const document of Object.keys(DOCUMENTS)) {
  const path = fileURLToPath(new URL(`../${document}`, import.meta.url));
  const text = await readFile(path, 'utf8');
  const filled = fillTables(text);
  if (filled !== text) await writeFile(path, filled);
}
