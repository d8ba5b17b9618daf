import type { Readable } from 'node:stream';

/** Certificates for a connection, PEM. */
export interface TlsMaterial {
  /** Trusted beside the usual ones. */
  readonly ca?: string | undefined;
  /** Shown to the host, to this origin alone wherever redirects lead. */
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
}

/** How long the parts of one answer may take, in milliseconds. */
export interface ExchangeTimeouts {
  /** For DNS, TCP and TLS together. */
  readonly connectMs: number;
  /** From there to the last header. */
  readonly headersMs: number;
  /** From there to the last byte of the body. */
  readonly bodyMs: number;
}

/** What is sent to a registry, its token server, or a chart repository. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent to this host, port and scheme alone, wherever redirects lead. */
  readonly authorization?: string | undefined;
  readonly body?: string;
  /** Of the answer's body no more than this is read, in bytes. */
  readonly maxBodyBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** In place of what is usual at the address. */
  readonly tls?: TlsMaterial | undefined;
  /** In place of what is usual at the address. */
  readonly timeouts?: ExchangeTimeouts | undefined;
  /**
   * Reads the body of a 200 as it comes, in place of having it collected: `body` is then empty. Whatever it does not
   * read to the end is dropped with the connection. Its rejection is the failure of the exchange.
   */
  readonly receive?: ((body: Readable, headers: Headers) => Promise<void>) | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** The body was longer than `maxBodyBytes`: `body` is its beginning. */
  readonly truncated: boolean;
  /** Who answered, after redirects. */
  readonly url: URL;
}

export interface Transport {
  /** Resolves with any complete answer, whatever its status. Throws a TransportError where there is none. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes kept connections. */
  close(): void;
}
