import type { BuildOptions } from 'esbuild';
import { leanPackages } from './lean-packages.ts';
import { lightFetch } from './light-fetch.ts';
import { requiredBuiltins } from './required-builtins.ts';

/**
 * Of the operator: the young generation kept at 1 MiB is worth about 30 MB of memory at rest, and collecting the old one
 * sooner about 70 MB under a flood of webhooks. An optimising compiler takes 4 to 6 MB of Node's own code into memory as soon
 * as one function is hot: there is one in place of two, and it has to wait until a flood makes it worth that. What a
 * compilation needs, threads would keep: 5 MB. And what starting has left behind, code that is not run again too, is given
 * back within seconds, not half a minute: 5 MB. To collect a megabyte takes less than to wake the threads that would help.
 */
const OPERATOR_FLAGS = [
  '--max-semi-space-size=1',
  '--no-parallel-scavenge',
  '--optimize-for-size',
  '--no-maglev',
  '--invocation-count-for-turbofan=20000',
  '--invocation-count-for-osr=5000',
  '--no-concurrent-recompilation',
  '--bytecode-old-age=2',
  '--flush-baseline-code',
  '--memory-reducer-delay-ms=1000',
  '--gc-memory-reducer-start-delay-ms=1000',
];
/** And glibc's arenas kept at one: several hold on to what big lists leave behind, some 10 MB. */
const OPERATOR_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

/** The programs, each bundled from `src/cli/<name>.ts`, with the flags for Node and the environment that each is run with. */
export const PROGRAMS = [
  { name: 'headwind', flags: OPERATOR_FLAGS, environment: OPERATOR_ENVIRONMENT },
  { name: 'kubectl-headwind', flags: [], environment: {} },
] as const;
export type ProgramName = (typeof PROGRAMS)[number]['name'];

export function isProgramName(name: string): name is ProgramName {
  return PROGRAMS.some((program) => program.name === name);
}

/** CommonJS packages inside an ES module still ask for Node's modules through `require`. */
const REQUIRE =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/** How esbuild bundles what runs on Node, whatever it becomes a part of. */
export const BUNDLE = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  banner: { js: REQUIRE },
  // Source text stays in memory: without blanks it is 2 MB less. Names are kept, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [requiredBuiltins, leanPackages, lightFetch],
} satisfies BuildOptions;

/** What the programs are told when they are built. */
export function definitions(version: string): Readonly<Record<string, string>> {
  return { HEADWIND_VERSION: JSON.stringify(version) };
}
