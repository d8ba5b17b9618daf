import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { openRaw, type RawConnection } from '../../test/parts/raw-http.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { ProblemShape } from './api-shapes.ts';
import { listen, ListenError, type Application, type Listening, type ListenOptions } from './listen.ts';
import { createWebhookApp } from './webhook-server.ts';

const open: Listening[] = [];
const connections: RawConnection[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

async function serve(app: Application, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const server = await listen(app, { host: '127.0.0.1', port: 0, ...options });
  open.push(server);
  return server;
}

async function raw(server: Listening, text?: string): Promise<RawConnection> {
  const connection = await openRaw(server.port);
  connections.push(connection);
  if (text !== undefined) connection.write(text);
  return connection;
}

function aWebhookApp(signals: string[] = []) {
  const report = { ok: true, checks: [] };
  return createWebhookApp({
    senders: WEBHOOK_SENDERS,
    accept: (accepted) => {
      signals.push(...accepted.map(({ tag }) => tag));
      return Promise.resolve({ matched: 0, created: 0, unresolved: 0 });
    },
    health: { live: () => report, ready: () => report },
    metrics: createMetrics(),
    log: createRecordingLog().target('headwind::webhook'),
    clock: new FakeClock(),
  });
}

/** The problem in the last answer of a raw connection. */
function problemIn(text: string) {
  return ProblemShape.parse(JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n')).trim()));
}

const HELLO: Application = { fetch: () => new Response('hello') };
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /webhook/registry HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
const FLAT = '{"repository":"team/app","tag":"1"}';

describe('binding', () => {
  it('takes any free port, and says which', async () => {
    const server = await serve(HELLO);

    expect(server.port).toBeGreaterThan(0);
    expect(await (await fetch(`http://127.0.0.1:${server.port}/`)).text()).toBe('hello');
  });

  it('says which port is taken', async () => {
    const { port } = await serve(HELLO);

    const failure = await serve(HELLO, { port }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ListenError);
    expect(failure).toMatchObject({
      name: 'ListenError',
      host: '127.0.0.1',
      port,
      code: 'EADDRINUSE',
      message: `cannot listen on 127.0.0.1:${port}: the port is taken by another program`,
    });
  });

  it('says which address the machine does not have', async () => {
    await expect(serve(HELLO, { host: '192.0.2.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
  });
});

describe('webhooks over a socket', () => {
  it('reads a body with Content-Length', async () => {
    const signals: string[] = [];
    const server = await serve(aWebhookApp(signals));
    const connection = await raw(server, `${POST}Content-Length: ${FLAT.length}\r\n\r\n${FLAT}`);

    expect(await connection.receives(/processed/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(signals).toEqual(['1']);
  });

  it('reads a chunked body that comes in pieces', async () => {
    const signals: string[] = [];
    const server = await serve(aWebhookApp(signals));
    const connection = await raw(server, `${POST}Transfer-Encoding: chunked\r\n\r\n`);
    for (const letter of FLAT) connection.write(`1\r\n${letter}\r\n`);
    connection.write('0\r\n\r\n');

    expect(await connection.receives(/processed/)).toMatch(/^HTTP\/1\.1 200 /);
    expect(signals).toEqual(['1']);
  });

  it('413 for ten announced megabytes, before they come', async () => {
    const server = await serve(aWebhookApp());
    const connection = await raw(server, `${POST}Content-Length: 10485760\r\n\r\n`);

    expect(problemIn(await connection.receives(/HW_\w+.*\}$/)).code).toBe('HW_BODY_TOO_LARGE');
  });

  it.each([
    ['with a length', new Uint8Array(10 * 1024 * 1024)],
    ['without one', ReadableStream.from([...Array(160).keys()].map(() => new Uint8Array(65_536)))],
  ])('413 for ten megabytes that are sent whole, %s', async (_name, body) => {
    const server = await serve(aWebhookApp());
    const response = await fetch(`http://127.0.0.1:${server.port}/webhook/registry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    });

    expect(response.status).toBe(413);
    expect(ProblemShape.parse(await response.json()).code).toBe('HW_BODY_TOO_LARGE');
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });

  it('survives a body that breaks off', async () => {
    const server = await serve(aWebhookApp());
    const connection = await raw(server, `${POST}Content-Length: 100\r\n\r\n{"rep`);
    await eventually(() => connection.socket.bytesWritten > 100, { what: 'the bytes on their way' });
    connection.socket.resetAndDestroy();

    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });

  it('takes a thousand at the same moment', async () => {
    const server = await serve(aWebhookApp());
    const send = () =>
      fetch(`http://127.0.0.1:${server.port}/webhook/registry`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: FLAT,
      });
    const answers = await Promise.all(Array.from({ length: 1000 }, send));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('clients that are not in order', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'HW_BAD_REQUEST'],
    ['TLS on a plain port', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400, 'HW_BAD_REQUEST'],
    ['a negative length', `${POST}Content-Length: -1\r\n\r\n`, 400, 'HW_BAD_REQUEST'],
    ['two lengths', `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400, 'HW_BAD_REQUEST'],
    [
      'a length and chunks',
      `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`,
      400,
      'HW_BAD_REQUEST',
    ],
    ['a chunk without a size', `${POST}Transfer-Encoding: chunked\r\n\r\nzzz\r\n`, 400, 'HW_BAD_REQUEST'],
    [
      'a huge header',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      431,
      'HW_HEADERS_TOO_LARGE',
    ],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a b/c?\r\n\r\n', 400, 'HW_BAD_REQUEST'],
    ['a path that is none', 'GET //\\@evil HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'HW_BAD_REQUEST'],
  ])('%s', async (_name, text, status, code) => {
    const refused: string[] = [];
    const server = await serve(aWebhookApp(), { onRefused: (reason) => refused.push(reason) });
    const connection = await raw(server, text);
    const answer = await connection.receives(/HW_\w+.*\}$/);

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(problemIn(answer)).toMatchObject({ code, status });
    expect(refused).toEqual([code]);
    expect((await fetch(`http://127.0.0.1:${server.port}/health`)).status).toBe(200);
  });

  it.each([
    ['says nothing', ''],
    ['sends headers letter by letter', 'GET / HTTP/1.1\r\nX-'],
    ['sends a body letter by letter', `${POST}Content-Length: 1000\r\n\r\n{`],
    ['sends chunks letter by letter', `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`],
  ])('408 for one that %s', async (_name, start) => {
    const server = await serve(aWebhookApp(), { timeouts: { headersMs: 300, requestMs: 600 } });
    const connection = await raw(server, start);
    const dripping = setInterval(() => {
      if (start !== '' && !connection.closed())
        connection.write(start.includes('chunked') ? '1\r\n1\r\n' : '1');
    }, 50);
    const answer = await connection.untilClosed();
    clearInterval(dripping);

    expect(problemIn(answer).code).toBe('HW_REQUEST_TIMEOUT');
  });

  it('closes connections beyond the limit, and takes new ones when others have gone', async () => {
    const server = await serve(HELLO, { maxConnections: 2 });
    const first = await raw(server, GET);
    const second = await raw(server, GET);
    await first.receives(/hello/);
    await second.receives(/hello/);

    await (await raw(server, GET)).untilClosed();
    first.close();

    const answered = eventually(async () => /hello/.test(await answerOf(await raw(server, GET))), {
      what: 'a new connection that is answered',
    });

    expect(await answered).toBe(true);
  });

  it('closes a connection that stays idle', async () => {
    const server = await serve(HELLO, { timeouts: { keepAliveMs: 200 } });
    const connection = await raw(server, GET);

    expect(await connection.untilClosed()).toContain('hello');
  });
});

async function answerOf(connection: RawConnection): Promise<string> {
  return eventually(() => connection.received() || (connection.closed() ? ' ' : undefined), {
    what: 'an answer',
  });
}

describe('closing', () => {
  function aSlowApp() {
    const { promise, resolve } = Promise.withResolvers<string>();
    let asked = 0;
    const app: Application = {
      fetch: async () => {
        asked += 1;
        return new Response(await promise);
      },
    };
    return { app, asked: () => asked, finish: () => resolve('finished') };
  }

  it('lets what is in work finish, and then closes the connection', async () => {
    const { app, asked, finish } = aSlowApp();
    const server = await serve(app);
    const connection = await raw(server, GET);
    await eventually(() => asked() === 1, { what: 'the request in work' });

    const closed = server.close(10_000);
    await expect(fetch(`http://127.0.0.1:${server.port}/`)).rejects.toThrow('fetch failed');
    finish();
    await closed;

    expect(await connection.untilClosed()).toMatch(/connection: close[^]*finished/i);
  });

  it('does not wait for idle connections', async () => {
    const server = await serve(HELLO);
    const connection = await raw(server, GET);
    await connection.receives(/hello/);

    await server.close(60_000);

    expect(await connection.untilClosed()).toContain('hello');
  });

  it('cuts what has not finished when the grace is over', async () => {
    const { app, asked } = aSlowApp();
    const server = await serve(app);
    const connection = await raw(server, GET);
    await eventually(() => asked() === 1, { what: 'the request in work' });

    await server.close(100);

    expect((await connection.untilClosed()).trim()).toBe('');
  });

  it('may be called twice', async () => {
    const server = await serve(HELLO);

    await Promise.all([server.close(100), server.close(100)]);

    await expect(server.close(100)).resolves.toBeUndefined();
  });
});
