import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePorts } from './child.ts';

/** A server on one port of the loopback interface that may be away for a while. */
export interface IntermittentServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** How often somebody connected. */
  readonly connections: number;
  /** From now on connections are refused, and those that are there are cut. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

/** Starts it on a free port; `take` gets each request with its whole body, and where it throws, the connection is cut. */
export async function startIntermittentServer(
  take: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<IntermittentServer> {
  const [port = 0] = await freePorts(1);
  let server: Server | undefined;
  let connections = 0;

  const read = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    take(request, Buffer.concat(chunks), response);
  };
  const comeBack = async (): Promise<void> => {
    const next = createServer((request, response) => {
      read(request, response).catch(() => response.destroy());
    });
    next.on('connection', () => (connections += 1));
    server = next;
    await new Promise<void>((resolve) => void next.listen(port, '127.0.0.1', resolve));
  };
  await comeBack();
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    async goAway() {
      const last = server;
      server = undefined;
      if (last === undefined) return;
      last.closeAllConnections();
      await new Promise((resolve) => void last.close(resolve));
    },
    comeBack,
  };
}
