// Checks the links of the documents: `node tools/check-links.ts`. Silent if all lead somewhere; else lists those that do not, exit 1.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { checkLinks } from './links/check.ts';
import { readDocuments } from './links/documents.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = await readDocuments(root);
const problems = checkLinks({ pages, exists: (path) => existsSync(`${root}/${path}`) });
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} links lead nowhere.`);
  process.exitCode = 1;
}
