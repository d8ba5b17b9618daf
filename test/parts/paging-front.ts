import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

export interface PagingFrontOptions {
  /** The registry behind it, `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** The most that one page holds. */
  readonly pageSize: number;
  /** Whether this page (from 1) is to break off in the middle. */
  readonly breaks?: (page: number) => boolean;
}

export interface PagingFront {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** The query of each tag list asked for, in order. */
  readonly lists: readonly string[];
  stop(): Promise<void>;
}

const TagList = z.object({ name: z.string(), tags: z.array(z.string()) });

/**
 * Stands before a real registry and gives its tag lists in pages, as newer registries do: distribution 2.8 gives every
 * list whole, whatever `n` it is asked for. All else passes through, who may ask included.
 */
export async function startPagingFront(options: PagingFrontOptions): Promise<PagingFront> {
  const lists: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = new URL(request.url ?? '', options.url);
    const { authorization, accept } = request.headers;
    const answer = await fetch(asked, {
      method: request.method ?? 'GET',
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(accept === undefined ? {} : { accept }),
      },
    });
    const text = await answer.text();
    const headers = Object.fromEntries(
      [...answer.headers].filter(([name]) => !['content-length', 'connection', 'date'].includes(name)),
    );
    if (answer.status !== 200 || !asked.pathname.endsWith('/tags/list')) {
      response.writeHead(answer.status, headers).end(text);
      return;
    }
    lists.push(asked.search);
    const { name, tags } = TagList.parse(JSON.parse(text));
    const sorted = tags.toSorted();
    const last = asked.searchParams.get('last');
    const start = last === null ? 0 : sorted.indexOf(last) + 1;
    const page = sorted.slice(start, start + options.pageSize);
    const body = JSON.stringify({ name, tags: page });
    const next = `<${asked.pathname}?last=${page.at(-1)}&n=${options.pageSize}>; rel="next"`;
    const isLast = start + options.pageSize >= sorted.length;
    response.writeHead(200, { ...headers, ...(isLast ? {} : { link: next }), 'content-length': body.length });
    if (options.breaks?.(start / options.pageSize + 1) === true)
      response.write(body.slice(0, body.length / 2), () => response.destroy());
    else response.end(body);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  return {
    host: `127.0.0.1:${address.port}`,
    lists,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
