import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSelfSigned } from '../../test/parts/certificate.ts';
import { startConnectProxy, type ConnectProxy } from '../../test/parts/connect-proxy.ts';
import { startScriptedServer } from '../../test/parts/scripted-server.ts';
import { systemClock } from '../system.ts';
import { createNotificationTransport, type Outgoing, type Proxies } from './transport.ts';

let directory: string;
let receiver: Server;
let proxy: ConnectProxy;
let ca: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-proxy-'));
  const { key, certificate } = await makeSelfSigned(directory, 'hooks.example.com');
  ca = certificate.toString();
  const server = createServer({ key, cert: ca }, (request, response) =>
    response.end(`${request.headers.host} ${request.url}`),
  );
  receiver = server;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  proxy = await startConnectProxy(typeof address === 'object' ? address?.port : undefined);
});
afterAll(async () => {
  await proxy.stop();
  await new Promise((resolve) => void receiver.close(resolve));
  await rm(directory, { recursive: true });
});

function post(url: string, proxies: Proxies, change: Partial<Outgoing> = {}) {
  const transport = createNotificationTransport({ clock: systemClock, userAgent: 'Headwind/1', proxies });
  return transport.post({
    url,
    headers: {},
    body: '{}',
    timeoutMs: 5000,
    allowLinkLocal: false,
    ca,
    ...change,
  });
}

describe('through a proxy', () => {
  it('the proxy is asked to connect, and TLS ends at the receiver', async () => {
    expect(await post('https://hooks.example.com/a?b', { https: proxy.url })).toMatchObject({
      status: 200,
      text: 'hooks.example.com /a?b',
    });
    expect(proxy.asked).toEqual(['hooks.example.com:443']);
    await expect(
      post('https://hooks.example.com/', { https: proxy.url }, { ca: undefined }),
    ).rejects.toMatchObject({ message: expect.stringContaining('not trusted') });
  });

  it('an http address goes to the proxy whole', async () => {
    const plain = await startScriptedServer((_, response) => response.end('by proxy'));
    expect(await post('http://ledger.example/in', { http: plain.url })).toMatchObject({ text: 'by proxy' });
    expect(plain.requests).toMatchObject([{ method: 'POST', url: 'http://ledger.example/in', body: '{}' }]);
    await plain.stop();
  });

  it.each(['127.0.0.1', '*', 'a.example,127.0.0.1'])('%s goes without one', async (except) => {
    const plain = await startScriptedServer((_, response) => response.end('direct'));
    expect(await post(plain.url, { http: proxy.url, except })).toMatchObject({ text: 'direct' });
    await plain.stop();
  });

  it.each([
    'https://169.254.169.254/latest',
    'https://metadata.google.internal/x',
    'https://[fe80::1]/',
    'https://2852039166/',
  ])('%s is refused before the proxy hears of it', async (url) => {
    const before = proxy.asked.length;
    await expect(post(url, { https: proxy.url })).rejects.toMatchObject({ kind: 'refused' });
    expect(proxy.asked).toHaveLength(before);
  });

  it('what a name means is checked where there is no proxy in between', async () => {
    const except = '.nip.example';
    const resolve: unknown = (_: string, __: unknown, callback: (...args: unknown[]) => void) =>
      callback(null, [{ address: '169.254.169.254', family: 4 }]);
    const transport = createNotificationTransport({
      clock: systemClock,
      userAgent: 'Headwind/1',
      proxies: { https: proxy.url, except },
      ...(isLookup(resolve) ? { resolve } : {}),
    });
    const outgoing = { headers: {}, body: '{}', timeoutMs: 5000, allowLinkLocal: false };
    await expect(transport.post({ url: 'https://bad.nip.example/', ...outgoing })).rejects.toMatchObject({
      kind: 'refused',
    });
  });

  it('that does not connect, the notification is tried later, and nothing is told of the proxy', async () => {
    const closed = await startConnectProxy(undefined);
    const url = closed.url.replace('//', '//user:hunter2@');
    const failure: unknown = await post('https://hooks.example.com/', { https: url }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ kind: 'later', message: expect.stringContaining('proxy') });
    expect(String(failure)).not.toContain('hunter2');
    await closed.stop();
    await expect(post('https://hooks.example.com/', { https: url })).rejects.toMatchObject({ kind: 'later' });
  });
});

type Resolve = NonNullable<Parameters<typeof createNotificationTransport>[0]['resolve']>;

function isLookup(value: unknown): value is Resolve {
  return typeof value === 'function';
}
