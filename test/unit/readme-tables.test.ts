import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, fillTables } from '../../tools/tables.ts';

describe.each(Object.entries(DOCUMENTS))('%s', (document, tables) => {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8');

  it.each(tables)('has a place for the table of %s', (name) => {
    expect(text).toContain(`<!-- ${name}:start -->\n`);
  });

  it('has tables that say what the sources say (make format writes them anew)', () => {
    expect(text).toBe(fillTables(text));
  });
});

describe('fillTables', () => {
  it('replaces what stands between start and end, and nothing else', () => {
    const text = 'a\n<!-- settings:start -->\nformerly\n<!-- settings:end -->\nb\n';
    const filled = fillTables(text);
    expect(filled).toMatch(/^a\n<!-- settings:start -->\n\| Variable /);
    expect(filled).toMatch(/ \|\n<!-- settings:end -->\nb\n$/);
    expect(filled).not.toContain('formerly');
    expect(fillTables(filled)).toBe(filled);
  });

  it.each([
    ['an unknown table', '<!-- nonsense:start -->\n<!-- nonsense:end -->', 'there is no table "nonsense"'],
    ['a table without an end', '<!-- settings:start -->\n', '1 tables start, but 0 end'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => fillTables(text)).toThrow(message);
  });
});
