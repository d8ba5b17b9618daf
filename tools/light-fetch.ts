import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const HEADERS = fileURLToPath(new URL('../src/http/light-headers.ts', import.meta.url));
const HEADERS_IMPORT = `import { LightHeaders as Headers } from ${JSON.stringify(HEADERS)};\n`;
const RESPONSE_IMPORT = "import { Response } from '@hono/node-server';\n";

/** Node's own class is made when the first object is, and only then is undici loaded. */
const standIn = (name: 'Request' | 'Response'): string => `class Global${name} {
  constructor(input, init) { return new globalThis.${name}(input, init); }
}`;

/** What of @hono/node-server is written otherwise; each is there exactly once. */
const SERVER: readonly (readonly [from: string, to: string])[] = [
  [
    'import { Http2ServerRequest, constants } from "node:http2";',
    'class Http2ServerRequest {}\nconst constants = {};',
  ],
  ['const GlobalHeaders = globalThis.Headers;', 'const GlobalHeaders = Headers;'],
  ['globalThis.Headers === GlobalHeaders ? ', 'true ? '],
  ['const GlobalRequest = global.Request;', standIn('Request')],
  ['const GlobalResponse = global.Response;', standIn('Response')],
  ['options.overrideGlobalObjects !== false && global.Request !== Request$1', 'false'],
  ['globalThis.CloseEvent ?? class', 'class'],
  ['globalThis.ErrorEvent ?? class', 'class'],
  ['export { ', 'var Response = Response$1;\nexport { Response, '],
];

/**
 * For esbuild: lets our HTTP servers do without undici, which Node loads, with HTTP/2 and more, as soon as somebody looks at
 * the globals `Headers`, `Request`, `Response` and the like: 10 MB that are not needed to answer requests. @hono/node-server
 * has answers of its own, which hold nothing of Node's before they must, and puts them in the place of the global; here they and
 * our headers are bound to those files alone that serve, so that everything else has Node's own, and the first `fetch`
 * loads what it always did. From the sources everything runs with Node's own.
 *
 * Throws where a new version of the package no longer has what is replaced.
 */
export const lightFetch: Plugin = {
  name: 'light-fetch',
  setup(bundling) {
    bundling.onLoad({ filter: /[\\/]@hono[\\/]node-server[\\/]dist[\\/]index\.mjs$/ }, async ({ path }) => {
      let contents = HEADERS_IMPORT + (await readFile(path, 'utf8'));
      for (const [from, to] of SERVER) contents = replaceOnce(contents, from, to);
      return { contents };
    });
    bundling.onLoad({ filter: /[\\/]hono[\\/]dist[\\/]context\.js$/ }, async ({ path }) => ({
      contents: HEADERS_IMPORT + RESPONSE_IMPORT + (await readFile(path, 'utf8')),
    }));
  },
};

/** What stands before a source file of ours; nothing where it makes neither answers nor headers. */
export function lightImports(path: string, text: string): string {
  if (!/[\\/]src[\\/](?:http|registry)[\\/]/.test(path) || path === HEADERS) return '';
  const response = /\b(?:new|instanceof) Response\b/.test(text) ? RESPONSE_IMPORT : '';
  return response + (/\bnew Headers\b/.test(text) ? HEADERS_IMPORT : '');
}

function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined)
    throw new Error(`@hono/node-server has ${JSON.stringify(from)} ${parts.length - 1} times, not once`);
  return before + to + after;
}
