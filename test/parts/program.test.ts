import { describe, expect, it } from 'vitest';
import { startHeadwind } from './program.ts';

describe('the program under test', () => {
  it('runs with the arguments given, and its output and end are seen', async () => {
    const program = await startHeadwind({ env: {}, args: ['--version'], waitUntilReady: false });

    expect(await program.exited).toEqual({ code: 0, signal: null });
    expect(program.output().join('\n')).toMatch(/\d+\.\d+\.\d+/);
  });

  it('fails at once, with its output, when it ends instead of becoming ready', async () => {
    await expect(startHeadwind({ env: { HEADWIND_VERIFY_IMAGES: 'perhaps' } })).rejects.toThrow(
      /it has ended with 2[^]*HEADWIND_VERIFY_IMAGES/,
    );
  });
});
