import type { Plugin } from 'esbuild';

const NAMESPACE = 'required-builtin';

/**
 * For esbuild: takes Node's own modules by `require`. An `import` reads every export of theirs at once, and so loads what they
 * only name until somebody asks for it: `node:http` names the WebSocket of undici, which brings HTTP/2, zlib, workers
 * and web streams along, 10 MB in all.
 */
export const requiredBuiltins: Plugin = {
  name: 'required-builtins',
  setup(bundling) {
    bundling.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement'
        ? { path, namespace: NAMESPACE, sideEffects: false }
        : { path, external: true },
    );
    bundling.onLoad({ filter: /^/, namespace: NAMESPACE }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};
