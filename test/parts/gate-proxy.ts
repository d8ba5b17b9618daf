import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';

export interface GateQuestion {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Gate {
  /** Which request is stopped: the first one that this is true for. */
  readonly at: (request: GateQuestion) => boolean;
  /** `before` the API server has seen it, or `after` it has acted, when its answer is about to go back. */
  readonly when: 'before' | 'after';
}

export interface Hold {
  /** Resolves when a request is held. */
  readonly reached: Promise<void>;
  release(): void;
}

/** A reverse proxy that stops one request at a point of the test's choice, and lets everything else through. */
export interface GateProxy {
  readonly url: string;
  /** Sets the gate; resolves when a request stands at it. That request gets no answer any more. */
  stopAt(gate: Gate): Promise<void>;
  /** Holds the first request that `at` is true for, before the API server sees it; after `release` it goes on. */
  hold(at: Gate['at']): Hold;
  close(): Promise<void>;
}

/** Starts a gate proxy on 127.0.0.1 (plain HTTP) in front of the API server `target`, whose certificate `ca` signs. */
export async function startGateProxy(target: {
  readonly url: string;
  readonly ca: string;
}): Promise<GateProxy> {
  const agent = new Agent({ ca: target.ca, keepAlive: true });
  let gate: (Gate & { readonly reached: () => void }) | undefined;
  let held: { readonly at: Gate['at']; readonly wait: () => Promise<void> } | undefined;

  const passes = (question: GateQuestion, when: Gate['when']): boolean => {
    if (gate === undefined || gate.when !== when || !gate.at(question)) return true;
    gate.reached();
    gate = undefined;
    return false;
  };
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const { method = 'GET', url: path = '/', headers } = incoming;
    const question = { method, path, body: body.toString() };
    if (!passes(question, 'before')) return;
    if (held?.at(question) === true) {
      const { wait } = held;
      held = undefined;
      await wait();
    }
    const send = target.url.startsWith('https:') ? httpsRequest : httpRequest;
    const options = { method, agent, headers: { ...headers, host: new URL(target.url).host } };
    const upstream = send(new URL(path, target.url), options, (answer) => {
      if (!passes(question, 'after')) {
        answer.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      // Of a watch in which nothing happens there is nothing else to send for long.
      outgoing.flushHeaders();
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    upstream.end(body);
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    stopAt: ({ at, when }) =>
      new Promise((resolve) => {
        gate = { at, when, reached: resolve };
      }),
    hold(at) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      const wait = (): Promise<void> => {
        reached.resolve();
        return released.promise;
      };
      held = { at, wait };
      return { reached: reached.promise, release: () => released.resolve() };
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
