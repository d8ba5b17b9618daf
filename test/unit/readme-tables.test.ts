import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fillTables, TABLES } from '../../tools/tables.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it.each(Object.keys(TABLES))('has a place for the table of %s', (name) => {
    expect(README).toContain(`<!-- ${name}:start -->\n`);
  });

  it('has tables that say what the sources say (make format writes them anew)', () => {
    expect(README).toBe(fillTables(README));
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
