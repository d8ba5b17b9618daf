import { createHash } from 'node:crypto';

const DOWNLOAD_MS = 300_000;
const MAX_BYTES = 512 * 1024 * 1024;

/** What `url` holds, where its sum is the expected one (hexadecimal); throws otherwise. */
export async function fetchChecked(url: string, algorithm: string, expected: string): Promise<Buffer> {
  const bytes = await fetchBytes(url, DOWNLOAD_MS);
  const sum = createHash(algorithm).update(bytes).digest('hex');
  if (sum !== expected.toLowerCase())
    throw new Error(`${url} has the ${algorithm} sum ${sum}, not ${expected}`);
  return bytes;
}

/** The sum that a file of sums begins with, as `sha256sum` writes it; throws where it holds none. */
export async function fetchSha256(url: string, timeoutMs: number): Promise<string> {
  const text = (await fetchBytes(url, timeoutMs)).toString('utf8');
  const sum = /^[0-9a-fA-F]{64}(?=\s|$)/.exec(text.trim())?.[0];
  if (sum === undefined) throw new Error(`${url} holds no SHA-256 sum`);
  return sum;
}

/** What `url` holds; throws where it cannot be had within `timeoutMs` milliseconds, or is out of all proportion. */
export async function fetchBytes(url: string, timeoutMs: number): Promise<Buffer> {
  let answer: Response;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  } catch (cause) {
    throw new Error(`${url} cannot be reached`, { cause });
  }
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  if (Number(answer.headers.get('content-length') ?? 0) > MAX_BYTES) throw new Error(`${url} is too large`);
  return Buffer.from(await answer.arrayBuffer());
}
