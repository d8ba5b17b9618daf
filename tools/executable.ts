// Makes the single executables of this machine's platform: `node tools/executable.ts` writes dist/headwind-linux-x64 and the
// like. `--into DIRECTORY` writes them elsewhere, `--only PROGRAM` one of them alone.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { makeExecutable } from './executable/make.ts';
import { executableFile } from './executable/names.ts';
import { NODE_VERSION } from './image/config.ts';
import { isProgramName, PROGRAMS } from './programs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const Package = z.object({ version: z.string() });
const { values } = parseArgs({
  options: { into: { type: 'string', default: join(root, 'dist') }, only: { type: 'string' } },
});

try {
  // The executables hold the very Node that makes them.
  if (process.versions.node !== NODE_VERSION)
    throw new Error(
      `Node.js ${NODE_VERSION} is wanted and this is ${process.versions.node}; "make executable" brings the right one`,
    );
  const { only } = values;
  if (only !== undefined && !isProgramName(only))
    throw new Error(`--only ${only}: expected one of ${PROGRAMS.map(({ name }) => name).join(', ')}`);
  const { version } = Package.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const into = resolve(values.into);
  await mkdir(into, { recursive: true });
  for (const { name } of PROGRAMS) {
    if (only !== undefined && name !== only) continue;
    const output = join(into, executableFile(name, process));
    await makeExecutable({ program: name, root, version, output });
    console.log(`executable: ${output} (${Math.round((await stat(output)).size / 1e6)} MB)`);
  }
} catch (error) {
  console.error('executable:', error);
  process.exitCode = 1;
}
