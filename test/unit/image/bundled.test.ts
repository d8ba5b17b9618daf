import { describe, expect, it } from 'vitest';
import { describeBundles, filesOf, packagesIn, packagesOf } from '../../../tools/bundled.ts';

const BUNDLED = describeBundles(
  {
    outputs: {
      'dist/headwind.mjs': output(['src/cli/headwind.ts'], ['dist/chunk-A.mjs', 'dist/demo-B.mjs']),
      'dist/headwind.mjs.map': output([], []),
      'dist/chunk-A.mjs': output(
        ['node_modules/zod/index.js', 'node_modules/zod/core.js'],
        ['dist/headwind.mjs'],
      ),
      'dist/demo-B.mjs': output(['node_modules/@scope/one/dist/x.js'], []),
      'dist/kubectl-headwind.mjs': output(['node_modules/commander/index.js'], []),
    },
  },
  { outdir: 'dist', ui: ['/somewhere/node_modules/preact/dist/preact.mjs?x', '/somewhere/ui/src/main.tsx'] },
);

function output(inputs: readonly string[], imports: readonly string[]) {
  return {
    bytes: 1,
    exports: [],
    inputs: Object.fromEntries(inputs.map((name) => [name, { bytesInOutput: 1 }])),
    imports: [
      ...imports.map((path) => ({ path, kind: 'dynamic-import' as const })),
      { path: 'node:fs', kind: 'import-statement' as const, external: true },
    ],
  };
}

describe('a program in dist/', () => {
  it('consists of its own file and of all that it loads, now or later', () => {
    expect(filesOf(BUNDLED, ['headwind'])).toEqual(['chunk-A.mjs', 'demo-B.mjs', 'headwind.mjs']);
  });

  it('is made of the packages in these files, and of those of the dashboard', () => {
    expect(packagesIn(BUNDLED, filesOf(BUNDLED, ['headwind']))).toEqual([
      'node_modules/@scope/one',
      'node_modules/preact',
      'node_modules/zod',
    ]);
  });

  it('must have been built', () => {
    expect(() => filesOf(BUNDLED, ['index-worker'])).toThrow('dist/index-worker.mjs was not built');
  });
});

describe('the package of a file', () => {
  it.each([
    ['node_modules/zod/v4/index.js', ['node_modules/zod']],
    ['node_modules/@aws-sdk/core/dist/x.js', ['node_modules/@aws-sdk/core']],
    ['node_modules/a/node_modules/@b/c/x.js', ['node_modules/a/node_modules/@b/c']],
    ['/p/node_modules/preact/x.mjs?commonjs-exports', ['node_modules/preact']],
    ['src/core/policy.ts', []],
  ])('of %s is %j', (path, expected) => {
    expect(packagesOf([path])).toEqual(expected);
  });
});
