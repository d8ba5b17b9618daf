import { fail, ok, type Result } from '../core/result.ts';

export interface PageLink {
  /** The value of the page's `Link` headers, joined by commas. */
  readonly header: string | null;
  /** Where the page came from, after redirects: what its links are relative to. */
  readonly from: URL;
  /** The repository's API, where every page is asked for. */
  readonly base: URL;
  /** How many entries a page was asked to have; undefined where it was left to the registry. */
  readonly pageSize: number | undefined;
}

const MAX_HEADER_LENGTH = 16_384;

// Sticky, and none of them can match the same text in two ways: the time is linear in the header's length.
const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER =
  /[ \t]*;[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",;<]*)))?)?/y;

/**
 * The path and query, relative to the repository's API, of the page that a `Link` header (RFC 8288) names as the next;
 * undefined where it names none. Every page is asked for at the repository's own address, whatever the link says: all
 * that is taken of it is its query. As it comes:
 *
 *   Link: </v2/library/nginx/tags/list?last=1.25&n=1000>; rel="next"
 *   Link: <https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/app/tags/list?n=1000&last=b64%3D>; rel="next"
 *   Link: <http://reg.example.com/v2/app/tags/list?last=b&n=100>; rel="next"         (TLS ends at a proxy before it)
 *   Link: </v2/app/tags/list?last=b&n=100>; rel="next"     (Artifactory, asked for virtual/app: RTFACT-18971)
 *   Link: </v2/owner/app/tags/list?last=b&n=0>; rel="next"                            (GHCR, when asked without n)
 *
 * A link to another host fails: nobody but the registry says what it has. The message completes "<host> …".
 */
export function nextPage({ header, from, base, pageSize }: PageLink): Result<string | undefined> {
  const target = nextTarget(header ?? '');
  if (target === undefined) return ok(undefined);
  if (!URL.canParse(target, from)) return fail('names a next page that is no address');
  const link = new URL(target, from);
  if (link.origin !== from.origin && !isSameRegistry(link, base))
    return fail(`names a next page on another host (${link.host || link.protocol}), which is not asked`);
  const query = queryOf(link, new URL('tags/list', base));
  if (query === undefined) return fail('names a next page that is none of this repository');
  setSize(query, pageSize);
  return ok(`tags/list?${query.toString()}`);
}

/** All of the link's query where it names this list, and `last` where it lost the way to it. */
function queryOf(link: URL, own: URL): URLSearchParams | undefined {
  if (decodePath(link) === decodePath(own)) return new URLSearchParams(link.search);
  const last = link.searchParams.get('last');
  return last === null ? undefined : new URLSearchParams({ last });
}

/** The registry's word on the size of pages counts, unless it is none. */
function setSize(query: URLSearchParams, pageSize: number | undefined): void {
  if (Number(query.get('n') ?? 0) !== 0) return;
  if (pageSize === undefined) query.delete('n');
  else query.set('n', String(pageSize));
}

/** The target of the first link with the relation `next`. */
function nextTarget(header: string): string | undefined {
  const text = header.slice(0, MAX_HEADER_LENGTH);
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = position;
    const match = pattern.exec(text) ?? undefined;
    if (match !== undefined) position = pattern.lastIndex;
    return match;
  };
  // "The rel parameter MUST NOT appear more than once …; occurrences after the first MUST be ignored" (§3.3)
  const takeRelation = (): string => {
    let relation: string | undefined;
    for (let parameter = take(PARAMETER); parameter !== undefined; parameter = take(PARAMETER))
      if (parameter[1]?.toLowerCase() === 'rel') relation ??= parameter[2] ?? parameter[3];
    return relation ?? '';
  };
  for (let target = take(TARGET); target !== undefined; target = take(TARGET)) {
    if (takeRelation().toLowerCase().split(/\s+/).includes('next')) return target[1] ?? '';
  }
  return undefined;
}

/** A registry behind a proxy that ends TLS often names itself with `http`: the same host, asked by TLS all the same. */
function isSameRegistry(link: URL, base: URL): boolean {
  if (link.origin === base.origin) return true;
  return base.protocol === 'https:' && link.protocol === 'http:' && link.host === base.host;
}

function decodePath({ pathname }: URL): string {
  const path = pathname.replace(/\/$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
