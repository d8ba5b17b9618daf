import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';

/** A reverse proxy in front of a registry that remembers what was asked. */
export interface CountingProxy {
  /** `127.0.0.1:PORT`, as it stands in image references. */
  readonly host: string;
  /** `METHOD path?query` of every request so far, in order. */
  readonly requests: readonly string[];
  /** From now on answers everything itself with this status, or nothing any more if undefined. */
  refuseWith(status: number | undefined, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** Starts it on 127.0.0.1; `target` is the registry's address, without a path. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const requests: string[] = [];
  let refusal: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined;
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = 'GET', url = '/', headers } = incoming;
    requests.push(`${method} ${url}`);
    if (refusal !== undefined) {
      outgoing.writeHead(refusal.status, refusal.headers).end();
      return;
    }
    const upstream = httpRequest(new URL(url, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  };
  const server = createServer(handle);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('a TCP server without a port');
  return {
    host: `127.0.0.1:${address.port}`,
    requests,
    refuseWith(status, headers = {}) {
      refusal = status === undefined ? undefined : { status, headers };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
