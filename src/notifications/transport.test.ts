import type { lookup } from 'node:dns';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeSelfSigned } from '../../test/parts/certificate.ts';
import { startScriptedServer, type Script, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { systemClock } from '../system.ts';
import { createNotificationTransport, type Outgoing } from './transport.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

function post(url: string, change: Partial<Outgoing> = {}, resolve?: typeof lookup) {
  const options = { clock: systemClock, userAgent: 'Headwind/1.2.3' };
  const transport = createNotificationTransport(resolve === undefined ? options : { ...options, resolve });
  return transport.post({ url, headers: {}, body: '{}', timeoutMs: 5000, allowLinkLocal: false, ...change });
}

/** A name server of the test's own: what it answers, and how often it was asked. */
function names(answers: readonly (readonly string[])[]): { readonly resolve: typeof lookup; asked: number } {
  const server = { asked: 0 };
  const resolve: unknown = (
    _name: string,
    _options: unknown,
    callback: (...args: unknown[]) => void,
  ): void => {
    const addresses = answers[Math.min(server.asked, answers.length - 1)] ?? [];
    server.asked += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return Object.assign(server, { resolve: toLookup(resolve) });
}

function isLookup(value: unknown): value is typeof lookup {
  return typeof value === 'function';
}

function toLookup(value: unknown): typeof lookup {
  if (!isLookup(value)) throw new Error('not a function');
  return value;
}

describe('the transport', () => {
  it('posts the bytes with their headers and reads the answer', async () => {
    const server = await serve((_, response) =>
      response.writeHead(202, { 'retry-after': '7' }).end('thanks'),
    );
    const body = JSON.stringify({ event: 'ü 🎉' });
    const headers = { 'content-type': 'application/json', 'x-headwind-event': 'update_failed' };
    expect(await post(`${server.url}/a?b=c`, { body, headers })).toEqual({
      status: 202,
      retryAfter: '7',
      text: 'thanks',
    });
    expect(server.requests[0]).toMatchObject({ method: 'POST', url: '/a?b=c', body });
    expect(server.requests[0]?.headers).toMatchObject({
      ...headers,
      'user-agent': 'Headwind/1.2.3',
      'content-length': String(Buffer.byteLength(body)),
    });
  });

  it('follows no redirect', async () => {
    const target = await serve((_, response) => response.end());
    const server = await serve((_, response) => response.writeHead(307, { location: target.url }).end());
    expect(await post(server.url)).toMatchObject({ status: 307 });
    expect(target.requests).toEqual([]);
  });

  it('reads no more of an answer than its beginning', async () => {
    const server = await serve((_, response) => {
      response.write('x'.repeat(1_000_000));
    });
    const { text } = await post(server.url);
    expect(text).toHaveLength(4096);
  });

  it('believes a status even if the rest breaks off', async () => {
    const server = await serve((_, response, socket) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('o');
      setImmediate(() => socket.destroy());
    });
    expect(await post(server.url)).toMatchObject({ status: 200 });
  });

  it.each([
    ['nobody listens', 'refuses connections (ECONNREFUSED)', async () => 'http://127.0.0.1:1'],
    [
      'the server hangs up',
      'closed the connection (ECONNRESET)',
      async () => (await serve((_, _response, socket) => socket.destroy())).url,
    ],
    [
      'the server says nothing',
      'did not answer within 0.3 s',
      async () => (await serve(() => undefined)).url,
    ],
    [
      'it is no HTTP',
      'does not speak HTTP',
      async () => {
        const server = createServer((socket) => {
          socket.on('error', () => undefined);
          socket.end('SSH-2.0-x\r\n', () => socket.destroy());
        });
        await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
        cleanups.push(() => new Promise((resolve) => server.close(resolve)));
        const address = server.address();
        return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
      },
    ],
  ])('says that it may work later where %s', async (_, message, start) => {
    const url = await start();
    const error = await post(url, { timeoutMs: 300 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'SendError', kind: 'later' });
    expect(String(error)).toContain(message);
  });

  it('can be broken off', async () => {
    const server = await serve(() => undefined);
    const controller = new AbortController();
    const posted = post(server.url, { signal: controller.signal });
    controller.abort();
    await expect(posted).rejects.toMatchObject({ kind: 'later', message: 'was not asked to the end' });
    await expect(post(server.url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'later' });
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://[fe80::1]/',
    'http://metadata.google.internal/',
    'ftp://receiver.example/',
    'file:///etc/passwd',
    'no address',
  ])('sends nothing to %s', async (url) => {
    await expect(post(url)).rejects.toMatchObject({ name: 'SendError', kind: 'refused' });
  });

  it.each([
    ['a name that leads to metadata', [['169.254.169.254']]],
    ['a name that leads there too', [['127.0.0.1', '169.254.169.254']]],
    ['a name that leads there by IPv6', [['::ffff:169.254.169.254']]],
  ])('sends nothing to %s', async (_, answers) => {
    const server = await serve((_, response) => response.end());
    const { resolve } = names(answers);
    const port = new URL(server.url).port;
    await expect(post(`http://innocent.example:${port}/`, {}, resolve)).rejects.toMatchObject({
      kind: 'refused',
    });
    expect(server.requests).toEqual([]);
  });

  it('connects to the address that it has checked, whatever the name means a moment later', async () => {
    const server = await serve((_, response) => response.end());
    const port = new URL(server.url).port;
    const rebinding = names([['127.0.0.1'], ['169.254.169.254']]);
    expect(await post(`http://rebinding.example:${port}/`, {}, rebinding.resolve)).toMatchObject({
      status: 200,
    });
    // One look-up for one try: there is no second answer to connect to.
    expect(rebinding.asked).toBe(1);
    await expect(post(`http://rebinding.example:${port}/`, {}, rebinding.resolve)).rejects.toMatchObject({
      kind: 'refused',
    });
  });

  it('goes where it may not if that is allowed', async () => {
    const server = await serve((_, response) => response.end());
    const url = `http://metadata.google.internal:${new URL(server.url).port}/`;
    const { resolve } = names([['127.0.0.1']]);
    await expect(post(url, {}, resolve)).rejects.toMatchObject({ kind: 'refused' });
    expect(await post(url, { allowLinkLocal: true }, resolve)).toMatchObject({ status: 200 });
    expect(server.requests).toHaveLength(1);
  });

  it('trusts a CA of the target, and no other', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'headwind-notify-'));
    cleanups.push(() => rm(directory, { recursive: true }));
    const { key, certificate } = await makeSelfSigned(directory, 'localhost');
    const pem = certificate.toString();
    const server = createTlsServer({ key, cert: pem }, (_, response) => response.end('ok'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const url = `https://localhost:${typeof address === 'object' ? address?.port : 0}/`;
    expect(await post(url, { ca: pem })).toMatchObject({ status: 200, text: 'ok' });
    await expect(post(url)).rejects.toMatchObject({
      kind: 'later',
      message: expect.stringContaining('not trusted'),
    });
  });
});
