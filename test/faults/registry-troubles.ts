import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { breakOff, firstHalf, json, readTags, send, sorted } from './registry-answers.ts';
import type { Meddling, Trouble } from './registry-front.ts';
import { between } from './timing.ts';

/** A way to misbehave; what differs from run to run is drawn at once. */
export interface TroubleMaker {
  /** A sentence's end. */
  readonly name: string;
  readonly make: (random: () => number) => Trouble;
}

const SIGN_IN_PAGE = '<!doctype html><title>Sign in</title><form><input name="user"></form>';
/** A body that never ends is read by somebody who has no limit for ever. */
const ENDLESS_CHUNK = Buffer.alloc(64 * 1024, ' ');

/** What a trouble does to whatever is asked. */
const always = (act: (meddling: Meddling) => void | Promise<void>): Trouble => ({
  async answer(meddling) {
    await act(meddling);
    return true;
  },
});

/** What a trouble does to lists of tags; the rest is let through. */
const toLists = (act: (meddling: Meddling) => void | Promise<void>): Trouble => ({
  async answer(meddling) {
    if (meddling.asked.kind !== 'tags') return false;
    await act(meddling);
    return true;
  },
});

/** A list with other tags than the registry's. */
const listing = (choose: (tags: readonly string[]) => readonly string[]): Trouble =>
  toLists(async ({ response, real }) => {
    const answer = await real();
    const { name, tags } = readTags(answer);
    // Its ETag would say that nothing has changed.
    const { etag: _etag, ...headers } = answer.headers;
    send(response, { status: 200, headers, body: json({ name, tags: choose(tags) }) });
  });

const redirect = (response: ServerResponse, to: string): void =>
  void response.writeHead(307, { location: to }).end();

/** All the ways that are known. */
export const REGISTRY_TROUBLES = {
  down: {
    name: 'the registry refuses connections, and later resets them',
    make: (random) => ({
      refusesForMs: between(random, 500, 2500),
      answer({ response }) {
        response.socket?.resetAndDestroy();
        return true;
      },
    }),
  },
  failing: {
    name: 'the registry answers 500',
    make: () => always(({ response }) => void response.writeHead(500).end('oops')),
  },
  slow: {
    name: 'the registry answers late, and byte by byte',
    make: (random) => {
      const waitMs = between(random, 100, 600);
      return always(async ({ response, real }) => {
        const { status, headers, body } = await real();
        await sleep(waitMs);
        response.writeHead(status, headers);
        const size = Math.max(1, Math.ceil(body.length / 20));
        for (let at = 0; at < body.length; at += size) {
          response.write(body.subarray(at, at + size));
          await sleep(waitMs / 40);
        }
        response.end();
      });
    },
  },
  silent: {
    name: 'the registry takes questions and does not answer',
    make: () => always(() => undefined),
  },
  trickling: {
    name: 'the registry begins its answers and never ends them',
    make: () =>
      always(async ({ asked, response, real }) => {
        if (asked.method === 'HEAD') return;
        const { status, headers, body } = await real();
        response.writeHead(status, headers);
        for (let at = 0; !response.destroyed; at += 1) {
          response.write(body.subarray(at, at + 1).length === 0 ? ' ' : body.subarray(at, at + 1));
          await sleep(50);
        }
      }),
  },
  endless: {
    name: 'the registry sends more than anybody can hold',
    make: () =>
      always(async ({ asked, response }) => {
        response.writeHead(asked.method === 'HEAD' ? 405 : 200, { 'content-type': 'application/json' });
        if (asked.method === 'HEAD') {
          response.end();
          return;
        }
        response.write('{"name":"app","tags":["1.0.0"');
        while (!response.destroyed) if (!response.write(ENDLESS_CHUNK)) await sleep(5);
      }),
  },
  emptyList: {
    name: 'the registry lists no tags',
    make: () => listing(() => []),
  },
  shortList: {
    name: 'the registry leaves tags out of its list',
    make: (random) => {
      const kept = 0.2 + random() * 0.5;
      return listing((tags) => sorted(tags).slice(0, Math.floor(tags.length * kept)));
    },
  },
  olderOnly: {
    name: 'the registry lists the oldest tag alone',
    make: () => listing((tags) => sorted(tags).slice(0, 1)),
  },
  ghost: {
    name: 'the registry lists tags that it does not have',
    make: (random) => {
      const minor = between(random, 50, 90);
      return listing((tags) => [...tags, `1.${minor}.0`, `1.${minor}.1`, `v1.${minor}.2`, `2.${minor}.0`]);
    },
  },
  wrongDigest: {
    name: 'the registry names digests that are not those of what it has',
    make: (random) => {
      const digest = `sha256:${createHash('sha256').update(String(random())).digest('hex')}`;
      return {
        async answer({ asked, response, real }) {
          if (asked.kind !== 'manifest' || asked.url.pathname.includes('/manifests/sha256:')) return false;
          const { headers, ...rest } = await real();
          const lie = { ...headers, 'docker-content-digest': digest, etag: `"${digest}"` };
          send(response, { ...rest, headers: lie });
          return true;
        },
      };
    },
  },
  html: {
    name: 'the registry answers everything with a sign-in page and 200',
    make: () =>
      always(
        ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end(SIGN_IN_PAGE),
      ),
  },
  otherJson: {
    name: 'the registry answers with JSON of another shape',
    make: () =>
      always(({ response }) => {
        const body = json({ tags: { '9.9.9': true }, items: ['9.9.9'], schemaVersion: 'two' });
        send(response, { status: 200, headers: { 'content-type': 'application/json' }, body });
      }),
  },
  toItself: {
    name: 'the registry redirects every question to itself',
    make: () => always(({ asked, response }) => redirect(response, asked.url.href)),
  },
  toAndFro: {
    name: 'the registry redirects between two paths',
    make: () =>
      always(({ asked, response }) => {
        const { url } = asked;
        const to = new URL(url);
        to.pathname = url.pathname.startsWith('/a/') ? url.pathname.slice(2) : `/a${url.pathname}`;
        redirect(response, to.href);
      }),
  },
  elsewhere: {
    name: 'the registry redirects to another host, which redirects back',
    make: () => {
      let own = '';
      return always(({ asked, response, elsewhere }) => {
        if (!asked.elsewhere) own = asked.url.origin;
        const base = asked.elsewhere ? own : elsewhere;
        redirect(response, `${base}${asked.url.pathname}${asked.url.search}`);
      });
    },
  },
  half: {
    name: 'the registry promises more bytes than it sends',
    make: () => always((meddling) => breakOff(meddling, { chunked: false })),
  },
  cutChunk: {
    name: 'the registry breaks off in the middle of a chunk',
    make: () => always((meddling) => breakOff(meddling, { chunked: true })),
  },
  failingPage: {
    name: 'the second page of every list cannot be had',
    make: (random) => {
      const status = between(random, 0, 1) === 0 ? 500 : 404;
      return toLists(async ({ asked, response, real }) => {
        if (asked.url.searchParams.has('last')) response.writeHead(status).end();
        else firstHalf(asked.url, response, await real());
      });
    },
  },
  circle: {
    name: 'the pages of every list lead back to the first',
    make: () =>
      toLists(async ({ asked, response, real }) => {
        firstHalf(asked.url, response, await real());
      }),
  },
  tooMany: {
    name: 'the registry answers 429 and asks for a pause',
    make: (random) => {
      const seconds = between(random, 1, 3);
      return always(({ response }) => void response.writeHead(429, { 'retry-after': String(seconds) }).end());
    },
  },
  lyingRealm: {
    name: 'the registry sends everybody to a token server that gives no tokens',
    make: () =>
      always(({ asked, response, elsewhere }) => {
        if (asked.elsewhere || asked.url.pathname === '/token') {
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"tokens":[]}');
          return;
        }
        const challenge = `Bearer realm="${elsewhere}/token",service="registry"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      }),
  },
} as const satisfies Readonly<Record<string, TroubleMaker>>;
