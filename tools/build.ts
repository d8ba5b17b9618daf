// Bundles the programs and the dashboard into dist/ and writes their launchers into bin/: `node tools/build.ts`.
// NODE_OPTIONS=--enable-source-maps makes stack traces point at the sources, for about 6 MB of memory.
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { z } from 'zod';
import { buildUi } from './build-ui.ts';
import { describeBundles } from './bundled.ts';
import { launcher } from './launcher.ts';
import { BUNDLE, definitions, PROGRAMS } from './programs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const Package = z.object({ version: z.string(), engines: z.object({ node: z.string().regex(/^>=\d+$/) }) });

/** Further names for a program: kubectl asks one of this name what may follow "kubectl headwind". */
const ALIASES = [
  { name: 'kubectl_complete-headwind', program: 'kubectl-headwind', words: ['__complete'] },
] as const;

/** Programs of threads, which are started from files of their own beside the others (src/helm/index-thread.ts). */
const THREADS = ['index-worker'] as const;

const manifest = Package.parse(JSON.parse(await readFile(`${root}/package.json`, 'utf8')));
const nodeMajor = Number(manifest.engines.node.slice(2));

await rm(`${root}/dist`, { recursive: true, force: true });
// Each by itself: what several shared would be cut into ever smaller files, each of which costs time and memory to load.
const outputs: Metafile['outputs'] = {};
for (const program of [
  ...PROGRAMS.map(({ name }) => ({ in: `src/cli/${name}.ts`, out: name })),
  ...THREADS.map((name) => ({ in: `src/helm/${name}.ts`, out: name })),
]) {
  const { metafile } = await build({
    ...BUNDLE,
    absWorkingDir: root,
    entryPoints: [program],
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    // What is imported when it is asked for stays in files of its own.
    splitting: true,
    target: `node${nodeMajor}`,
    define: definitions(manifest.version),
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
  }).catch(() => {
    // esbuild has said what is wrong.
    process.exit(1);
  });
  Object.assign(outputs, metafile.outputs);
}

const ui = await buildUi(root);
await writeFile(
  `${root}/dist/.bundled.json`,
  JSON.stringify(describeBundles({ outputs }, { outdir: 'dist', ui })),
);

await mkdir(`${root}/bin`, { recursive: true });
const launchers = [
  ...PROGRAMS.map((options) => ({ ...options, program: options.name })),
  ...ALIASES.map((options) => ({ ...options, flags: [] })),
];
for (const { name, ...options } of launchers) {
  const path = `${root}/bin/${name}`;
  await writeFile(path, launcher({ nodeMajor, ...options }));
  await chmod(path, 0o755);
}
