import { createHash } from 'node:crypto';
import type { Script } from './scripted-server.ts';

export interface PagedTagsOptions {
  /** Changed by the test as it likes. */
  readonly tags: string[];
  /** The most that one page holds, whatever is asked for. */
  readonly pageSize: number;
  /** Whether pages have an ETag and conditional questions are answered with 304. */
  readonly etags?: boolean;
  /** Of the next page; `</v2/…/tags/list?last=…&n=…>; rel="next"` unless told. */
  readonly link?: (page: { readonly path: string; readonly last: string; readonly n: number }) => string;
  /** Answers instead, where it returns true: for what goes wrong. `page` counts from 1. */
  readonly instead?: (page: number, ...rest: Parameters<Script>) => boolean;
}

/** A script that lists tags page by page, as distribution's specification has it. */
export function pagedTags(options: PagedTagsOptions): Script {
  const { tags, pageSize, etags = false } = options;
  const linkTo = options.link ?? (({ path, last, n }) => `<${path}?last=${last}&n=${n}>; rel="next"`);
  return (request, response, socket) => {
    const url = new URL(request.url, 'http://localhost');
    const last = url.searchParams.get('last');
    const start = last === null ? 0 : tags.indexOf(last) + 1;
    const n = Math.min(Number(url.searchParams.get('n') ?? pageSize), pageSize);
    if (options.instead?.(Math.floor(start / pageSize) + 1, request, response, socket) === true) return;
    const page = tags.slice(start, start + n);
    const body = JSON.stringify({ name: 'team/app', tags: page });
    const etag = `"${createHash('sha256').update(body).digest('hex')}"`;
    const more = start + n < tags.length;
    const headers = {
      'content-type': 'application/json',
      ...(etags ? { etag } : {}),
      ...(more ? { link: linkTo({ path: url.pathname, last: page.at(-1) ?? '', n }) } : {}),
    };
    if (etags && request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    response.writeHead(200, headers).end(body);
  };
}

/** `0000`, `0001`, …: in lexical order, as many as told. */
export function manyTags(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index).padStart(5, '0'));
}
