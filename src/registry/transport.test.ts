import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { eventually } from '../../test/parts/eventually.ts';
import { startScriptedServer, type Script, type ScriptedServer } from '../../test/parts/scripted-server.ts';
import { systemClock } from '../system.ts';
import type { ExchangeTimeouts, HttpRequest, Transport } from './http.ts';

import { createTransport, timeoutsFor } from './transport.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function aServer(script: Script): Promise<ScriptedServer> {
  const server = await startScriptedServer(script);
  cleanups.push(() => server.stop());
  return server;
}

function aTransport(options: Partial<Parameters<typeof createTransport>[0]> = {}): Transport {
  const transport = createTransport({ clock: systemClock, ...options });
  cleanups.push(() => transport.close());
  return transport;
}

function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url: new URL(url), headers: {}, maxBodyBytes: 1000, ...more };
}

describe('redirects', () => {
  it('keep credentials on the same host and port', async () => {
    const server = await aServer(({ url }, response) =>
      url === '/a' ? response.writeHead(302, { location: '/b' }).end() : response.end('b'),
    );

    const response = await aTransport().send(get(`${server.url}/a`, { authorization: 'Basic c2VjcmV0' }));

    expect(response.url.href).toBe(`${server.url}/b`);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      'Basic c2VjcmV0',
      'Basic c2VjcmV0',
    ]);
  });

  it('never take credentials to another port, nor back again', async () => {
    const home: ScriptedServer = await aServer(({ url }, response) =>
      url === '/a' ? response.writeHead(307, { location: `${other.url}/b` }).end() : response.end('home'),
    );
    const other = await aServer((_, response) =>
      response.writeHead(307, { location: `${home.url}/c` }).end(),
    );

    await aTransport().send(get(`${home.url}/a`, { authorization: 'Basic c2VjcmV0' }));

    const seen = [...home.requests, ...other.requests].map(({ url, authorization }) => [url, authorization]);
    expect(seen).toEqual([
      ['/a', 'Basic c2VjcmV0'],
      ['/c', undefined],
      ['/b', undefined],
    ]);
  });

  it('are followed five times and no more', async () => {
    const server = await aServer((_, response) => response.writeHead(301, { location: '/again' }).end());

    await expect(aTransport().send(get(server.url))).rejects.toMatchObject({
      kind: 'redirect',
      message: 'redirects more than 5 times',
    });
    expect(server.requests).toHaveLength(6);
  });

  it('are not followed with a body, which may hold a secret', async () => {
    const server = await aServer((_, response) => response.writeHead(307, { location: '/b' }).end());

    const response = await aTransport().send(get(server.url, { method: 'POST', body: 'refresh_token=x' }));

    expect(response.status).toBe(307);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a body', () => {
  it('is read up to the limit and no further', async () => {
    let sent = 0;
    const server = await aServer((_, response) => {
      const more = (): void => {
        while (sent < 10 * 1024 * 1024 && !response.destroyed) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) break;
        }
      };
      response.on('drain', more);
      more();
    });

    const response = await aTransport().send(get(server.url));

    expect([response.truncated, response.body.length]).toEqual([true, 1000]);
    expect(sent).toBeLessThan(10 * 1024 * 1024);
  });

  it('of exactly the limit is whole', async () => {
    const server = await aServer((_, response) => response.end(Buffer.alloc(1000, 1)));

    const response = await aTransport().send(get(server.url));

    expect([response.truncated, response.body.length]).toEqual([false, 1000]);
  });
});

describe('a server that misbehaves', () => {
  it.each([
    {
      what: 'never answers',
      script: () => undefined,
      timeouts: { connectMs: 5000, headersMs: 50, bodyMs: 5000 },
      error: { kind: 'timeout', message: 'did not answer within 0.05 s' },
    },
    {
      what: 'never ends its body',
      script: (_, response) => void response.writeHead(200, { 'content-length': '9' }).write('begun'),
      timeouts: { connectMs: 5000, headersMs: 5000, bodyMs: 50 },
      error: { kind: 'timeout', message: 'did not finish its answer within 0.05 s' },
    },
    {
      what: 'speaks something else',
      script: (_, __, socket) => void socket.end('220 mail.example.com ESMTP\r\n'),
      error: { kind: 'host', message: expect.stringMatching(/^does not speak HTTP \(HPE_/) },
    },
    {
      what: 'sends endless headers',
      script: (_, __, socket) => void socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
      error: { kind: 'host', message: 'does not speak HTTP (HPE_HEADER_OVERFLOW)' },
    },
    {
      what: 'hangs up',
      script: (_, __, socket) => void socket.destroy(),
      error: { kind: 'host', message: 'closed the connection (ECONNRESET)' },
    },
    {
      what: 'hangs up in mid-body',
      script: (_, response, socket) => {
        response.writeHead(200, { 'content-length': '9' }).write('begun', () => socket.destroy());
      },
      error: { kind: 'host', message: expect.stringContaining('closed the connection') },
    },
  ] satisfies readonly {
    readonly what: string;
    readonly script: Script;
    readonly timeouts?: ExchangeTimeouts;
    readonly error: object;
  }[])('and $what is told apart', async ({ script, error, timeouts }) => {
    const server = await aServer(script);
    const options = timeouts === undefined ? {} : { timeoutsOf: () => timeouts };

    await expect(aTransport(options).send(get(server.url))).rejects.toMatchObject(error);
  });

  it('and trickles its body is given up when the time for the whole of it is over', async () => {
    const clock = new FakeClock();
    const server = await aServer((_, response) => {
      const timer = setInterval(() => response.write('.'), 5);
      response.once('close', () => clearInterval(timer));
    });
    const sent = aTransport({ clock }).send(get(server.url));
    const failed = sent.catch((error: unknown) => error);

    await eventually(() => clock.nextInMs === 15_000, { what: 'the first bytes of the body' });
    await clock.advance(14_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);

    expect(await failed).toMatchObject({ message: 'did not finish its answer within 15 s' });
    expect(clock.pending).toBe(0);
  });

  it('and does not complete TLS is given up', async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => void silent.close());
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const timeouts = { connectMs: 50, headersMs: 5000, bodyMs: 5000 };

    await expect(
      aTransport({ timeoutsOf: () => timeouts }).send(get(`https://127.0.0.1:${port}/`)),
    ).rejects.toMatchObject({
      kind: 'timeout',
      message: 'cannot be reached: no connection within 0.05 s',
    });
  });

  it('and speaks plain HTTP where TLS was expected is told apart', async () => {
    const server = await aServer((_, response) => response.end());

    await expect(aTransport().send(get(`https://${server.host}/`))).rejects.toMatchObject({
      message: expect.stringContaining('HEADWIND_INSECURE_REGISTRIES'),
    });
  });

  it('and closed a kept connection is asked again on a new one', async () => {
    let answered = 0;
    const server = await aServer((_, response, socket) => {
      answered += 1;
      if (answered === 2) socket.destroy();
      else response.end('ok');
    });
    const transport = aTransport();

    await transport.send(get(server.url));
    const second = await transport.send(get(server.url));

    expect([second.status, server.requests.length]).toEqual([200, 3]);
  });
});

it.each([
  { timeoutMs: 30_000, parts: { connectMs: 5000, headersMs: 10_000, bodyMs: 15_000 } },
  { timeoutMs: 6000, parts: { connectMs: 1000, headersMs: 2000, bodyMs: 3000 } },
  { timeoutMs: 105_000, parts: { connectMs: 5000, headersMs: 40_000, bodyMs: 60_000 } },
])('a limit of $timeoutMs ms is divided among the parts of an answer', ({ timeoutMs, parts }) => {
  expect(timeoutsFor(timeoutMs)).toEqual(parts);
});

it('a host that DNS does not know is told apart', async () => {
  await expect(aTransport().send(get('https://registry.invalid/'))).rejects.toMatchObject({
    kind: 'host',
    message: expect.stringMatching(/DNS/),
  });
});

it('a request that was given up ends at once and leaves no timer', async () => {
  const clock = new FakeClock();
  const server = await aServer(() => undefined);
  const controller = new AbortController();
  const sent = aTransport({ clock }).send(get(server.url, { signal: controller.signal }));
  const failed = sent.catch((error: unknown) => error);

  await eventually(() => server.requests.length === 1, { what: 'the request' });
  controller.abort();

  expect(await failed).toMatchObject({ kind: 'aborted' });
  expect(clock.pending).toBe(0);
});

describe('a body that is received as it comes', () => {
  it('is not collected', async () => {
    const server = await aServer((_, response) => response.end('hello'));
    let heard = '';

    const response = await aTransport().send(
      get(server.url, {
        receive: async (body) => {
          for await (const chunk of body) heard += String(chunk);
        },
      }),
    );

    expect([response.status, response.body.length, heard]).toEqual([200, 0, 'hello']);
  });

  it('is collected as ever where the answer is not a 200', async () => {
    const server = await aServer((_, response) => response.writeHead(404).end('nothing here'));

    const response = await aTransport().send(get(server.url, { receive: () => Promise.reject(new Error()) }));

    expect(Buffer.from(response.body).toString()).toBe('nothing here');
  });

  it('may be left in the middle, which ends the connection', async () => {
    let closed = false;
    const server = await aServer((_, response) => {
      response.on('close', () => void (closed = true));
      response.write(Buffer.alloc(10_000));
    });

    await aTransport().send(get(server.url, { receive: () => Promise.resolve() }));

    expect(await eventually(() => closed, { what: 'the server sees the end' })).toBe(true);
  });

  it('that breaks off is a failure', async () => {
    const server = await aServer((_, response, socket) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => socket.destroy(), 20);
    });
    const receive = async (body: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of body);
    };

    await expect(aTransport().send(get(server.url, { receive }))).rejects.toMatchObject({ kind: 'host' });
  });

  it('has to come within its time', async () => {
    const server = await aServer((_, response) => void response.write('half'));
    const timeouts = { connectMs: 5000, headersMs: 5000, bodyMs: 50 };
    const receive = async (body: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of body);
    };

    await expect(aTransport().send(get(server.url, { receive, timeouts }))).rejects.toMatchObject({
      kind: 'timeout',
    });
  });
});
