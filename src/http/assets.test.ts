import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAssets, type Assets } from './assets.ts';

describe('the files of the dashboard', () => {
  let directory = '';
  let assets: Assets;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headwind-assets-'));
    await mkdir(join(directory, 'ui/assets'), { recursive: true });
    await writeFile(join(directory, 'secret.html'), 'outside');
    for (const [name, content] of [
      ['index.html', '<p>page</p>'],
      ['assets/app-1a2b.js', 'plain'],
      ['assets/app-1a2b.js.br', 'brotli'],
      ['assets/app-1a2b.js.gz', 'gzipped'],
      ['notes.txt', 'of no known type'],
    ] as const)
      await writeFile(join(directory, 'ui', name), content);
    assets = await openAssets(join(directory, 'ui'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const bodyOf = async (path: string, accepted?: string): Promise<string | undefined> => {
    const asset = await assets.find(path, accepted);
    return asset === undefined ? undefined : Buffer.from(asset.body).toString();
  };

  it.each([
    ['brotli before gzip', 'gzip, deflate, br', 'brotli'],
    ['gzip where that is all', 'gzip;q=0.5', 'gzipped'],
    ['anything', '*', 'brotli'],
    ['what is not refused', 'br;q=0, gzip', 'gzipped'],
    ['nothing but the plain one', undefined, 'plain'],
    ['nothing that there is', 'zstd', 'plain'],
  ])('come in the encoding that is accepted: %s', async (_, accepted, body) => {
    expect(await bodyOf('/assets/app-1a2b.js', accepted)).toBe(body);
  });

  it.each([
    '/../secret.html',
    '/notes.txt',
    '/assets',
    '/assets/',
    '/',
    '/assets/../index.html',
    '/nothing.js',
  ])('has nothing at %s', async (path) => {
    expect(await bodyOf(path)).toBeUndefined();
  });

  it('may be kept for ever where the name changes with the content, and is asked for anew elsewhere', async () => {
    const hashed = await assets.find('/assets/app-1a2b.js', 'br');
    const page = await assets.find('/index.html', 'br');
    expect(hashed?.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
    });
    expect(page?.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
  });
});
