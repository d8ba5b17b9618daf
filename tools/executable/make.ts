import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { stripElf } from '../image/elf.ts';
import { BUNDLE, definitions, PROGRAMS, type ProgramName } from '../programs.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** How the single executable of each program differs from what bin/ runs. */
const FORMS: Readonly<Record<ProgramName, Form>> = {
  // NODE_OPTIONS counts, since it is how people give an operator more memory or other certificates. No code cache: it would be
  // refused, with a warning, as soon as one of these options is V8's, and an operator starts seldom.
  headwind: { codeCache: false, extension: 'env', dashboard: true },
  // It is started for every command line, so that each millisecond counts; and what somebody has in NODE_OPTIONS for
  // programs of their own is none of its business.
  'kubectl-headwind': { codeCache: true, extension: 'none', dashboard: false },
};

const MAIN = 'main.mjs';
/** As src/helm/index-thread.ts asks for it. */
const THREAD = 'index-worker.cjs';
const MADE = 'executable';

interface Form {
  /** Whether V8 keeps what it has compiled: a quarter of the time that the plugin takes to start. */
  readonly codeCache: boolean;
  /** Who may add to the flags for Node: `env` is NODE_OPTIONS. */
  readonly extension: 'env' | 'none';
  readonly dashboard: boolean;
}

export interface ExecutableOptions {
  readonly program: ProgramName;
  /** The project's, with the dashboard built into dist/ui. */
  readonly root: string;
  readonly version: string;
  /** The file to write; the directory is there. */
  readonly output: string;
}

/**
 * Makes one single executable for the platform that this runs on: this Node with the program and all that it reads inside
 * (https://nodejs.org/api/single-executable-applications.html). The same sources and the same Node make the same bytes.
 * Throws where esbuild, Node or, on macOS, codesign fails.
 */
export async function makeExecutable({ program, root, version, output }: ExecutableOptions): Promise<void> {
  const directory = await mkdtemp(join(dirname(output), '.executable-'));
  try {
    const { codeCache, extension, dashboard } = FORMS[program];
    await bundle(directory, { program, root, version });
    const assets = dashboard ? { [THREAD]: THREAD, ...(await dashboardFiles(root)) } : {};
    const config = {
      main: MAIN,
      mainFormat: 'module',
      executable: await nodeFor(directory),
      output: MADE,
      disableExperimentalSEAWarning: true,
      useCodeCache: codeCache,
      execArgv: PROGRAMS.find(({ name }) => name === program)?.flags ?? [],
      execArgvExtension: extension,
      assets,
    };
    await writeFile(join(directory, 'config.json'), JSON.stringify(config));
    // Paths become a part of the executable, so that they are relative; and so does V8's cache, whose bytes depend on
    // random numbers, unless these begin alike. Those of the program when it runs do not.
    await run(process.execPath, ['--random-seed=1', '--build-sea=config.json'], {
      cwd: directory,
      timeout: TIMEOUT_MS,
    });
    const made = join(directory, MADE);
    // What Apple signed has changed; without a signature nothing runs on its processors. This one names nobody.
    if (process.platform === 'darwin')
      await run('codesign', ['--force', '--sign', '-', made], { timeout: TIMEOUT_MS });
    await chmod(made, 0o755);
    await rename(made, output);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** One file each: inside an executable nothing is loaded from files. What is imported on demand still runs on demand. */
async function bundle(
  directory: string,
  { program, root, version }: Pick<ExecutableOptions, 'program' | 'root' | 'version'>,
): Promise<void> {
  const common = { ...BUNDLE, absWorkingDir: root, target: `node${process.versions.node}` };
  await build({
    ...common,
    entryPoints: [`src/cli/${program}.ts`],
    outfile: join(directory, MAIN),
    define: definitions(version),
  });
  await build({
    ...common,
    entryPoints: ['src/helm/index-worker.ts'],
    outfile: join(directory, THREAD),
    // A thread made from text is a script, which has no address.
    format: 'cjs',
    banner: {},
    define: { ...definitions(version), 'import.meta.url': JSON.stringify('embedded:index-worker') },
  });
}

/** By the names that src/cli/dashboard-files.ts asks for. */
async function dashboardFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const directory = join(root, 'dist/ui');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.toSorted().map((path) => [`ui/${relative(directory, path).split(sep).join('/')}`, path]),
  );
}

/** The Node that goes into the executable: this one, on Linux without its 33 MB for debuggers. */
async function nodeFor(directory: string): Promise<string> {
  if (process.platform !== 'linux') return process.execPath;
  const stripped = 'node';
  await writeFile(join(directory, stripped), stripElf(await readFile(process.execPath)), { mode: 0o755 });
  return stripped;
}
