import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTooLongError, splitLines } from './lines.ts';

async function* chunked(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield chunk;
}

async function collect(chunks: readonly Uint8Array[], maxBytes = 1000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(chunked(chunks), maxBytes)) lines.push(line);
  return lines;
}

describe('splitting bytes into lines', () => {
  it('gives the same lines however the bytes are cut, within characters too', async () => {
    const anyLine = fc.string({ unit: 'binary', minLength: 1 }).filter((line) => !line.includes('\n'));
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 8 }), fc.array(fc.nat(60)), async (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Uint8Array[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        chunks.push(bytes.subarray(from));
        expect(await collect(chunks)).toEqual(lines.map((line) => Buffer.from(line).toString('utf8')));
      }),
    );
  });

  it('drops empty lines and what follows the last newline', async () => {
    expect(await collect([Buffer.from('a\n\n\nb\ncut of')])).toEqual(['a', 'b']);
  });

  it('refuses a line that grows past the limit, before it has ended', async () => {
    await expect(collect([Buffer.from('12345'), Buffer.from('67890a')], 10)).rejects.toThrow(
      LineTooLongError,
    );
  });

  it('refuses a line past the limit that arrives whole', async () => {
    await expect(collect([Buffer.from('1234567890a\n')], 10)).rejects.toThrow(LineTooLongError);
  });

  it('allows a line of exactly the limit', async () => {
    expect(await collect([Buffer.from('1234567890\n')], 10)).toEqual(['1234567890']);
  });
});
