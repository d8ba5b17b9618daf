import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import { eventually } from '../../test/parts/eventually.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { fail, ok } from '../core/result.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import type { Identity, Right } from './auth.ts';
import { listen } from './listen.ts';
import { problem } from './problem.ts';
import { createUpdateFeed } from './update-feed.ts';
import { createUpdateStream, STREAM_PATH, type StreamLimits } from './update-stream.ts';

const cleanup: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of cleanup.splice(0)) await end();
});

/** A server with nothing but the stream, over requests that a test changes. */
async function aStream(limits: Partial<StreamLimits> = {}) {
  const clock = new FakeClock();
  const requests = new Map<string, UpdateRequest>();
  const listeners = new Set<(request: UpdateRequest, event: 'changed' | 'removed') => void>();
  const state: { who: Identity | undefined; may: (right: Right) => boolean; count: number } = {
    who: { kind: 'known', username: 'alice' },
    may: () => true,
    count: 0,
  };
  const feed = createUpdateFeed(
    {
      all: () => requests.values(),
      get: (key) => requests.get(key),
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    'e',
  );
  const stream = createUpdateStream({
    feed,
    clock,
    limits,
    authenticator: {
      authenticate: () =>
        Promise.resolve(
          state.who === undefined ? fail(problem('HW_UNAUTHENTICATED', 'Who?')) : ok(state.who),
        ),
    },
    authorizer: {
      authorize: (right) =>
        Promise.resolve(state.may(right) ? ok(undefined) : fail(problem('HW_FORBIDDEN', 'No.'))),
    },
    namespaces: () => ['shop', 'blog'],
    explain: () => undefined,
    log: createRecordingLog().target('test'),
    onCount: (count) => {
      state.count = count;
    },
  });
  const server = await listen(
    { fetch: () => new Response('the application') },
    { host: '127.0.0.1', port: 0, take: (incoming, response) => stream.handle(incoming, response) },
  );
  cleanup.push(async () => {
    stream.close();
    await server.close(0);
  });
  const url = `http://127.0.0.1:${server.port}${STREAM_PATH}`;
  const put = (request: UpdateRequest): void => {
    requests.set(requestKey(request), request);
    for (const listener of listeners) listener(request, 'changed');
  };
  return { clock, put, state, stream, port: server.port, url };
}

/** A page that listens; what it has been told so far, and whether it was hung up on. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const cut = new AbortController();
  const response = await fetch(url, { headers, signal: cut.signal });
  const told = { text: '', isOver: false };
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) told.text += Buffer.from(chunk).toString();
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      told.isOver = true;
    });
  const until = async (what: string): Promise<string> => {
    await eventually(() => Promise.resolve(told.text.includes(what)), { what: `it is told ${what}` });
    return told.text;
  };
  const over = async (): Promise<void> => {
    await eventually(() => Promise.resolve(told.isOver), { what: 'it is over' });
  };
  return { response, told, until, over, leave: () => cut.abort() };
}

describe('the stream of changes', () => {
  it('begins with all there is, and goes on with what changes', async () => {
    const { url, put } = await aStream();
    put(aRequest({ name: 'one' }));
    const page = await follow(url);
    const first = await page.until('init-done');

    expect(page.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(first).toMatch(
      /^event: refresh\ndata: Watch initialized\n\nevent: updated\ndata: \{"name":"one".*\}\n\nid: e-1\nevent: init-done\ndata: Initial watch sync completed\n\n$/,
    );
    put(aRequest({ name: 'two' }));
    expect(await page.until('"two"')).toMatch(/id: e-2\nevent: updated\ndata: \{"name":"two"/);
    page.leave();
  });

  it('tells whoever wants no more of what changes alone', async () => {
    const { url, put } = await aStream();
    put(aRequest({ name: 'one' }));
    const page = await follow(`${url}?initial=none`);

    expect(await page.until('init-done')).not.toContain('"one"');
    put(aRequest({ name: 'two' }));
    expect(await page.until('"two"')).toMatch(/id: e-2\nevent: updated/);
    page.leave();
  });

  it('goes on where it broke off', async () => {
    const { url, put } = await aStream();
    put(aRequest({ name: 'one' }));
    put(aRequest({ name: 'two' }));
    const page = await follow(url, { 'last-event-id': 'e-1' });
    const text = await page.until('init-done');

    expect(text).not.toMatch(/refresh|"one"/);
    expect(text).toContain('"two"');
    page.leave();
    const stranger = await follow(url, { 'last-event-id': 'elsewhere-1' });
    expect(await stranger.until('init-done')).toMatch(/refresh[^]*"one"[^]*"two"/);
    stranger.leave();
  });

  it('keeps connections alive', async () => {
    const { url, clock } = await aStream();
    const page = await follow(url);
    await page.until('init-done');
    await clock.advance(15_000);
    expect(await page.until(': keep-alive\n\n')).toMatch(/: keep-alive\n\n$/);
    page.leave();
  });

  it('shows to each what they may see', async () => {
    const { url, put, state } = await aStream();
    state.may = ({ namespace }) => namespace === 'shop';
    put(aRequest({ name: 'one', namespace: 'shop' }));
    put(aRequest({ name: 'hidden', namespace: 'blog' }));
    const page = await follow(url);
    await page.until('init-done');
    put(aRequest({ name: 'hidden-too', namespace: 'blog' }));
    put(aRequest({ name: 'two', namespace: 'shop' }));

    expect(await page.until('"two"')).not.toContain('hidden');
    page.leave();
  });

  it('401 for nobody', async () => {
    const { url, state } = await aStream();
    state.who = undefined;
    const response = await fetch(url);

    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'HW_UNAUTHENTICATED' });
    expect(state.count).toBe(0);
  });

  it.each<[string, (state: Awaited<ReturnType<typeof aStream>>['state']) => void]>([
    ['is nobody any more', (state) => Object.assign(state, { who: undefined })],
    ['may see less', (state) => Object.assign(state, { may: (right: Right) => right.namespace === 'shop' })],
  ])('ends within a minute for somebody who %s', async (_name, change) => {
    const { url, clock, state } = await aStream();
    const page = await follow(url);
    await page.until('init-done');
    await clock.advance(60_000);
    expect(page.told.isOver).toBe(false);
    change(state);
    await clock.advance(60_000);
    await page.over();
    await eventually(() => Promise.resolve(state.count === 0), { what: 'nobody is counted' });
    expect(clock.pending).toBe(0);
  });

  it('lets in so many and no more', async () => {
    const { url, state } = await aStream({ clients: 2 });
    const pages = [await follow(url), await follow(url)];
    await eventually(() => Promise.resolve(state.count === 2), { what: 'two are listening' });
    const response = await fetch(url);

    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('10');
    for (const page of pages) page.leave();
    await eventually(() => Promise.resolve(state.count === 0), { what: 'nobody is listening' });
    (await follow(url)).leave();
  });

  it('gives up a page that does not read', async () => {
    const { port, put, state } = await aStream({ bufferedBytes: 64 * 1024 });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write(`GET ${STREAM_PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await eventually(() => Promise.resolve(state.count === 1), { what: 'it is listening' });
    const message = 'x'.repeat(1000);
    await eventually(
      () => {
        for (let at = 0; at < 1000; at += 1)
          put(aRequest({ name: 'one', status: { phase: 'Rejected', message } }));
        return Promise.resolve(state.count === 0);
      },
      { what: 'it has been given up' },
    );
    expect(state.count).toBe(0);
    socket.destroy();
  });

  it('leaves every other request to the application', async () => {
    const { url, port } = await aStream();

    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('the application');
    expect(await (await fetch(url, { method: 'POST' })).text()).toBe('the application');
  });

  it('ends with the server', async () => {
    const { url, stream, state } = await aStream();
    const page = await follow(url);
    await page.until('init-done');
    stream.close();
    await page.over();
    expect(state.count).toBe(0);
  });

  it('tells 300 pages at once, and forgets them', async () => {
    const { port, put, state } = await aStream();
    const sockets = Array.from({ length: 300 }, () => connect(port, '127.0.0.1'));
    const counts = sockets.map((socket) => {
      const seen = { bytes: 0 };
      socket.on('data', (chunk) => (seen.bytes += chunk.length));
      socket.write(`GET ${STREAM_PATH} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return seen;
    });
    await eventually(() => Promise.resolve(state.count === 300), { what: 'all are listening' });
    put(aRequest({ name: 'one' }));
    await eventually(() => Promise.resolve(counts.every(({ bytes }) => bytes > 600)), {
      what: 'all are told',
    });
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map(async (socket) => socket.closed || once(socket, 'close')));
    await eventually(() => Promise.resolve(state.count === 0), { what: 'all have left' });
    expect(counts).toHaveLength(300);
  });
});
