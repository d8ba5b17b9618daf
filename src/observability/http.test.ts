import type { lookup } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { startScriptedServer, type Script, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { systemClock } from '../system.ts';
import { BackendError } from './backend.ts';
import { createBackendHttp, type BackendHttpOptions } from './http.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

function post(url: string, options: Partial<BackendHttpOptions> = {}): Promise<string> {
  const http = createBackendHttp({ clock: systemClock, userAgent: 'Headwind/1.2.3', ...options });
  return http.post({ url, headers: { authorization: 'Token s3cret' }, body: 'query=up' });
}

/** A name server of the test's own. */
function leadingTo(address: string): typeof lookup {
  const resolve: unknown = (_: string, __: object, callback: (...args: unknown[]) => void): void =>
    callback(null, [{ address, family: 4 }]);
  if (!isLookup(resolve)) throw new Error('not a function');
  return resolve;
}

function isLookup(value: unknown): value is typeof lookup {
  return typeof value === 'function';
}

describe('a question to a backend', () => {
  it('is posted with its headers, and the answer is read whole', async () => {
    const server = await serve((_, response) => response.end('x'.repeat(300_000)));
    expect(await post(`${server.url}/api`)).toHaveLength(300_000);
    const [seen] = server.requests;
    expect(seen).toMatchObject({
      method: 'POST',
      url: '/api',
      authorization: 'Token s3cret',
      body: 'query=up',
    });
    expect(seen?.headers['user-agent']).toBe('Headwind/1.2.3');
  });

  it.each<[string, Script, RegExp]>([
    ['says no', (_, response) => response.writeHead(401).end('Token s3cret is wrong'), /401.*token/],
    ['is broken', (_, response) => response.writeHead(500).end(), /status 500/],
    [
      'leads elsewhere',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /redirect \(302\)/,
    ],
    ['says too much', (_, response) => response.end('x'.repeat(3000)), /more than 1000 bytes/],
    ['never ends', (_, response) => void response.write('x'), /within 0.3 s/],
    ['says nothing', () => undefined, /within 0.3 s/],
    [
      'breaks off',
      (_, response, socket) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('x', () => socket.destroy());
      },
      /broke/,
    ],
  ])('fails where the backend %s, without its words', async (_, script, expected) => {
    const server = await serve(script);
    const failed = post(server.url, { timeoutMs: 300, maxBytes: 1000 });
    await expect(failed).rejects.toThrow(expected);
    await expect(failed).rejects.toBeInstanceOf(BackendError);
    await expect(failed).rejects.not.toThrow(/s3cret/);
  });

  it('says where nobody listens', async () => {
    const server = await startScriptedServer(() => undefined);
    await server.stop();
    await expect(post(server.url)).rejects.toThrow('refuses connections');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'http://[fe80::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://metadata.google.internal/',
    'http://100.100.100.200/',
    'http://2852039166/',
  ])('is not put to %s', async (url) => {
    await expect(post(url)).rejects.toThrow('link-local or metadata address');
  });

  it('is not put to where a name leads that looks harmless', async () => {
    const failed = post('http://prometheus.monitoring/', { resolve: leadingTo('169.254.169.254') });
    await expect(failed).rejects.toThrow('link-local or metadata address');
  });

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'prometheus:9090', ''])(
    'is not put to %j',
    async (url) => {
      await expect(post(url)).rejects.toThrow('has no address');
    },
  );
});
