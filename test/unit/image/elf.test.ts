import { describe, expect, it } from 'vitest';
import { readElf, stripElf } from '../../../tools/image/elf.ts';

const ADDRESS = 0x400000;
const NAMES = '\0libc.so.6\0libm.so.6\0';
const LOADER = '/lib64/ld-linux-x86-64.so.2\0';
const DYNAMIC_AT = 0x200;
const NAMES_AT = 0x280;
const LOADER_AT = 0x2c0;
const END = 0x300;

/** A program as small as can be: three segments, and sections behind them. */
function aProgram(): Buffer {
  const file = Buffer.alloc(END + 500);
  file.write('\x7fELF', 0, 'latin1');
  file.writeUInt16BE(0x0201, 4);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(END + 100), 40);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  file.writeUInt16LE(9, 60);
  file.writeUInt16LE(8, 62);
  const segments = [
    [1, 0, END],
    [2, DYNAMIC_AT, 64],
    [3, LOADER_AT, LOADER.length],
  ] as const;
  for (const [index, [type, offset, size]] of segments.entries()) {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(ADDRESS + offset), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  }
  const dynamic = [
    [1, 1],
    [1, 11],
    [5, ADDRESS + NAMES_AT],
    [0, 0],
  ] as const;
  for (const [index, [tag, value]] of dynamic.entries()) {
    file.writeBigInt64LE(BigInt(tag), DYNAMIC_AT + index * 16);
    file.writeBigUInt64LE(BigInt(value), DYNAMIC_AT + index * 16 + 8);
  }
  file.write(NAMES, NAMES_AT, 'latin1');
  file.write(LOADER, LOADER_AT, 'latin1');
  return file;
}

describe('a program', () => {
  it('names its loader and its libraries', () => {
    expect(readElf(aProgram())).toEqual({
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libc.so.6', 'libm.so.6'],
    });
  });

  it('loses what no segment holds, and the way to it', () => {
    const whole = aProgram();
    const stripped = stripElf(whole);

    expect(stripped).toHaveLength(END);
    expect([stripped.readBigUInt64LE(40), stripped.readUInt16LE(60), stripped.readUInt16LE(62)]).toEqual([
      0n,
      0,
      0,
    ]);
    expect(stripped.subarray(64)).toEqual(whole.subarray(64, END));
    expect(readElf(stripped)).toEqual(readElf(whole));
    expect(stripElf(stripped)).toEqual(stripped);
  });

  it.each([['#!/bin/sh\n'], [''], ['\x7fELF\x01\x01']])('must be one of 64 bits: %j', (text) => {
    expect(() => readElf(Buffer.from(text.padEnd(text === '' ? 0 : 64, '\0'), 'latin1'))).toThrow('64 bits');
  });
});
