// Checks that all files name the version of a tag: `node tools/check-release.ts v1.2.3`. Lists what does not, exit 1.
import { readFile } from 'node:fs/promises';
import { versionProblems } from './release/versions.ts';

const read = (file: string): Promise<string> => readFile(new URL(`../${file}`, import.meta.url), 'utf8');
const [tag = ''] = process.argv.slice(2);
const problems = versionProblems(tag, {
  'package.json': await read('package.json'),
  'charts/headwind/Chart.yaml': await read('charts/headwind/Chart.yaml'),
  'deploy/install.yaml': await read('deploy/install.yaml'),
  'CHANGELOG.md': await read('CHANGELOG.md'),
});
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`release: everything names ${tag}`);
