import { createHash } from 'node:crypto';
import { load } from 'js-yaml';
import { z } from 'zod';

const TIMEOUT_MS = 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

const Entry = z.object({ version: z.string(), digest: z.string(), urls: z.array(z.string()).min(1) });
const Index = z.object({ entries: z.record(z.string(), z.array(Entry)) });

/** One version of a chart, as an index names it. */
export interface PublishedChart {
  readonly version: string;
  /** SHA-256 of its archive, hexadecimal. */
  readonly digest: string;
  /** The name of its archive, such as `headwind-1.2.3.tgz`. */
  readonly file: string;
}

export interface PublishedIndex {
  /** As it was fetched. */
  readonly text: string;
  readonly charts: readonly PublishedChart[];
}

/**
 * The index of the chart repository at `url`; undefined where the server says that there is none. Throws where it cannot be
 * had, or names archives that are not beside it: who went on without would take earlier versions away from everybody.
 */
export async function fetchIndex(url: string): Promise<PublishedIndex | undefined> {
  const address = `${url}/index.yaml`;
  const bytes = await fetchIfThere(address);
  if (bytes === undefined) return undefined;
  const text = bytes.toString('utf8');
  const index = Index.safeParse(load(text));
  if (!index.success) throw new Error(`${address} is no index of charts`, { cause: index.error });
  const charts = Object.values(index.data.entries)
    .flat()
    .map(({ version, digest, urls: [first = ''] }) => ({ version, digest, file: fileOf(first, url) }));
  return { text, charts };
}

/** The archive of a version; throws where it cannot be had, or is not what the index says. */
export async function fetchArchive(url: string, { file, digest }: PublishedChart): Promise<Buffer> {
  const bytes = await fetchIfThere(`${url}/${file}`);
  if (bytes === undefined) throw new Error(`${url}/${file} is named by the index, and is not there`);
  const found = sha256(bytes);
  if (found !== digest)
    throw new Error(`${url}/${file} has the SHA-256 sum ${found}, and the index says ${digest}`);
  return bytes;
}

/** Hexadecimal. */
export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function fileOf(archive: string, url: string): string {
  const file = archive.startsWith(`${url}/`) ? archive.slice(url.length + 1) : '';
  if (!/^[A-Za-z0-9][A-Za-z0-9.+_-]*\.tgz$/.test(file))
    throw new Error(`the index at ${url} names the archive ${archive}, which is not beside it`);
  return file;
}

async function fetchIfThere(address: string): Promise<Buffer | undefined> {
  let answer: Response;
  let bytes: Buffer;
  try {
    answer = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    bytes = Buffer.from(await answer.arrayBuffer());
  } catch (cause) {
    throw new Error(`${address} cannot be fetched`, { cause });
  }
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${address} answers ${answer.status}`);
  if (bytes.length > MAX_BYTES) throw new Error(`${address} has more than ${MAX_BYTES} bytes`);
  return bytes;
}
