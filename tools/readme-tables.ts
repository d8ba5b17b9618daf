// Writes the tables of README.md anew from the sources that they come from: `node tools/readme-tables.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fillTables } from './tables.ts';

const path = fileURLToPath(new URL('../README.md', import.meta.url));
const text = await readFile(path, 'utf8');
const filled = fillTables(text);
if (filled !== text) await writeFile(path, filled);
