import { createHash, randomBytes } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import {
  startEmbeddedRegistry,
  type EmbeddedRegistry,
  type EmbeddedRegistryOptions,
} from './embedded-registry.ts';
import { tinyImage } from './image.ts';
import { OCI_INDEX, OCI_MANIFEST } from './manifest.ts';
import type { PushNotification } from './notification.ts';

const running: EmbeddedRegistry[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (registry) => registry.close()));
});

async function start(options: Partial<EmbeddedRegistryOptions> = {}): Promise<EmbeddedRegistry> {
  const registry = await startEmbeddedRegistry({ now: () => 1_700_000_000_000, ...options });
  running.push(registry);
  return registry;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

const Problem = z.object({ errors: z.array(z.object({ code: z.string() })) });

async function codeOf(response: Response): Promise<string> {
  return Problem.parse(await response.json()).errors[0]?.code ?? '';
}

function locationOf(registry: EmbeddedRegistry, response: Response): string {
  return new URL(response.headers.get('location') ?? '', registry.url).href;
}

async function pushBlob(registry: EmbeddedRegistry, repository: string, bytes: Uint8Array): Promise<string> {
  const digest = digestOf(bytes);
  const response = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: Buffer.from(bytes),
  });
  expect(response.status).toBe(201);
  return digest;
}

async function pushImage(
  registry: EmbeddedRegistry,
  where: { repository: string; reference: string },
  content = 'one',
): Promise<Response> {
  const image = tinyImage({ content });
  await pushBlob(registry, where.repository, image.config);
  await pushBlob(registry, where.repository, image.layer);
  return fetch(`${registry.url}/v2/${where.repository}/manifests/${where.reference}`, {
    method: 'PUT',
    headers: { 'content-type': OCI_MANIFEST },
    body: Buffer.from(image.manifest),
  });
}

test('the base path says that the API is there', async () => {
  const registry = await start();
  const response = await fetch(`${registry.url}/v2/`);
  expect(response.status).toBe(200);
  expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
});

test('what is pushed by tag can be pulled by tag and by digest, byte for byte', async () => {
  const registry = await start();
  const image = tinyImage({ content: 'one' });
  const put = await pushImage(registry, { repository: 'shop/checkout', reference: '1.4.2' });
  expect(put.status).toBe(201);
  const digest = digestOf(image.manifest);
  expect(put.headers.get('docker-content-digest')).toBe(digest);
  for (const reference of ['1.4.2', digest]) {
    const got = await fetch(`${registry.url}/v2/shop/checkout/manifests/${reference}`);
    expect(got.status).toBe(200);
    expect(got.headers.get('content-type')).toBe(OCI_MANIFEST);
    expect(Buffer.from(await got.arrayBuffer())).toEqual(Buffer.from(image.manifest));
    const head = await fetch(`${registry.url}/v2/shop/checkout/manifests/${reference}`, { method: 'HEAD' });
    expect(head.headers.get('docker-content-digest')).toBe(digest);
    expect(head.headers.get('content-length')).toBe(String(image.manifest.byteLength));
    expect(await head.text()).toBe('');
  }
});

test('a client that has the manifest already is answered 304', async () => {
  const registry = await start();
  await registry.push({ repository: 'a/b', tag: '1' });
  const first = await fetch(`${registry.url}/v2/a/b/manifests/1`);
  const etag = first.headers.get('etag') ?? '';
  const second = await fetch(`${registry.url}/v2/a/b/manifests/1`, { headers: { 'if-none-match': etag } });
  expect(second.status).toBe(304);
  await registry.push({ repository: 'a/b', tag: '1', content: 'moved' });
  const third = await fetch(`${registry.url}/v2/a/b/manifests/1`, { headers: { 'if-none-match': etag } });
  expect(third.status).toBe(200);
});

test('a blob can be sent in chunks, and chunks out of order are refused', async () => {
  const registry = await start();
  const bytes = randomBytes(100_000);
  const begun = await fetch(`${registry.url}/v2/a/b/blobs/uploads/`, { method: 'POST' });
  expect(begun.status).toBe(202);
  const location = locationOf(registry, begun);
  const first = await fetch(location, {
    method: 'PATCH',
    headers: { 'content-range': '0-59999' },
    body: bytes.subarray(0, 60_000),
  });
  expect(first.status).toBe(202);
  expect(first.headers.get('range')).toBe('0-59999');
  const wrong = await fetch(location, {
    method: 'PATCH',
    headers: { 'content-range': '70000-99999' },
    body: bytes.subarray(70_000),
  });
  expect(wrong.status).toBe(416);
  const status = await fetch(location);
  expect([status.status, status.headers.get('range')]).toEqual([204, '0-59999']);
  const end = await fetch(`${location}?digest=${digestOf(bytes)}`, {
    method: 'PUT',
    headers: { 'content-range': '60000-99999' },
    body: bytes.subarray(60_000),
  });
  expect(end.status).toBe(201);
  const got = await fetch(`${registry.url}/v2/a/b/blobs/${digestOf(bytes)}`);
  expect(Buffer.from(await got.arrayBuffer())).toEqual(bytes);
});

test.each([
  ['bytes=0-9', 206, 'bytes 0-9/26', 'abcdefghij'],
  ['bytes=20-', 206, 'bytes 20-25/26', 'uvwxyz'],
  ['bytes=-3', 206, 'bytes 23-25/26', 'xyz'],
  ['bytes=0-1,4-5', 200, null, 'abcdefghijklmnopqrstuvwxyz'],
])('a blob range %s is answered %i', async (range, status, contentRange, text) => {
  const registry = await start();
  const digest = await pushBlob(registry, 'a/b', Buffer.from('abcdefghijklmnopqrstuvwxyz'));
  const got = await fetch(`${registry.url}/v2/a/b/blobs/${digest}`, { headers: { range } });
  expect([got.status, got.headers.get('content-range'), await got.text()]).toEqual([
    status,
    contentRange,
    text,
  ]);
});

test('a range behind the end is answered 416', async () => {
  const registry = await start();
  const digest = await pushBlob(registry, 'a/b', Buffer.from('abc'));
  const got = await fetch(`${registry.url}/v2/a/b/blobs/${digest}`, { headers: { range: 'bytes=3-9' } });
  expect(got.status).toBe(416);
});

test('a known blob is mounted from another repository, an unknown one is asked for', async () => {
  const registry = await start();
  const digest = await pushBlob(registry, 'a/b', Buffer.from('abc'));
  const mount = async (from: string): Promise<Response> =>
    fetch(`${registry.url}/v2/c/d/blobs/uploads/?mount=${digest}&from=${from}`, { method: 'POST' });
  const unknown = await mount('no/such');
  expect(unknown.status).toBe(202);
  expect((await mount('a/b')).status).toBe(201);
  expect((await fetch(`${registry.url}/v2/c/d/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
});

test('tags come in lexical order, page by page, each page naming the next', async () => {
  const registry = await start();
  for (const tag of ['1.10.0', '1.2.0', 'latest', '1.9.0', '2.0.0'])
    await registry.push({ repository: 'a/b', tag });
  const pages: unknown[] = [];
  let next = '/v2/a/b/tags/list?n=2';
  while (next !== '') {
    const response = await fetch(new URL(next, registry.url));
    pages.push(z.object({ tags: z.array(z.string()) }).parse(await response.json()).tags);
    next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? '';
  }
  expect(pages).toEqual([['1.10.0', '1.2.0'], ['1.9.0', '2.0.0'], ['latest']]);
});

test.each([
  ['GET', '/v2/no/such/tags/list', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/no/such/manifests/1', 404, 'NAME_UNKNOWN'],
  ['GET', '/v2/a/b/manifests/9', 404, 'MANIFEST_UNKNOWN'],
  ['GET', `/v2/a/b/blobs/sha256:${'0'.repeat(64)}`, 404, 'BLOB_UNKNOWN'],
  ['GET', '/v2/A/B/tags/list', 400, 'NAME_INVALID'],
  ['GET', '/v2/a/b/tags/list?n=-1', 400, 'PAGINATION_NUMBER_INVALID'],
  ['PUT', '/v2/a/b/manifests/.bad', 400, 'TAG_INVALID'],
  ['PUT', '/v2/a/b/manifests/2', 400, 'MANIFEST_INVALID'],
  ['PUT', `/v2/a/b/manifests/sha256:${'0'.repeat(64)}`, 400, 'DIGEST_INVALID'],
  ['PATCH', '/v2/a/b/blobs/uploads/none', 404, 'BLOB_UPLOAD_UNKNOWN'],
  ['DELETE', '/v2/a/b/tags/list', 405, 'UNSUPPORTED'],
  ['POST', '/v2/', 405, 'UNSUPPORTED'],
])('%s %s is answered %i %s', async (method, path, status, code) => {
  const registry = await start();
  await registry.push({ repository: 'a/b', tag: '1' });
  const response = await fetch(new URL(path, registry.url), {
    method,
    ...(method === 'GET' ? {} : { body: 'rubbish' }),
  });
  expect([response.status, await codeOf(response)]).toEqual([status, code]);
});

test('a path outside the API is answered 404', async () => {
  const registry = await start();
  expect((await fetch(`${registry.url}/v1/users`)).status).toBe(404);
});

test('a blob whose bytes have another digest is refused and not kept', async () => {
  const registry = await start();
  const digest = digestOf(Buffer.from('right'));
  const response = await fetch(`${registry.url}/v2/a/b/blobs/uploads/?digest=${digest}`, {
    method: 'POST',
    body: 'wrong',
  });
  expect([response.status, await codeOf(response)]).toEqual([400, 'DIGEST_INVALID']);
  expect((await fetch(`${registry.url}/v2/a/b/blobs/${digest}`)).status).toBe(404);
});

test('a manifest whose layers were not pushed is refused', async () => {
  const registry = await start();
  const response = await fetch(`${registry.url}/v2/a/b/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': OCI_MANIFEST },
    body: Buffer.from(tinyImage({ content: 'one' }).manifest),
  });
  expect([response.status, await codeOf(response)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
});

test('an index is kept when its manifests are there', async () => {
  const registry = await start();
  const { digest } = await registry.push({ repository: 'a/b', tag: 'child' });
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [{ mediaType: OCI_MANIFEST, digest, size: 1 }],
  };
  const put = await fetch(`${registry.url}/v2/a/b/manifests/1`, {
    method: 'PUT',
    headers: { 'content-type': OCI_INDEX },
    body: JSON.stringify(index),
  });
  expect(put.status).toBe(201);
});

test('what is over the limits is refused, and the room that it took is given back', async () => {
  const registry = await start({ maxBlobBytes: 1_000, maxTotalBytes: 2_500 });
  const send = async (size: number): Promise<number> => {
    const bytes = randomBytes(size);
    const path = `/v2/a/b/blobs/uploads/?digest=${digestOf(bytes)}`;
    return (await fetch(new URL(path, registry.url), { method: 'POST', body: bytes })).status;
  };
  expect(await send(1_001)).toBe(413);
  expect(await send(1_001)).toBe(413);
  expect(await send(1_000)).toBe(201);
  expect(await send(1_000)).toBe(201);
  expect(await send(1_000)).toBe(413);
  expect(await send(500)).toBe(201);
});

test('each push by tag is told once, in the envelope of docker-registry; one by digest is not', async () => {
  const told: PushNotification[] = [];
  const registry = await start({ onPush: (notification) => void told.push(notification) });
  await pushImage(registry, { repository: 'shop/checkout', reference: '1.4.2' });
  await pushImage(registry, {
    repository: 'shop/checkout',
    reference: digestOf(tinyImage({ content: 'one' }).manifest),
  });
  await registry.push({ repository: 'shop/cart', tag: '2.0.0' });
  const targets = told.flatMap((envelope) => envelope.events.map((event) => event.target));
  expect(targets.map((target) => `${target.repository}:${target.tag}`)).toEqual([
    'shop/checkout:1.4.2',
    'shop/cart:2.0.0',
  ]);
  const [event] = told[0]?.events ?? [];
  expect(event?.action).toBe('push');
  expect(event?.target.mediaType).toBe(OCI_MANIFEST);
  expect(event?.request.host).toBe(registry.host);
  expect(event?.target.url).toBe(
    `http://${registry.host}/v2/shop/checkout/manifests/${event?.target.digest ?? ''}`,
  );
});

test('a removed tag is gone, what it named stays', async () => {
  const registry = await start();
  const { digest } = await registry.push({ repository: 'a/b', tag: '1' });
  const remove = await fetch(`${registry.url}/v2/a/b/manifests/1`, { method: 'DELETE' });
  expect(remove.status).toBe(202);
  expect((await fetch(`${registry.url}/v2/a/b/manifests/1`)).status).toBe(404);
  expect((await fetch(`${registry.url}/v2/a/b/manifests/${digest}`)).status).toBe(200);
});

test('labels are read from the image that was pushed', async () => {
  const registry = await start();
  const { digest } = await registry.push({ repository: 'a/b', tag: '1', labels: { colour: 'blue' } });
  expect(registry.inspect('a/b', '1')).toEqual({ digest, labels: { colour: 'blue' } });
  expect(registry.inspect('a/b', '2')).toBeUndefined();
});

test('a chart has the types by which it is told from an image, and its name and version in its configuration', async () => {
  const registry = await start();
  await registry.push({ repository: 'charts/web', tag: '1.2.0_b5', type: 'chart' });
  const Chart = z.object({ config: z.object({ mediaType: z.string(), digest: z.string() }) });
  const accept = { headers: { accept: OCI_MANIFEST } };
  const manifest = await fetch(`${registry.url}/v2/charts/web/manifests/1.2.0_b5`, accept);
  const { config } = Chart.parse(await manifest.json());
  expect(config.mediaType).toBe('application/vnd.cncf.helm.config.v1+json');
  const blob = await fetch(`${registry.url}/v2/charts/web/blobs/${config.digest}`);
  expect(await blob.json()).toMatchObject({ name: 'web', version: '1.2.0+b5' });
});
