import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** A file of the dashboard as it goes over the wire. */
export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Assets {
  /**
   * The file at `path` (`/assets/x.js`), in the best encoding that `acceptEncoding` (RFC 9110 §12.5.3) takes; undefined if
   * there is no such file. The page itself is `/index.html`.
   */
  find(path: string, acceptEncoding: string | undefined): Promise<Asset | undefined>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;
/** Their names change with their content. */
const HASHED = '/assets/';

/** Files by their names, such as `index.html` and `assets/x.js`. */
export interface AssetFiles {
  readonly names: Iterable<string>;
  /** Is asked for these names alone. */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens the built dashboard in `directory`. Only what is there at this moment can be asked for, so that no path leads
 * anywhere else; contents are read when they are wanted, since most replicas are seldom looked at.
 *
 * @throws NodeJS.ErrnoException if the directory cannot be read
 */
export async function openAssets(directory: string): Promise<Assets> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)).split(sep).join('/'));
  return createAssets({ names, read: async (name) => new Uint8Array(await readFile(join(directory, name))) });
}

/** The dashboard from files that may lie anywhere. */
export function createAssets({ names, read }: AssetFiles): Assets {
  const files = new Map<string, string>([...names].map((name) => [`/${name}`, name]));
  return {
    async find(path, acceptEncoding) {
      const plain = files.get(path);
      const type = TYPES[extname(path)];
      if (plain === undefined || type === undefined) return undefined;
      const encoding = ENCODINGS.find(
        ({ name, suffix }) => accepts(acceptEncoding, name) && files.has(path + suffix),
      );
      const file = encoding === undefined ? plain : (files.get(path + encoding.suffix) ?? plain);
      const headers = {
        'content-type': type,
        'cache-control': path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache',
        vary: 'accept-encoding',
        ...(encoding === undefined ? {} : { 'content-encoding': encoding.name }),
      };
      return { body: await read(file), headers };
    },
  };
}

function accepts(header: string | undefined, encoding: string): boolean {
  const wanted = (header ?? '').split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  const named = wanted.find(([name]) => name === encoding) ?? wanted.find(([name]) => name === '*');
  return named !== undefined && !named.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
}
