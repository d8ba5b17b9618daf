import type { IncomingMessage } from 'node:http';
import { jsonAnswer, type Answer } from './answer.ts';
import type { Content } from './content.ts';
import { RegistryError } from './registry-error.ts';

/** The manifest under a tag or digest, or 304 when the client has it already. */
export function getManifest(
  content: Content,
  where: { readonly repository: string; readonly reference: string },
  request: IncomingMessage,
): Answer {
  const { repository, reference } = where;
  requireRepository(content, repository);
  const manifest = content.manifest(repository, reference);
  if (manifest === undefined)
    throw new RegistryError('MANIFEST_UNKNOWN', 'manifest unknown', { name: repository, reference });
  const etag = `"${manifest.digest}"`;
  const headers = { 'docker-content-digest': manifest.digest, etag };
  if (knows(request, etag)) return { status: 304, headers };
  return { status: 200, headers: { ...headers, 'content-type': manifest.mediaType }, body: manifest.bytes };
}

/** A blob, whole or the one range that is asked for. */
export function getBlob(
  content: Content,
  where: { readonly repository: string; readonly digest: string },
  request: IncomingMessage,
): Answer {
  const bytes = content.blob(where.repository, where.digest);
  if (bytes === undefined)
    throw new RegistryError('BLOB_UNKNOWN', 'blob unknown to registry', { digest: where.digest });
  const etag = `"${where.digest}"`;
  const headers = {
    'docker-content-digest': where.digest,
    etag,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  };
  if (knows(request, etag)) return { status: 304, headers };
  const range = rangeOf(request.headers.range, bytes.byteLength);
  if (range === undefined) return { status: 200, headers, body: bytes };
  const contentRange = `bytes ${range.from}-${range.to}/${bytes.byteLength}`;
  return {
    status: 206,
    headers: { ...headers, 'content-range': contentRange },
    body: bytes.subarray(range.from, range.to + 1),
  };
}

/** One page of a repository's tags. */
export function listTags(content: Content, repository: string, query: URLSearchParams): Answer {
  requireRepository(content, repository);
  const page = pageOf(content.tags(repository) ?? [], query);
  const link = page.next === undefined ? {} : { link: nextLink(`/v2/${repository}/tags/list`, page) };
  return jsonAnswer({ name: repository, tags: page.items }, link);
}

/** One page of the repositories' names. */
export function listRepositories(content: Content, query: URLSearchParams): Answer {
  const page = pageOf(content.repositories(), query);
  const link = page.next === undefined ? {} : { link: nextLink('/v2/_catalog', page) };
  return jsonAnswer({ repositories: page.items }, link);
}

/** Throws NAME_UNKNOWN when nothing was ever pushed there. */
export function requireRepository(content: Content, repository: string): void {
  if (!content.has(repository))
    throw new RegistryError('NAME_UNKNOWN', 'repository name not known to registry', { name: repository });
}

function knows(request: IncomingMessage, etag: string): boolean {
  const asked = request.headers['if-none-match'];
  return asked !== undefined && asked.split(',').some((one) => [etag, '*', `W/${etag}`].includes(one.trim()));
}

/** Undefined when the whole is meant; several ranges at once are answered with the whole, as RFC 9110 allows. */
function rangeOf(header: string | undefined, size: number): { from: number; to: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match == null || (first === '' && last === '')) return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (from > to) throw new RegistryError('RANGE_INVALID', 'the range is not in the blob', { size });
  return { from, to };
}

interface Page {
  readonly items: readonly string[];
  readonly size: number;
  /** The last item of this page, when there are more. */
  readonly next: string | undefined;
}

function pageOf(all: readonly string[], query: URLSearchParams): Page {
  const asked = query.get('n');
  if (asked != null && !/^\d{1,9}$/.test(asked))
    throw new RegistryError('PAGINATION_NUMBER_INVALID', 'n must be a whole number from 0 on');
  const last = query.get('last') ?? '';
  const rest = all.filter((name) => name > last);
  const size = asked == null ? rest.length : Number(asked);
  const items = rest.slice(0, size);
  return { items, size, next: size > 0 && rest.length > size ? items.at(-1) : undefined };
}

function nextLink(path: string, page: Page): string {
  const query = new URLSearchParams({ last: page.next ?? '', n: String(page.size) });
  return `<${path}?${query.toString()}>; rel="next"`;
}
