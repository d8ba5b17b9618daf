import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAVIGATION } from '../../docs/.vitepress/navigation.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VITEPRESS = join(ROOT, 'node_modules/vitepress/bin/vitepress.js');
const PAGES = NAVIGATION.flatMap(({ pages }) => Object.values(pages));

/** What a browser fetches by itself; links are followed by people. */
const FETCHED =
  /<(?:script|img|iframe|source|video)\b[^>]*\bsrc="([^"]+)"|<link\b(?![^>]*rel="(?:canonical|alternate)")[^>]*\bhref="([^"]+)"/g;

let site: string;

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'headwind-site-'));
  await run(process.execPath, [VITEPRESS, 'build', 'docs', '--outDir', site], {
    cwd: ROOT,
    timeout: 120_000,
  });
});
afterAll(() => rm(site, { recursive: true, force: true }));

function pageOf(page: string): Promise<string> {
  return readFile(join(site, page.replace(/\.md$/, '.html')), 'utf8');
}

describe('the documentation site', () => {
  it.each(PAGES)('shows %s without scripts, and fetches nothing from elsewhere', async (page) => {
    const html = await pageOf(page);
    const title = /^# (.+)$/m.exec(await readFile(join(ROOT, 'docs', page), 'utf8'))?.[1] ?? '';
    const words = /<h1[^>]*>(.*?)<a /s
      .exec(html)?.[1]
      ?.replaceAll(/<[^>]+>/g, '')
      .replaceAll('&#39;', "'")
      .replaceAll('&quot;', '"')
      .trim();
    const fetched = [...html.matchAll(FETCHED)].map(([, source, link]) => source ?? link ?? '');

    expect(words).toBe(title.replaceAll('`', ''));
    // Who has the page read aloud hears the heading of a column before what stands in it.
    expect(html.match(/<th\b[^>]*>\s*<\/th>/g)).toBeNull();
    expect(fetched.filter((address) => !/^(?:\/(?!\/)|data:)/.test(address))).toEqual([]);
  });

  it('has styles that name nothing from elsewhere', async () => {
    const styles = globSync('assets/**/*.css', { cwd: site });

    expect(styles).not.toEqual([]);
    for (const style of styles)
      expect(await readFile(join(site, style), 'utf8')).not.toMatch(
        /(?:url\(["']?|@import ["'])(?:https?:)?\/\//,
      );
  });

  it('can be searched without anybody else', async () => {
    const [index = ''] = globSync('assets/chunks/@localSearchIndex*.js', { cwd: site });

    expect(await readFile(join(site, index), 'utf8')).toContain('awaiting-approval');
  });

  it('leads to the source of the project where a link leaves the documents', async () => {
    expect(await pageOf('reference/alerts.md')).toContain(
      'href="https://github.com/headwind-sh/headwind/blob/main/monitoring/alerts.yaml"',
    );
  });
});
