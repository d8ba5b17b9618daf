import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ApiError, forbidden } from './api-error.ts';
import { mediaTypeOf, readJsonBody } from './http-body.ts';
import type { Reply, RouteContext } from './api-exchange.ts';
import { answer } from './routes.ts';

/** A watcher that does not read is cut off here. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;
const MAX_CONNECTIONS = 1000;

export interface ApiServer {
  readonly port: number;
  /** Cuts all connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Serves the API over plain HTTP.
 * @param where port 0 takes a free one
 * @throws Error when the port cannot be had
 */
export async function serveApi(
  context: RouteContext,
  where: { readonly host: string; readonly port: number },
): Promise<ApiServer> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void serve(context, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listen(server, where);
  const address = server.address();
  const port = typeof address === 'object' && address != null ? address.port : where.port;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, where: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Never rejects: what goes wrong is answered as a Status, or the connection is cut. */
async function serve(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => response.destroy());
  try {
    refuseBrowsers(request);
    const url = new URL(request.url ?? '/', 'http://api');
    const reply = answer(context, {
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      path: url.pathname,
      query: url.searchParams,
      accept: request.headers.accept ?? '',
      contentType: mediaTypeOf(request),
      host: request.headers.host ?? '',
      body: await readJsonBody(request),
    });
    send(response, reply);
  } catch (error) {
    if (response.headersSent || response.destroyed) response.destroy();
    else sendError(response, error);
  }
}

/** There is no sign-in here, so no web page may reach the API through the browser of the person who runs it. */
function refuseBrowsers(request: IncomingMessage): void {
  if (request.headers.origin === undefined) return;
  throw forbidden(
    { group: '', plural: 'requests', kind: 'Request' },
    '',
    'requests of web pages are not answered',
  );
}

function send(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case 'json':
      return sendBytes(response, reply.status, 'application/json', Buffer.from(JSON.stringify(reply.body)));
    case 'text':
      return sendBytes(response, 200, 'text/plain; charset=utf-8', Buffer.from(reply.text));
    case 'bytes':
      return sendBytes(response, 200, reply.contentType, reply.bytes);
    case 'watch':
      return sendWatch(response, reply.start);
  }
}

function sendBytes(response: ServerResponse, status: number, contentType: string, bytes: Buffer): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': bytes.length,
    'cache-control': 'no-cache, private',
  });
  response.end(bytes);
}

function sendWatch(response: ServerResponse, start: Extract<Reply, { kind: 'watch' }>['start']): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const stop = start({
    send: (event) => {
      response.write(`${JSON.stringify(event)}\n`);
      return response.writableLength < MAX_UNREAD_BYTES;
    },
    end: () => response.end(),
  });
  response.on('close', stop);
}

function sendError(response: ServerResponse, error: unknown): void {
  const status =
    error instanceof ApiError
      ? error
      : new ApiError({ code: 500, reason: 'InternalError', message: 'Internal error occurred', details: {} });
  const bytes = Buffer.from(JSON.stringify(status.toStatus()));
  // The rest of a body that was not read must not be taken for the next request.
  if (status.code === 413) response.setHeader('connection', 'close');
  sendBytes(response, status.code, 'application/json', bytes);
}
