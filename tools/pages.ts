// Puts together in dist/pages what is served at https://headwind.sh, of dist/docs and the chart:
// `node tools/pages.ts [--chart FILE] [--published URL]`. FILE is the chart's archive, made here unless told; the versions of
// the chart repository at URL are kept.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { requirePart } from '../test/parts/binaries.ts';
import { assemblePages } from './pages/assemble.ts';

const { values } = parseArgs({ options: { chart: { type: 'string' }, published: { type: 'string' } } });
const root = fileURLToPath(new URL('..', import.meta.url));
const directory = join(root, 'dist/pages');
const charts = await assemblePages({
  root,
  site: join(root, 'dist/docs'),
  directory,
  helm: requirePart('helm', process.env),
  url: 'https://headwind.sh',
  archive: values.chart,
  published: values.published,
});
console.log(`pages: dist/pages, with ${charts.join(', ')}`);
