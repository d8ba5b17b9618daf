import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { readPagesAhead } from './pages-ahead.ts';

interface Asked {
  readonly from: string | undefined;
  /** The items begin, after what stands before them. */
  begin(page: unknown): void;
  readonly end: PromiseWithResolvers<unknown>;
}

/** A list whose pages are read as the test says. */
function aList(): {
  readonly asked: readonly Asked[];
  readonly pages: () => number;
  readonly version: Promise<string>;
} {
  const asked: Asked[] = [];
  let pages = 0;
  const version = readPagesAhead(
    (from, onHead) => {
      const end = Promise.withResolvers<unknown>();
      asked.push({ from, begin: onHead, end });
      return end.promise;
    },
    () => (pages += 1),
  );
  return { asked, pages: () => pages, version };
}

const page = (next?: string): unknown => ({ metadata: { resourceVersion: '7', continue: next }, items: [] });
const isAsked = (asked: readonly Asked[], count: number): Promise<unknown> =>
  eventually(() => asked.length === count, { what: `${count} pages are asked for` });

describe('the pages of a list', () => {
  it('are asked for while the one before is read, one ahead', async () => {
    const { asked, pages, version } = aList();
    asked[0]?.begin(page('b'));
    await isAsked(asked, 2);
    asked[1]?.begin(page('c'));
    await Promise.resolve();
    expect(asked.map(({ from }) => from)).toEqual([undefined, 'b']);
    asked[0]?.end.resolve(page('b'));
    await isAsked(asked, 3);
    expect(pages()).toBe(1);
    asked[1]?.end.resolve(page('c'));
    asked[2]?.begin(page());
    asked[2]?.end.resolve(page());
    expect(await version).toBe('7');
    expect(asked.map(({ from }) => from)).toEqual([undefined, 'b', 'c']);
    expect(pages()).toBe(3);
  });

  it.each([
    ['after the items', () => undefined],
    ['nowhere before the end', (page: Asked) => page.begin({ kind: 'List' })],
    ['in words that are not understood', (page: Asked) => page.begin({ metadata: 7 })],
  ])('come one after the other where the metadata stand %s', async (_, begin) => {
    const { asked, version } = aList();
    for (const [count, next] of [
      [1, 'b'],
      [2, ''],
    ] as const) {
      await isAsked(asked, count);
      const reading = asked[count - 1];
      if (reading !== undefined) begin(reading);
      expect(asked).toHaveLength(count);
      reading?.end.resolve(page(next));
    }
    expect(await version).toBe('7');
    expect(asked.map(({ from }) => from)).toEqual([undefined, 'b']);
  });

  it('are given up with the one that fails, whatever becomes of the one ahead', async () => {
    const { asked, version } = aList();
    asked[0]?.begin(page('b'));
    await isAsked(asked, 2);
    asked[0]?.end.reject(new Error('broken'));
    asked[1]?.end.reject(new Error('broken off'));
    await expect(version).rejects.toThrow('broken');
    expect(asked).toHaveLength(2);
  });

  it('are given up where the one ahead has failed already', async () => {
    const { asked, version } = aList();
    asked[0]?.begin(page('b'));
    await isAsked(asked, 2);
    asked[1]?.end.reject(new Error('too old'));
    asked[0]?.end.resolve(page('b'));
    await expect(version).rejects.toThrow('too old');
  });

  it.each([{}, undefined, { metadata: { resourceVersion: '' } }])('%j is none', async (answer) => {
    const { asked, version } = aList();
    asked[0]?.end.resolve(answer);
    await expect(version).rejects.toThrow(/metadata|expected object/);
  });
});
