import { readFile } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { lightImports } from './light-fetch.ts';

const WHOLE_ZOD = "import { z } from 'zod';";
const NAMED_ZOD = "import * as z from 'zod';";

/** What of prom-client is used. Its own index.js also loads a gateway, a cluster's registry and what quantiles need. */
const PROM_CLIENT = ['Registry', 'Counter', 'Gauge', 'Histogram'];

/**
 * For esbuild: takes from two packages only what is used, since all source text and all that it makes when it is loaded
 * stays in memory. `z` by name is an object that holds everything that zod has, the messages in all languages too, and
 * esbuild keeps all of it; as a namespace, which is the same to whoever uses it, it is taken apart (3 MB less). prom-client
 * is CommonJS, which is never taken apart (1 MB).
 */
export const leanPackages: Plugin = {
  name: 'lean-packages',
  setup(bundling) {
    bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (path.includes(`${sep}node_modules${sep}`)) return undefined;
      const text = await readFile(path, 'utf8');
      const contents = lightImports(path, text) + text.replace(WHOLE_ZOD, NAMED_ZOD);
      return { contents, loader: 'ts' };
    });
    bundling.onLoad({ filter: /[\\/]node_modules[\\/]prom-client[\\/]index\.js$/ }, () => ({
      contents: PROM_CLIENT.map((name) => `exports.${name} = require('./lib/${name.toLowerCase()}');\n`).join(
        '',
      ),
    }));
  },
};
