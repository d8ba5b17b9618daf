/** What the loader of Linux needs to know of a program or library: 64 bits, little-endian, as amd64 and arm64 are. */
export interface Elf {
  /** The loader that it asks for, such as `/lib64/ld-linux-x86-64.so.2`; libraries ask for none. */
  readonly interpreter: string | undefined;
  /** The libraries that it asks for by name. */
  readonly needed: readonly string[];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const LOAD = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const NEEDED = 1;
const STRING_TABLE = 5;
const HEADER_BYTES = 64;

/** Reads the headers (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html). Throws where it is no such file. */
export function readElf(file: Buffer): Elf {
  const segments = segmentsOf(file);
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  const entries = dynamic === undefined ? [] : dynamicEntries(file, dynamic);
  const strings = entries.find(({ tag }) => tag === STRING_TABLE);
  const table = strings === undefined ? 0 : offsetOf(segments, strings.value);
  return {
    interpreter: interpreter === undefined ? undefined : textAt(file, interpreter.offset),
    needed: entries.filter(({ tag }) => tag === NEEDED).map(({ value }) => textAt(file, table + value)),
  };
}

/**
 * The same program without what is there for debuggers and linkers alone: everything that no segment holds, the table of
 * sections included. It is a program as before; where it crashes inside itself the trace has no names.
 */
export function stripElf(file: Buffer): Buffer {
  const end = Math.max(HEADER_BYTES, ...segmentsOf(file).map(({ offset, size }) => offset + size));
  const stripped = Buffer.from(file.subarray(0, end));
  stripped.writeBigUInt64LE(0n, 40); // where the table of sections begins
  stripped.writeUInt16LE(0, 60); // how many there are
  stripped.writeUInt16LE(0, 62); // which of them holds their names
  return stripped;
}

function segmentsOf(file: Buffer): readonly Segment[] {
  // 0x7F ELF, 64 bits, little-endian.
  if (file.length < HEADER_BYTES || file.readUInt32BE(0) !== 0x7f454c46 || file.readUInt16BE(4) !== 0x0201)
    throw new Error('not a program or library of 64 bits, little-endian');
  const start = Number(file.readBigUInt64LE(32));
  const bytes = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = start + index * bytes;
    return {
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicEntries(
  file: Buffer,
  { offset, size }: Segment,
): readonly { readonly tag: number; readonly value: number }[] {
  return Array.from({ length: Math.floor(size / 16) }, (_, index) => ({
    tag: Number(file.readBigInt64LE(offset + index * 16)),
    value: Number(file.readBigUInt64LE(offset + index * 16 + 8)),
  }));
}

/** Where in the file lies what is at this address in memory. */
function offsetOf(segments: readonly Segment[], address: number): number {
  const segment = segments.find(
    (one) => one.type === LOAD && address >= one.address && address < one.address + one.size,
  );
  if (segment === undefined) throw new Error(`no segment holds the address 0x${address.toString(16)}`);
  return segment.offset + address - segment.address;
}

function textAt(file: Buffer, offset: number): string {
  return file.toString('latin1', offset, file.indexOf(0, offset));
}
