import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bundled } from '../../tools/bundled.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** All that the build reads, beside the packages. */
const SOURCES = ['src', 'ui', 'tools', 'package.json', 'package-lock.json', 'tsconfig.json'];
const run = promisify(execFile);

let directory = '';
let first: ReadonlyMap<string, Buffer>;
let second: ReadonlyMap<string, Buffer>;

/** Clones the project into a directory of its own and builds it there; answers all files that were made. */
async function builtIn(
  root: string,
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, Buffer>> {
  await mkdir(root, { recursive: true });
  for (const source of SOURCES) await cp(join(ROOT, source), join(root, source), { recursive: true });
  // The packages as they are, and not by a link that would lead back here: hard links, or copies on another disk.
  const packages = [join(ROOT, 'node_modules'), join(root, 'node_modules')];
  await run('cp', ['-al', ...packages]).catch(async () => {
    await rm(join(root, 'node_modules'), { recursive: true, force: true });
    await run('cp', ['-a', ...packages]);
  });
  const { PATH = '', HOME = '' } = process.env;
  await run(process.execPath, ['tools/build.ts'], { cwd: root, env: { PATH, HOME, ...env } });
  const files = new Map<string, Buffer>();
  for (const made of ['dist', 'bin']) {
    const entries = await readdir(join(root, made), { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      files.set(relative(root, path), await readFile(path));
    }
  }
  return files;
}

function sums(files: ReadonlyMap<string, Buffer>): Readonly<Record<string, string>> {
  const names = [...files.keys()].toSorted();
  const sum = (name: string): string =>
    createHash('sha256')
      .update(files.get(name) ?? '')
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, sum(name)]));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-build-'));
  first = await builtIn(join(directory, 'one'), { TZ: 'UTC', LANG: 'C' });
  const elsewhere = join(directory, 'another/much/longer/way');
  second = await builtIn(elsewhere, { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8', HOME: directory });
}, 300_000);
afterAll(async () => rm(directory, { recursive: true, force: true }));

describe('make build', () => {
  it('makes programs, dashboard and launchers', () => {
    const names = [...first.keys()];
    for (const name of [
      'dist/headwind.mjs',
      'dist/kubectl-headwind.mjs',
      'dist/ui/index.html',
      'bin/headwind',
    ])
      expect(names).toContain(name);
  });

  it('makes the same bytes at another place, at another time, in another language', () => {
    expect(sums(second)).toEqual(sums(first));
  });

  it('leaves no trace of where it was done', () => {
    const places = [directory, ROOT.replace(/\/$/, '')];
    const telling = [...first].filter(([, content]) => places.some((place) => content.includes(place)));
    expect(telling.map(([name]) => name)).toEqual([]);
  });

  it('keeps what exports traces in files that nothing loads by itself', () => {
    const { files } = Bundled.parse(JSON.parse(first.get('dist/.bundled.json')?.toString('utf8') ?? ''));
    const exporting = Object.entries(files)
      .filter(([, { packages }]) => packages.some((name) => /@opentelemetry\/(?!api$)/.test(name)))
      .map(([name]) => name);
    expect(exporting).not.toEqual([]);
    expect(loadsAny(first.get('dist/headwind.mjs') ?? Buffer.alloc(0), Object.keys(files))).toBe(true);
    const loaders = [...first].filter(
      ([name, content]) => !exporting.includes(name.slice('dist/'.length)) && loadsAny(content, exporting),
    );
    expect(loaders.map(([name]) => name)).toEqual([]);
  });
});

/** Whether a program loads one of these files as soon as it is loaded itself: `import("./x.mjs")` does not. */
function loadsAny(program: Buffer, files: readonly string[]): boolean {
  const loaded = program.toString('utf8').matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+)["']/g);
  return [...loaded].some(([, file = '']) => files.includes(file));
}
