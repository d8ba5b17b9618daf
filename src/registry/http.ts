/** What is sent to a registry or its token server. */
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
