import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Meddling, RealAnswer } from './registry-front.ts';

const TagList = z.object({ name: z.string(), tags: z.array(z.string()).nullable() });

/** The tags of the registry's own list. */
export function readTags({ body }: Pick<RealAnswer, 'body'>): {
  readonly name: string;
  readonly tags: readonly string[];
} {
  const { name, tags } = TagList.parse(JSON.parse(body.toString()));
  return { name, tags: tags ?? [] };
}

/** The older first. */
export function sorted(tags: readonly string[]): readonly string[] {
  return tags.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** A value as a body. */
export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Sends a whole answer; one to a HEAD goes without its body. */
export function send(response: ServerResponse, { status, headers, body }: RealAnswer): void {
  response.writeHead(status, headers).end(body);
}

/**
 * Ends the connection in the middle of the body, of a length that was promised or in a chunk. A HEAD has no body that could
 * break off: its digest is withheld, so that a GET follows.
 */
export async function breakOff(
  { asked, response, real }: Meddling,
  { chunked }: { readonly chunked: boolean },
): Promise<void> {
  if (asked.method === 'HEAD') {
    response.writeHead(405).end();
    return;
  }
  const { status, headers, body } = await real();
  const half = body.subarray(0, Math.ceil(body.length / 2));
  response.writeHead(status, { ...headers, ...(chunked ? {} : { 'content-length': body.length }) });
  response.flushHeaders();
  const { socket } = response;
  // Written past Node's own framing: the chunk says that more is to come.
  socket?.end(chunked ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), half]) : half);
}

/** The older half of a list, and a link to a page that follows. */
export function firstHalf(url: URL, response: ServerResponse, answer: RealAnswer): void {
  const { name, tags } = readTags(answer);
  const half = sorted(tags).slice(0, Math.ceil(tags.length / 2));
  const link = `<${url.pathname}?last=${half.at(-1) ?? ''}&n=${half.length}>; rel="next"`;
  const { etag: _etag, ...others } = answer.headers;
  send(response, { status: 200, headers: { ...others, link }, body: json({ name, tags: half }) });
}
