import { gzipSync } from 'node:zlib';
import { toWire, type RequestOnWire } from './http-load.ts';

/** A request that nobody should send, and what it has to be answered with. */
export interface Rubbish {
  readonly what: string;
  readonly server: 'webhook' | 'api' | 'ui' | 'metrics';
  readonly request: RequestOnWire;
  readonly status: number;
  readonly code: string;
  /** Too big to be sent thousands of times. */
  readonly isBig?: boolean;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const MB = 1024 * 1024;
const BIG_ARRAY = `[${'1,'.repeat(5 * MB)}1]`;

const webhook = (
  what: string,
  body: string | Buffer,
  [status, code]: readonly [number, string],
  headers: Readonly<Record<string, string>> = JSON_TYPE,
): Rubbish => ({
  what: `webhook: ${what}`,
  server: 'webhook',
  request: { method: 'POST', path: '/webhook/registry', headers, body },
  status,
  code,
  isBig: body.length > 64 * 1024,
});

const call = (
  server: Rubbish['server'],
  request: RequestOnWire,
  [status, code]: readonly [number, string],
): Rubbish => ({
  what: `${server}: ${request.method} ${request.path.slice(0, 60)} ${String(request.body ?? '').slice(0, 30)}`,
  server,
  request,
  status,
  code,
  isBig: (request.body?.length ?? 0) > 64 * 1024,
});

const get = (path: string): RequestOnWire => ({ method: 'GET', path });
const approve = (body: string, headers: Readonly<Record<string, string>> = JSON_TYPE): RequestOnWire => ({
  method: 'POST',
  path: '/api/v1/updates/default/web/approve',
  headers,
  body,
});

const BAD_JSON = [400, 'HW_BAD_JSON'] as const;
const BAD_QUERY = [400, 'HW_BAD_QUERY'] as const;
const BAD_REQUEST = [400, 'HW_BAD_REQUEST'] as const;
const DEEP = [400, 'HW_BODY_TOO_DEEP'] as const;
const NOT_FOUND = [404, 'HW_NOT_FOUND'] as const;
const NO_SUCH_REQUEST = [404, 'HW_REQUEST_NOT_FOUND'] as const;
const NOT_ALLOWED = [405, 'HW_METHOD_NOT_ALLOWED'] as const;
const TOO_LARGE = [413, 'HW_BODY_TOO_LARGE'] as const;
const WRONG_TYPE = [415, 'HW_UNSUPPORTED_MEDIA_TYPE'] as const;
const SHAPE = [422, 'HW_UNEXPECTED_SHAPE'] as const;
const HEADERS = [431, 'HW_HEADERS_TOO_LARGE'] as const;

const BODIES: readonly Rubbish[] = [
  webhook('no JSON', 'image=nginx&tag=1.2', BAD_JSON),
  webhook('nothing at all', '', BAD_JSON),
  webhook('blanks', '  \r\n\t ', BAD_JSON),
  webhook('half an object', '{"events":[{"action":"push","target":', BAD_JSON),
  webhook('two values', '{}{}', BAD_JSON),
  webhook('NaN', '{"repository":NaN}', BAD_JSON),
  webhook('broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), BAD_JSON),
  webhook('a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), BAD_JSON),
  webhook('a compressed body', gzipSync('{}'), WRONG_TYPE, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }),
  webhook('a form', 'a=b', WRONG_TYPE, { 'Content-Type': 'application/x-www-form-urlencoded' }),
  webhook('text', '{"events":[]}', WRONG_TYPE, { 'Content-Type': 'text/plain' }),
  webhook('no content type', '{"events":[]}', WRONG_TYPE, {}),
  webhook('a content type of nonsense', '{}', WRONG_TYPE, { 'Content-Type': ';;;=/' }),
  webhook('a number', '42', SHAPE),
  webhook('null', 'null', SHAPE),
  webhook('a string', '"push"', SHAPE),
  webhook('an array', '[{"action":"push"}]', SHAPE),
  webhook('an empty object', '{}', SHAPE),
  webhook('events that are an object', '{"events":{"action":"push"}}', SHAPE),
  webhook('events without anything', '{"events":[{},null,1,"x",[]]}', SHAPE),
  webhook('wrong types', '{"events":[{"action":"push","target":{"repository":7,"tag":[]}}]}', SHAPE),
  webhook('a repository of nonsense', '{"repository":"../../etc/passwd","tag":"1.2"}', SHAPE),
  webhook('missing fields', '{"repository":"nginx"}', SHAPE),
  webhook('a prototype', '{"__proto__":{"events":[]},"constructor":{"prototype":{"events":[]}}}', SHAPE),
  webhook('hasOwnProperty and toString', '{"hasOwnProperty":1,"toString":2,"then":3}', SHAPE),
  webhook('numbers beyond all bounds', '{"events":1e999999,"tag":-1e999999}', SHAPE),
  webhook('100 arrays', `${'['.repeat(100)}${']'.repeat(100)}`, DEEP),
  webhook('a million arrays', '['.repeat(MB / 2), DEEP),
  webhook('objects in objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, DEEP),
  webhook('too many events', `{"events":[${'{},'.repeat(20_000)}{}]}`, SHAPE),
  webhook('10 MB of array', BIG_ARRAY, TOO_LARGE),
  webhook('10 MB of string', `{"repository":"${'a'.repeat(10 * MB)}"}`, TOO_LARGE),
];

const REQUESTS: readonly Rubbish[] = [
  call('webhook', get('/webhook/registry'), NOT_ALLOWED),
  call('webhook', { method: 'DELETE', path: '/webhook/dockerhub' }, NOT_ALLOWED),
  call('webhook', { method: 'PUT', path: '/webhook/registry', headers: JSON_TYPE, body: '{}' }, NOT_ALLOWED),
  call('webhook', { method: 'POST', path: '/webhook/nobody', headers: JSON_TYPE, body: '{}' }, NOT_FOUND),
  call('webhook', { method: 'POST', path: '/webhook/__proto__', headers: JSON_TYPE, body: '{}' }, NOT_FOUND),
  call('webhook', get('/../../../../etc/passwd'), NOT_FOUND),
  call('webhook', get('/webhook/..%2f..%2fetc%2fpasswd'), NOT_FOUND),
  call('webhook', get('/%00'), NOT_FOUND),
  call('webhook', get('/%'), NOT_FOUND),
  call('webhook', get('/%ff%fe'), NOT_FOUND),
  call('webhook', get(`/${'a/'.repeat(4000)}`), NOT_FOUND),
  call('webhook', { ...get('/'), headers: { 'X-Huge': 'x'.repeat(20_000) } }, HEADERS),
  call('webhook', { ...get('/'), headers: { Cookie: 'a=b; '.repeat(5000) } }, HEADERS),
  call('webhook', { ...get('/'), headers: { Host: 'a b c' } }, BAD_REQUEST),
  call('webhook', { method: 'BREW', path: '/' }, BAD_REQUEST),
  call('api', get('/api/v1/updates?limit=many'), BAD_QUERY),
  call('api', get('/api/v1/updates?limit=-1'), BAD_QUERY),
  call('api', get('/api/v1/updates?limit=1e309'), BAD_QUERY),
  call('api', get('/api/v1/updates?limit=1&limit=2'), BAD_QUERY),
  call('api', get('/api/v1/updates?phase=Sleeping'), BAD_QUERY),
  call('api', get(`/api/v1/updates?phase=${'Pending,'.repeat(1500)}`), BAD_QUERY),
  call('api', get('/api/v1/updates?namespace=../kube-system'), BAD_QUERY),
  call('api', get('/api/v1/updates?continue=%25%25%25'), BAD_QUERY),
  call('api', get('/api/v1/updates?continue=bm90IG91cnM'), BAD_QUERY),
  call('api', get('/api/v1/updates?continue=_____w'), BAD_QUERY),
  call('api', get(`/api/v1/updates?continue=${'A'.repeat(8000)}`), BAD_QUERY),
  call('api', get('/api/v1/workloads?namespace=%00'), BAD_QUERY),
  call('api', get(`/api/v1/workloads?${'namespace=a&'.repeat(1000)}`), BAD_QUERY),
  call('api', get('/api/v1/updates/default/no-such'), NO_SUCH_REQUEST),
  call('api', get('/api/v1/updates/..%2f..%2fsecrets/x'), NO_SUCH_REQUEST),
  call('api', get('/api/v1/updates/%2e%2e/%2e%2e'), NOT_FOUND),
  call('api', get('/api/v1/updates/__proto__/constructor'), NO_SUCH_REQUEST),
  call('api', get('/api/v1/updates/default/%ff'), NO_SUCH_REQUEST),
  call('api', get(`/api/v1/updates/default/${'a'.repeat(5000)}`), NO_SUCH_REQUEST),
  call('api', get('/api/v2/updates'), NOT_FOUND),
  call('api', { method: 'DELETE', path: '/api/v1/updates' }, NOT_ALLOWED),
  call('api', get('/api/v1/updates/default/web/approve'), NOT_ALLOWED),
  call('api', approve('{"approver":'), BAD_JSON),
  call('api', approve('{"approver":42}'), SHAPE),
  call('api', approve('[]'), SHAPE),
  call('api', approve(`{"reason":"${'x'.repeat(2000)}"}`), SHAPE),
  call('api', approve('approver=me', { 'Content-Type': 'text/plain' }), WRONG_TYPE),
  call('api', approve('['.repeat(1000)), DEEP),
  call('api', approve(BIG_ARRAY), TOO_LARGE),
  call('api', approve('{"approver":"me","__proto__":{"x":1}}'), NO_SUCH_REQUEST),
  call('ui', get('/../../etc/passwd'), NOT_FOUND),
  call('ui', get('/static/..%5c..%5cwindows'), NOT_FOUND),
  call('ui', { method: 'POST', path: '/', headers: JSON_TYPE, body: '{}' }, NOT_ALLOWED),
  call('ui', { method: 'POST', path: '/nowhere', headers: JSON_TYPE, body: BIG_ARRAY }, NOT_FOUND),
  call('ui', { ...get('/'), headers: { 'X-Huge': 'x'.repeat(20_000) } }, HEADERS),
  call('metrics', get('/metrics/../../etc/passwd'), NOT_FOUND),
  call('metrics', { method: 'POST', path: '/metrics', body: 'up 1' }, NOT_ALLOWED),
  call('metrics', { method: 'PUT', path: '/readyz' }, NOT_ALLOWED),
  call('metrics', get(`/?${'x'.repeat(8000)}`), NOT_FOUND),
];

/** Everything, for all four servers. */
export const RUBBISH: readonly Rubbish[] = [...BODIES, ...REQUESTS];

/** What is rubbish below HTTP: each is written to a connection as it is, which is then left half open. */
export const RAW_RUBBISH: readonly {
  readonly what: string;
  readonly bytes: Buffer;
  readonly status: number;
}[] = [
  { what: 'words', bytes: Buffer.from('hello there\r\n\r\n'), status: 400 },
  { what: 'a TLS greeting', bytes: Buffer.from('16030100c8010000c403036c', 'hex'), status: 400 },
  { what: 'the preface of HTTP/2', bytes: Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), status: 400 },
  { what: 'zeros', bytes: Buffer.alloc(4096), status: 400 },
  { what: 'no Host', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), status: 400 },
  {
    what: 'two lengths',
    bytes: Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'),
    status: 400,
  },
  {
    what: 'a length and chunks',
    bytes: Buffer.from(
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ),
    status: 400,
  },
  {
    what: 'a negative length',
    bytes: Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'),
    status: 400,
  },
  {
    what: 'a chunk that is none',
    bytes: Buffer.concat([
      toWire({
        method: 'POST',
        path: '/webhook/registry',
        headers: { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' },
      }),
      Buffer.from('zz\r\n{}\r\n'),
    ]),
    status: 400,
  },
  {
    what: 'line ends in a header',
    bytes: Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n'),
    status: 400,
  },
];
