import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GENERATED } from '../../tools/generated.ts';

describe('generated files', () => {
  it.each(Object.entries(GENERATED))(
    '%s says what its sources say (node tools/generate.ts writes it anew)',
    async (file, make) => {
      const made = await make();

      expect(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')).toBe(made);
      expect(made).not.toMatch(/undefined|\[object Object\]/);
    },
  );
});
