// Checks licences, scripts and versions of what is shipped: `node tools/check-dependencies.ts`. It asks nobody outside. Silent if all
// is right; else lists what is wrong, exit 1. Known vulnerabilities are another matter: `make audit` asks the registry for them.
import { existsSync, readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { auditDependencies, PackageLock } from './dependencies.ts';
import { importsOf } from './floors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const Manifest = z.object({ license: z.string().optional() });

/** The packages whose code the dashboard is made of. */
async function bundledInDashboard(): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const path of glob('ui/src/**/*.{ts,tsx}', { cwd: root })) {
    if (/\.test\.tsx?$/.test(path)) continue;
    for (const specifier of importsOf(await readFile(join(root, path), 'utf8')))
      if (!specifier.startsWith('.')) names.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
  }
  return [...names].toSorted();
}

function installedLicense(place: string): string | undefined {
  const path = join(root, place, 'package.json');
  // Packages for other machines are not installed.
  return existsSync(path) ? Manifest.parse(JSON.parse(readFileSync(path, 'utf8'))).license : undefined;
}

const lock = PackageLock.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
const violations = auditDependencies({ lock, bundled: await bundledInDashboard(), installedLicense });
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(
    `${violations.length} things about what is shipped are not right; the rules stand in tools/dependencies.ts.`,
  );
  process.exitCode = 1;
}
