// Writes anew what is made of deploy/k8s alone: the file that installs all of it, and the chart's copies:
// `node tools/install-file.ts`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { shippedFiles } from './shipped-files.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

for (const [path, content] of await shippedFiles(ROOT)) await writeFile(`${ROOT}${path}`, content);
