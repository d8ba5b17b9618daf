// Checks that imports run only downward: `node tools/check-floors.ts`. Silent if they do; else lists what is wrong, exit 1.
import { glob, readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFloors } from './floors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const files = new Map<string, string>();
for await (const path of glob('src/**/*.ts', { cwd: root })) {
  files.set(path.replaceAll(sep, '/'), await readFile(`${root}/${path}`, 'utf8'));
}
const violations = checkFloors(files);
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(`${violations.length} imports break the floors; the rules stand in tools/floors.ts.`);
  process.exitCode = 1;
}
