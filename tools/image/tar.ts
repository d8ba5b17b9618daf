/** What can lie in a layer. All belongs to root; paths are absolute. */
export type Entry =
  | { readonly path: string; readonly type: 'directory'; readonly mode: number }
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly content: Buffer }
  | { readonly path: string; readonly type: 'link'; readonly target: string };

export function directory(path: string, mode = 0o755): Entry {
  return { path, type: 'directory', mode };
}

export function file(path: string, content: Buffer | string, mode = 0o644): Entry {
  return { path, type: 'file', mode, content: Buffer.from(content) };
}

export function link(path: string, target: string): Entry {
  return { path, type: 'link', target };
}

const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const TYPES = { file: '0', link: '2', directory: '5' } as const;

/**
 * An archive in the form of POSIX.1-1988 (ustar) with the entries in the order of their paths, and every directory above
 * one that is not given itself. It depends on nothing but its arguments; `epoch`, in seconds, is when all was changed last.
 * Throws where two entries have one path, or one is too long for the form.
 */
export function tar(entries: readonly Entry[], epoch: number): Buffer {
  const blocks = withParents(entries).flatMap((entry) => {
    const content = entry.type === 'file' ? entry.content : Buffer.alloc(0);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [header(entry, content.length, epoch), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The entries in the order of their paths, parents before their children. */
export function withParents(entries: readonly Entry[]): readonly Entry[] {
  const all = new Map<string, Entry>();
  for (const entry of entries) {
    if (all.has(entry.path)) throw new Error(`${entry.path} is there twice`);
    all.set(entry.path, entry);
  }
  for (const { path } of entries)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end);
      if (!all.has(parent)) all.set(parent, directory(parent));
    }
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function header(entry: Entry, size: number, epoch: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(`${entry.path.slice(1)}${entry.type === 'directory' ? '/' : ''}`);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  block.write(name, 0, 'utf8');
  block.write(octal(entry.type === 'link' ? 0o777 : entry.mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(epoch, 11), 136);
  block.write(' '.repeat(8), 148); // the sum below counts its own place as blanks
  block.write(TYPES[entry.type], 156);
  if (entry.type === 'link') block.write(entry.target, 157, NAME_BYTES, 'utf8');
  block.write('ustar\u000000', 257, 'latin1');
  block.write(prefix, 345, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return block;
}

/** A path of more than 100 bytes is parted at a slash. */
function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
    const prefix = path.slice(0, at);
    const name = path.slice(at + 1);
    if (name !== '' && Buffer.byteLength(name) <= NAME_BYTES && Buffer.byteLength(prefix) <= PREFIX_BYTES)
      return { name, prefix };
  }
  throw new Error(`/${path} is too long for an archive`);
}
