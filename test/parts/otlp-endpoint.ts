import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { freePorts } from './child.ts';
import { readJsonExport, readProtobufExport, type TakenSpan } from './otlp-reading.ts';

/** One export, as it came. */
export interface TakenExport {
  readonly path: string;
  readonly contentType: string;
  readonly headers: IncomingMessage['headers'];
}

/** What a collector is to those who export: a server on one port that takes spans, or is away, or hangs. */
export interface OtlpEndpoint {
  readonly url: string;
  /** All spans that came as JSON. */
  readonly spans: readonly TakenSpan[];
  /** The names of all spans, whatever they came as. */
  readonly names: readonly string[];
  readonly exports: readonly TakenExport[];
  /** How often somebody connected. */
  readonly connections: number;
  /** Whether it takes what comes and never answers. */
  hangs: boolean;
  /** From now on connections are refused. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

/** Starts it on a free port of the loopback interface; `goAway` ends it. */
export async function startOtlpEndpoint(): Promise<OtlpEndpoint> {
  const [port = 0] = await freePorts(1);
  const spans: TakenSpan[] = [];
  const names: string[] = [];
  const exports: TakenExport[] = [];
  let server: Server | undefined;
  let connections = 0;

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    if (endpoint.hangs) return;
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const contentType = request.headers['content-type'] ?? '';
    const isJson = contentType === 'application/json';
    if (isJson) spans.push(...readJsonExport(body));
    names.push(...(isJson ? readJsonExport(body) : readProtobufExport(body)).map(({ name }) => name));
    exports.push({ path: request.url ?? '', contentType, headers: request.headers });
    response.writeHead(200, { 'content-type': contentType }).end(isJson ? '{}' : '');
  };
  const goAway = async (): Promise<void> => {
    const last = server;
    server = undefined;
    if (last === undefined) return;
    last.closeAllConnections();
    await new Promise((resolve) => void last.close(resolve));
  };
  const comeBack = async (): Promise<void> => {
    const next = createServer((request, response) => {
      take(request, response).catch(() => response.destroy());
    });
    next.on('connection', () => (connections += 1));
    server = next;
    await new Promise<void>((resolve) => void next.listen(port, '127.0.0.1', resolve));
  };
  const endpoint: OtlpEndpoint = {
    url: `http://127.0.0.1:${port}`,
    spans,
    names,
    exports,
    get connections() {
      return connections;
    },
    hangs: false,
    goAway,
    comeBack,
  };
  await comeBack();
  return endpoint;
}
