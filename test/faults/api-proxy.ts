import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiProxy, ApiQuestion, ApiTrouble } from './fault.ts';

type Make = Parameters<ApiProxy['trouble']>[0];
type Gate = Parameters<ApiProxy['stopAt']>[0];

interface Stop extends Gate {
  readonly reached: () => void;
  readonly released: Promise<void>;
}

/** A 410 as it stands in a status and in the ERROR event of a watch. */
const GONE = /"code":\s*410\b/;

/** Starts a proxy on 127.0.0.1 (plain HTTP) before the API server `target`, whose certificate `ca` signs. */
export async function startApiProxy(target: {
  readonly url: string;
  readonly ca: string;
}): Promise<ApiProxy & { close(): Promise<void> }> {
  const agent = new Agent({ ca: target.ca, keepAlive: true });
  const host = new URL(target.url).host;
  const troubles = new Set<Make>();
  const stops = new Set<Stop>();
  const watches = new Set<ServerResponse>();
  let gone = 0;

  const stopped = async (question: ApiQuestion, when: Gate['when']): Promise<void> => {
    const stop = [...stops].find((one) => one.when === when && one.at(question));
    if (stop === undefined) return;
    stops.delete(stop);
    stop.reached();
    await stop.released;
  };
  const troubleFor = (question: ApiQuestion): ApiTrouble | undefined => {
    for (const make of troubles) {
      const trouble = make(question);
      if (trouble !== undefined) return trouble;
    }
    return undefined;
  };

  const passOn = (
    { question, headers, body }: { question: ApiQuestion; headers: object; body: Buffer },
    outgoing: ServerResponse,
    isLost: boolean,
  ): void => {
    const options = { method: question.method, agent, headers: { ...headers, host } };
    const upstream = httpsRequest(new URL(question.path, target.url), options, (answer) => {
      const relay = async (): Promise<void> => {
        await stopped(question, 'after');
        if (isLost || outgoing.destroyed) {
          // Read to its end: what the API server does is done, and only nobody hears of it.
          answer.resume();
          outgoing.destroy();
          return;
        }
        if (answer.statusCode === 410) gone += 1;
        else if (question.isWatch)
          answer.on('data', (chunk: Buffer) => void (GONE.test(chunk.toString('latin1')) && (gone += 1)));
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        // Of a watch in which nothing happens there is nothing else to send for long.
        outgoing.flushHeaders();
        answer.on('error', () => outgoing.destroy());
        answer.pipe(outgoing);
      };
      relay().catch(() => outgoing.destroy());
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => {
      if (!isLost) upstream.destroy();
    });
    upstream.end(body);
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const question = questionOf(incoming, body);
    if (question.isWatch) {
      watches.add(outgoing);
      outgoing.on('close', () => watches.delete(outgoing));
    }
    await stopped(question, 'before');
    const trouble = troubleFor(question);
    if (trouble?.kind === 'cut') {
      outgoing.destroy();
      return;
    }
    if (trouble?.kind === 'status') {
      refuse(outgoing, trouble);
      return;
    }
    if (trouble?.kind === 'wait') await sleep(trouble.forMs);
    if (outgoing.destroyed) return;
    passOn({ question, headers: incoming.headers, body }, outgoing, trouble?.kind === 'lose');
  };

  const server = createServer((incoming, outgoing) => {
    outgoing.on('error', () => undefined);
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    get gone() {
      return gone;
    },
    trouble(make) {
      troubles.add(make);
      return () => void troubles.delete(make);
    },
    stopAt(gate) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const stop = { ...gate, reached: reached.resolve, released: released.promise };
      stops.add(stop);
      return {
        reached: reached.promise,
        release: () => released.resolve(),
        cancel: () => void stops.delete(stop),
      };
    },
    cutWatches() {
      const cut = [...watches];
      for (const watch of cut) watch.destroy();
      return cut.length;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function questionOf({ method = 'GET', url = '/' }: IncomingMessage, body: Buffer): ApiQuestion {
  const { searchParams } = new URL(url, 'http://proxy');
  const isWatch = method === 'GET' && ['1', 'true'].includes(searchParams.get('watch') ?? '');
  return { method, path: url, body: body.toString(), isWatch };
}

function refuse(outgoing: ServerResponse, trouble: Extract<ApiTrouble, { kind: 'status' }>): void {
  const { status: code, retryAfterSeconds } = trouble;
  const reason = code === 429 ? 'TooManyRequests' : 'InternalError';
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: 'injected', code };
  outgoing.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  outgoing.end(JSON.stringify(status));
}
