import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';

export interface VendorRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface VendorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is if a text, else as JSON. */
  readonly body?: unknown;
}

export interface VendorServer {
  readonly port: number;
  /** With the scheme, without a slash at its end. */
  readonly url: string;
  /** Every request so far, in order. */
  readonly requests: readonly VendorRequest[];
  stop(): Promise<void>;
}

/** What a vendor's service does with a request; undefined: it never answers. */
export type VendorScript = (request: VendorRequest) => VendorAnswer | undefined;

/** A server on 127.0.0.1 that stands for a cloud's service; by HTTPS if it is given a key and certificate (PEM). */
export async function startVendorServer(
  script: VendorScript,
  tls?: { readonly key: string; readonly cert: string },
): Promise<VendorServer> {
  const requests: VendorRequest[] = [];
  const listener: RequestListener = (incoming, response) => {
    const answer = async (): Promise<void> => {
      let body = '';
      for await (const chunk of incoming) body += String(chunk);
      const { method = '', url = '', headers } = incoming;
      const request = { method, url, headers, body };
      requests.push(request);
      const scripted = script(request);
      if (scripted === undefined) return;
      const isText = typeof scripted.body === 'string' || scripted.body === undefined;
      const type = { 'content-type': isText ? 'text/plain' : 'application/json' };
      response.writeHead(scripted.status, { ...type, ...scripted.headers });
      response.end(isText ? scripted.body : JSON.stringify(scripted.body));
    };
    answer().catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server without a port');
  return {
    port: address.port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${address.port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** The address of a port of 127.0.0.1 on which nothing listens. */
export async function urlOfNobody(): Promise<string> {
  const server = await startVendorServer(() => undefined);
  await server.stop();
  return server.url;
}

/** A JSON Web Token, unsigned but of the right shape, that expires at `expMs` (milliseconds since the Unix epoch). */
export function jwt(name: string, expMs: number): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: name, exp: Math.floor(expMs / 1000) })}.c2lnbmF0dXJl`;
}
