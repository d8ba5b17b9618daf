import {
  Agent as HttpAgent,
  type AgentOptions,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https';
import { reasonOf } from './cancel.ts';
import type { Connection } from './connection.ts';
import type { ClientCertificate } from './credential-source.ts';

export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | undefined;
  readonly certificate: ClientCertificate | undefined;
  readonly signal: AbortSignal;
  /** A watch: it gets a connection of its own. */
  readonly longLived: boolean;
}

/** Sends HTTP requests to one server over kept connections. */
export interface Transport {
  /** Resolves with the answer's headers; the body is still to be read. */
  send(request: OutgoingRequest): Promise<IncomingMessage>;
  close(): void;
}

// Without these probes a peer that is gone without a word is noticed after hours.
const TCP_KEEP_ALIVE_MS = 15_000;
// Shorter than what API servers and load balancers allow an idle connection.
const IDLE_CONNECTION_MS = 50_000;
const MAX_CONNECTIONS = 32;

/** Makes a transport for `connection.server`, HTTPS or, for local servers, plain HTTP. */
export function createTransport(connection: Connection): Transport {
  const secure = connection.server.protocol === 'https:';
  const common = {
    keepAliveMsecs: TCP_KEEP_ALIVE_MS,
    scheduling: 'lifo',
    ...throughProxy(connection),
  } as const;
  const forCalls = { ...common, keepAlive: true, maxSockets: MAX_CONNECTIONS, timeout: IDLE_CONNECTION_MS };
  const callAgent = secure ? new HttpsAgent(forCalls) : new HttpAgent(forCalls);
  const watchAgent = secure ? new HttpsAgent(common) : new HttpAgent(common);

  function once(request: OutgoingRequest): Promise<IncomingMessage> {
    const options: RequestOptions = {
      host: connection.server.hostname.replace(/^\[|\]$/g, ''),
      port: connection.server.port === '' ? (secure ? 443 : 80) : connection.server.port,
      method: request.method,
      path: request.target,
      headers: withLength(request),
      agent: request.longLived ? watchAgent : callAgent,
      ...(secure ? tlsOptions(connection, request.certificate) : {}),
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const outgoing = (secure ? httpsRequest : httpRequest)(options);
    breakOff(outgoing, request.signal);
    outgoing.on('socket', (socket) => socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS));
    outgoing.on('response', resolve);
    outgoing.on('error', (error) => {
      reject(outgoing.reusedSocket ? new StaleConnectionError(error.message, { cause: error }) : error);
    });
    outgoing.end(request.body);
    return promise;
  }

  return {
    async send(request) {
      try {
        return await once(request);
      } catch (error) {
        // The server closed a kept connection just as we wrote to it. Only reading can be repeated blindly.
        const repeat =
          error instanceof StaleConnectionError && request.method === 'GET' && !request.signal.aborted;
        if (!repeat) throw error;
        return once(request);
      }
    },
    close() {
      callAgent.destroy();
      watchAgent.destroy();
    },
  };
}

/** As Node's own option `signal` does, which makes the request a stream that is watched to its end: several times the work. */
function breakOff(outgoing: ClientRequest, signal: AbortSignal): void {
  const abort = (): void => {
    outgoing.destroy(reasonOf(signal));
  };
  if (signal.aborted) {
    abort();
    return;
  }
  signal.addEventListener('abort', abort, { once: true });
  outgoing.once('close', () => signal.removeEventListener('abort', abort));
}

/** Node itself speaks with proxies, where they are given as the environment's variables would. */
function throughProxy({ proxy }: Connection): Pick<AgentOptions, 'proxyEnv'> {
  if (proxy === undefined) return {};
  const { http, https, except } = proxy;
  return {
    proxyEnv: {
      ...(http === undefined ? {} : { HTTP_PROXY: http }),
      ...(https === undefined ? {} : { HTTPS_PROXY: https }),
      ...(except === undefined ? {} : { NO_PROXY: except }),
    },
  };
}

/** Without it Node sends the body of a DELETE as if it were the next request on the connection. */
function withLength({ headers, body }: OutgoingRequest): OutgoingRequest['headers'] {
  return body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

function tlsOptions(connection: Connection, certificate: ClientCertificate | undefined): RequestOptions {
  const tls = connection.tls ?? {};
  const options: RequestOptions = { rejectUnauthorized: tls.insecure !== true };
  if (tls.ca !== undefined) options.ca = tls.ca;
  if (tls.serverName !== undefined) options.servername = tls.serverName;
  const shown = certificate ?? tls.certificate;
  if (shown !== undefined) {
    options.cert = shown.cert;
    options.key = shown.key;
  }
  return options;
}
