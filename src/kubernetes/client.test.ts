import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../test/parts/eventually.ts';
import {
  type ClientLimits,
  createKubernetesClient,
  type KubernetesClient,
  type RequestObservation,
} from './client.ts';
import type { Connection } from './connection.ts';
import { KubernetesError, KubernetesUnreachableError } from './errors.ts';
import { LineTooLongError } from './lines.ts';

type Handler = (asked: IncomingMessage, answer: ServerResponse) => void;

interface Scene {
  readonly client: KubernetesClient;
  readonly url: string;
  readonly observed: RequestObservation[];
  readonly openSockets: () => number;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function aScene(
  handler: Handler,
  options: { connection?: Partial<Connection>; limits?: Partial<ClientLimits>; path?: string } = {},
): Promise<Scene> {
  const server = createServer(handler);
  let sockets = 0;
  server.on('connection', (socket) => {
    sockets += 1;
    socket.on('close', () => {
      sockets -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address == null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}`;
  const observed: RequestObservation[] = [];
  const client = createKubernetesClient({
    connection: {
      server: new URL(`${url}${options.path ?? ''}`),
      token: () => Promise.resolve(undefined),
      ...options.connection,
    },
    limits: options.limits,
    version: '1.2.3',
    onRequest: (observation) => observed.push(observation),
  });
  cleanups.push(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });
  return { client, url, observed, openSockets: () => sockets };
}

const json = (answer: ServerResponse, code: number, body: unknown, headers = {}): void => {
  answer.writeHead(code, { 'content-type': 'application/json', ...headers });
  answer.end(JSON.stringify(body));
};

async function textOf(asked: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

const get = (path = '/api/v1/namespaces/shop/pods/a') => ({ method: 'GET', path }) as const;

describe('a call', () => {
  it('sends what a DELETE has to say as its body, and not as the next request on the connection', async () => {
    const seen: string[] = [];
    const { client } = await aScene((asked, answer) => {
      void textOf(asked).then((body) => {
        seen.push(`${asked.method ?? ''} ${body}`);
        json(answer, 200, {});
      });
    });
    const body = { preconditions: { uid: 'ü' } };
    await client.request({ method: 'DELETE', path: '/api/v1/namespaces/shop/pods/a', body });
    await client.request(get());
    expect(seen).toEqual([`DELETE ${JSON.stringify(body)}`, 'GET ']);
  });

  it('asks to act as somebody else, with a header of its own for each group', async () => {
    let seen: readonly string[] = [];
    const impersonate = { user: 'ann', uid: '7', groups: ['dev', 'ops'] };
    const { client } = await aScene(
      (asked, answer) => {
        seen = asked.rawHeaders;
        json(answer, 200, {});
      },
      { connection: { impersonate } },
    );
    await client.request(get());
    const named = seen.flatMap((name, at) =>
      at % 2 === 0 && name.startsWith('impersonate-') ? [`${name}: ${seen[at + 1] ?? ''}`] : [],
    );
    expect(named).toEqual([
      'impersonate-user: ann',
      'impersonate-uid: 7',
      'impersonate-group: dev',
      'impersonate-group: ops',
    ]);
  });

  it('sends JSON with the content type of the patch, the token and who we are, below the path of the server', async () => {
    const seen: unknown[] = [];
    const { client, observed } = await aScene(
      (asked, answer) => {
        void textOf(asked).then((body) => {
          const { authorization, accept, 'content-type': type, 'user-agent': agent } = asked.headers;
          seen.push({ method: asked.method, url: asked.url, authorization, accept, type, agent, body });
          json(answer, 200, { kind: 'Pod' });
        });
      },
      { connection: { token: () => Promise.resolve('secret') }, path: '/k8s/clusters/c1' },
    );
    const answer = await client.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/shop/pods/a',
      query: { dryRun: 'All' },
      contentType: 'application/merge-patch+json',
      body: { metadata: { labels: { ü: '1' } } },
    });
    expect(answer).toEqual({ kind: 'Pod' });
    expect(seen).toEqual([
      {
        method: 'PATCH',
        url: '/k8s/clusters/c1/api/v1/namespaces/shop/pods/a?dryRun=All',
        authorization: 'Bearer secret',
        accept: 'application/json',
        type: 'application/merge-patch+json',
        agent: 'headwind/1.2.3',
        body: '{"metadata":{"labels":{"ü":"1"}}}',
      },
    ]);
    expect(observed).toMatchObject([{ verb: 'patch', code: '200' }]);
    expect(observed[0]?.durationMs).toBeGreaterThan(0);
  });

  it('sends user and password where there is no token', async () => {
    let authorization: string | undefined;
    const { client } = await aScene(
      (asked, answer) => {
        authorization = asked.headers.authorization;
        json(answer, 200, {});
      },
      { connection: { basic: { username: 'admin', password: 'pass:word' } } },
    );
    await client.request(get());
    expect(authorization).toBe(`Basic ${Buffer.from('admin:pass:word').toString('base64')}`);
  });

  it('answers undefined to an empty body', async () => {
    const { client } = await aScene((_asked, answer) => answer.end());
    expect(await client.request(get())).toBeUndefined();
  });

  it('keeps its connection', async () => {
    const ports = new Set<number | undefined>();
    const { client } = await aScene((asked, answer) => {
      ports.add(asked.socket.remotePort);
      json(answer, 200, {});
    });
    for (let times = 0; times < 5; times += 1) await client.request(get());
    expect(ports.size).toBe(1);
  });

  it('reads once more, but writes never, when the kept connection was closed under it', async () => {
    let requests = 0;
    const { client } = await aScene((asked, answer) => {
      requests += 1;
      if (requests % 2 === 0) asked.socket.destroy();
      else json(answer, 200, { requests });
    });
    await client.request(get());
    expect(await client.request(get())).toEqual({ requests: 3 });
    const write = client.request({ method: 'POST', path: '/api/v1/namespaces/shop/events', body: {} });
    await expect(write).rejects.toThrow(KubernetesUnreachableError);
    expect(requests).toBe(4);
  });
});

describe('a refusal', () => {
  it('carries the status, the reason, the details and how long to wait', async () => {
    const status = {
      kind: 'Status',
      message: 'too many requests, please try again later',
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 3, kind: 'pods' },
      code: 429,
    };
    const { client } = await aScene((_asked, answer) => json(answer, 429, status, { 'retry-after': '5' }));
    const error: unknown = await client.request(get()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubernetesError);
    expect(error).toMatchObject({
      status: 429,
      reason: 'TooManyRequests',
      retryAfterMs: 5_000,
      details: { kind: 'pods' },
      message: expect.stringContaining('GET /api/v1/namespaces/shop/pods/a was refused with 429: too many'),
    });
  });

  it.each([
    ['takes the time to wait from the details', { details: { retryAfterSeconds: 2 } }, {}, 2_000],
    ['has no time to wait when none is said', {}, {}, undefined],
    ['ignores a date', {}, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, undefined],
  ])('%s', async (_name, body, headers, retryAfterMs) => {
    const { client } = await aScene((_asked, answer) => json(answer, 503, body, headers));
    await expect(client.request(get())).rejects.toMatchObject({ status: 503, retryAfterMs });
  });

  it('shows the beginning of a proxy page that is not a Status', async () => {
    const { client } = await aScene((_asked, answer) => {
      answer.writeHead(502);
      answer.end('<html>bad gateway</html>');
    });
    await expect(client.request(get())).rejects.toThrow('refused with 502: <html>bad gateway</html>');
  });
});

describe('a credential that is refused', () => {
  const only =
    (good: string): Handler =>
    (asked, answer) => {
      const isGood = asked.headers.authorization === `Bearer ${good}`;
      json(answer, isGood ? 200 : 401, isGood ? { ok: true } : { reason: 'Unauthorized' });
    };

  it('is renewed once, and the call is made again', async () => {
    let current = 'old';
    const refused: (string | undefined)[] = [];
    const connection = {
      token: () => Promise.resolve(current),
      renew: (token: string | undefined) => {
        refused.push(token);
        current = 'new';
        return Promise.resolve(true);
      },
    };
    const { client, observed } = await aScene(only('new'), { connection });
    expect(await client.request(get())).toEqual({ ok: true });
    expect(refused).toEqual(['old']);
    expect(observed.map(({ code }) => code)).toEqual(['401', '200']);
  });

  it('is given up when the new one is refused too', async () => {
    let renewals = 0;
    const connection = {
      token: () => Promise.resolve('bad'),
      renew: () => {
        renewals += 1;
        return Promise.resolve(true);
      },
    };
    const { client } = await aScene(only('new'), { connection });
    await expect(client.request(get())).rejects.toMatchObject({ status: 401 });
    expect(renewals).toBe(1);
  });

  it('is not tried again when there is no other', async () => {
    const connection = { token: () => Promise.resolve('bad'), renew: () => Promise.resolve(false) };
    const { client, observed } = await aScene(only('new'), { connection });
    await expect(client.request(get())).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
    expect(observed).toHaveLength(1);
  });
});

describe('no usable answer', () => {
  it('is told when nobody listens', async () => {
    const client = createKubernetesClient({
      connection: { server: new URL('http://127.0.0.1:1'), token: () => Promise.resolve(undefined) },
    });
    await expect(client.request(get())).rejects.toMatchObject({
      name: 'KubernetesUnreachableError',
      message: expect.stringContaining('ECONNREFUSED'),
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('is told when the time is over, before the headers or in the body', async () => {
    const { client, openSockets } = await aScene(
      (asked, answer) => {
        if (asked.url === '/api/v1/body') answer.write('{"half":');
      },
      { limits: { timeoutMs: 100 } },
    );
    await expect(client.request(get('/api/v1/headers'))).rejects.toThrow('no answer within 100 ms');
    await expect(client.request(get('/api/v1/body'))).rejects.toThrow('no answer within 100 ms');
    await eventually(() => openSockets() === 0, { what: 'the connections are closed' });
  });

  it('is told when the body breaks off, is not JSON or is too long', async () => {
    const { client } = await aScene(
      (asked, answer) => {
        if (asked.url === '/api/v1/cut') {
          answer.writeHead(200, { 'content-length': '100' });
          answer.write('{"half":', () => asked.socket.destroy());
        } else answer.end(asked.url === '/api/v1/html' ? '<html>' : JSON.stringify('x'.repeat(2_000)));
      },
      { limits: { responseBytes: 1_000 } },
    );
    await expect(client.request(get('/api/v1/cut'))).rejects.toThrow(KubernetesUnreachableError);
    await expect(client.request(get('/api/v1/html'))).rejects.toThrow('the answer is not JSON');
    await expect(client.request(get('/api/v1/long'))).rejects.toThrow('more than 1000 bytes');
  });

  it('is told when the credential cannot be had', async () => {
    const connection = { token: () => Promise.reject(new Error('the plugin failed')) };
    const { client } = await aScene((_asked, answer) => answer.end(), { connection });
    await expect(client.request(get())).rejects.toThrow('the plugin failed');
  });

  it('is the reason of the caller when the caller breaks off, at whatever point', async () => {
    const { client } = await aScene((_asked, answer) => answer.flushHeaders());
    const before = AbortSignal.abort(new Error('not wanted'));
    await expect(client.request({ ...get(), signal: before })).rejects.toThrow('not wanted');
    const during = new AbortController();
    const running = client.request({ ...get(), signal: during.signal });
    setTimeout(() => during.abort(new Error('no longer wanted')), 20);
    await expect(running).rejects.toThrow('no longer wanted');
    const credential = Promise.withResolvers<string>();
    const slow = await aScene((_asked, answer) => answer.end(), {
      connection: { token: () => credential.promise },
    });
    const waiting = slow.client.request({ ...get(), signal: AbortSignal.timeout(20) });
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('a list', () => {
  const path = '/api/v1/pods';

  it('hands out its objects one by one while it arrives, and then the rest', async () => {
    const gate = Promise.withResolvers<void>();
    const { client, observed } = await aScene((_, answer) => {
      answer.write('{"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b"');
      void gate.promise.then(() => answer.end(':2}],"kind":"PodList"}'));
    });
    const objects: unknown[] = [];
    const heads: unknown[] = [];
    const rest = client.list(
      { method: 'GET', path },
      (object) => objects.push(object),
      (head) => heads.push(head),
    );
    await eventually(() => objects.length === 1, { what: 'the first object, before the list is complete' });
    expect(heads).toEqual([{ metadata: { resourceVersion: '7' }, items: [] }]);
    gate.resolve();
    expect(await rest).toEqual({ metadata: { resourceVersion: '7' }, items: [], kind: 'PodList' });
    expect(objects).toEqual([{ a: 1 }, { b: 2 }]);
    expect(observed).toMatchObject([{ verb: 'list', code: '200' }]);
  });

  it.each([
    ['breaks off', '{"items":[{"a":1},{"b":', /not JSON/],
    ['is a page of a proxy', '<html>', /not JSON/],
    ['has an item that is no JSON', '{"items":[{"a":}]}', /not JSON/],
    ['has an item without end', `{"items":[{"a":"${'x'.repeat(2000)}`, /more than 1000 bytes/],
  ])('that %s is no answer', async (_, text, why) => {
    const { client } = await aScene((_, answer) => void answer.end(text), {
      limits: { itemBytes: 1000 },
    });
    const list = client.list({ method: 'GET', path }, () => {});
    await expect(list).rejects.toThrow(KubernetesUnreachableError);
    await expect(list).rejects.toThrow(why);
  });

  it('is refused like a call', async () => {
    const { client } = await aScene((_, answer) => json(answer, 410, { code: 410, reason: 'Expired' }));
    await expect(client.list({ method: 'GET', path }, () => {})).rejects.toMatchObject({ status: 410 });
  });
});

describe('a stream', () => {
  const watch = { method: 'GET', path: '/api/v1/pods', query: { watch: 'true' } } as const;

  it('gives the lines as they come and ends with the answer', async () => {
    const { client, observed } = await aScene((_asked, answer) => {
      answer.write('{"a":1}\n{"b"');
      setTimeout(() => answer.end(':"ü"}\n'), 10);
    });
    expect(await collect(await client.stream(watch))).toEqual(['{"a":1}', '{"b":"ü"}']);
    expect(observed).toMatchObject([{ verb: 'watch', code: '200' }]);
  });

  it('outlives the time limit once it has begun', async () => {
    const { client } = await aScene(
      (_asked, answer) => {
        answer.flushHeaders();
        setTimeout(() => answer.end('late\n'), 200);
      },
      { limits: { timeoutMs: 100 } },
    );
    expect(await collect(await client.stream(watch))).toEqual(['late']);
  });

  it('is refused like a call', async () => {
    const { client } = await aScene((_asked, answer) => json(answer, 410, { reason: 'Expired' }));
    await expect(client.stream(watch)).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('throws when the connection is cut, when the caller breaks off, and on an endless line', async () => {
    const { client, openSockets } = await aScene(
      (asked, answer) => {
        answer.flushHeaders();
        if (asked.url?.includes('cut')) asked.socket.destroy();
        if (asked.url?.includes('long')) answer.write('x'.repeat(2_000));
      },
      { limits: { lineBytes: 1_000 } },
    );
    const at = (path: string) => ({ ...watch, path: `/api/v1/${path}` });
    await expect(client.stream(at('cut')).then(collect)).rejects.toThrow(KubernetesUnreachableError);
    await expect(client.stream(at('long')).then(collect)).rejects.toThrow(LineTooLongError);
    const stop = new AbortController();
    const lines = await client.stream({ ...at('quiet'), signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped')), 20);
    await expect(collect(lines)).rejects.toThrow('stopped');
    await eventually(() => openSockets() === 0, { what: 'the connections are closed' });
  });

  it('closes its connection when the iteration is left', async () => {
    const { client, openSockets } = await aScene((_asked, answer) => answer.write('one\ntwo\n'));
    for await (const line of await client.stream(watch)) {
      expect(line).toBe('one');
      break;
    }
    await eventually(() => openSockets() === 0, { what: 'the connection is closed' });
  });
});
