import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { eventually } from '../parts/eventually.ts';

/** A Kubernetes API as the contract talks to it. */
export interface Endpoint {
  readonly url: string;
  readonly ca?: string;
  readonly token?: string;
  /** Frees what was started for it. */
  readonly close: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** The parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

export interface OpenWatch {
  readonly status: number;
  /** All that came so far. */
  readonly events: readonly WatchEvent[];
  /** Waits for the first event that `matches`. */
  first(matches: (event: WatchEvent) => boolean, what: string): Promise<WatchEvent>;
  /** Waits until the server has ended the watch. */
  ended(withinMs: number): Promise<void>;
  close(): void;
}

/** One request; every status is an answer. */
export async function send(endpoint: Endpoint, call: Call): Promise<Answer> {
  const response = await open(endpoint, call);
  const chunks: string[] = [];
  response.setEncoding('utf8');
  for await (const chunk of response) chunks.push(String(chunk));
  const text = chunks.join('');
  const contentType = response.headers['content-type'] ?? '';
  return { status: response.statusCode ?? 0, contentType, body: parse(text) };
}

/** Opens a watch: `path` with its query. */
export async function openWatch(
  endpoint: Endpoint,
  path: string,
  accept = 'application/json',
): Promise<OpenWatch> {
  const response = await open(endpoint, { method: 'GET', path, accept });
  const events: WatchEvent[] = [];
  let over = false;
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    // An error answer is one Status, not a line per event.
    if (response.statusCode !== 200) return;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(toEvent(parse(line)));
  });
  response.on('error', () => {});
  response.on('close', () => {
    over = true;
  });
  return {
    status: response.statusCode ?? 0,
    events,
    first: (matches, what) => eventually(() => events.find(matches), { what }),
    ended: async (withinMs) => {
      await eventually(() => over, { what: 'the end of the watch', timeoutMs: withinMs });
    },
    close: () => response.destroy(),
  };
}

function open(endpoint: Endpoint, call: Call): Promise<IncomingMessage> {
  const url = new URL(call.path, endpoint.url);
  const payload = typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
  const options = {
    method: call.method,
    ...(endpoint.ca === undefined ? {} : { ca: endpoint.ca }),
    headers: {
      accept: call.accept ?? 'application/json',
      ...(endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }),
      ...(call.body === undefined
        ? {}
        : {
            'content-type': call.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(payload),
          }),
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(call.body === undefined ? undefined : payload);
  });
}

function parse(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return text;
  }
}

function toEvent(value: unknown): WatchEvent {
  if (typeof value !== 'object' || value == null || !('type' in value) || !('object' in value))
    throw new Error(`not a watch event: ${JSON.stringify(value)}`);
  return { type: String(value.type), object: value.object };
}
