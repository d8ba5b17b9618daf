import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const INVARIANTS = 12;

async function read(pattern: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for await (const path of glob(pattern, { cwd: ROOT }))
    files.set(path, await readFile(`${ROOT}/${path}`, 'utf8'));
  return files;
}

describe('the invariants', () => {
  it('are each named by a test', async () => {
    const tests = [...(await read('{src,test}/**/*.test.ts')).values()].join('\n');
    const named = (number: number): boolean => new RegExp(`['"]Invariant ${number}: `).test(tests);
    const missing = Array.from({ length: INVARIANTS }, (_, index) => index + 1).filter(
      (number) => !named(number),
    );
    expect(missing).toEqual([]);
  });

  it('Invariant 12: core is pure: it knows no clock, no chance, no environment and no console', async () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bconsole\.|\bperformance\.|\bsetTimeout\b|\bfetch\(/;
    const sources = [...(await read('src/core/*.ts'))].filter(([path]) => !path.endsWith('.test.ts'));
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter(([, text]) => impure.test(text)).map(([path]) => path)).toEqual([]);
  });
});
