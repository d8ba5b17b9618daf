import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { startIntermittentServer } from './intermittent-server.ts';
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
  const spans: TakenSpan[] = [];
  const names: string[] = [];
  const exports: TakenExport[] = [];

  const server = await startIntermittentServer((request, raw, response) => {
    if (endpoint.hangs) return;
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    const contentType = request.headers['content-type'] ?? '';
    const isJson = contentType === 'application/json';
    const taken = isJson ? readJsonExport(body) : [];
    spans.push(...taken);
    names.push(...(isJson ? taken : readProtobufExport(body)).map(({ name }) => name));
    exports.push({ path: request.url ?? '', contentType, headers: request.headers });
    response.writeHead(200, { 'content-type': contentType }).end(isJson ? '{}' : '');
  });
  const endpoint: OtlpEndpoint = {
    url: server.url,
    spans,
    names,
    exports,
    get connections() {
      return server.connections;
    },
    hangs: false,
    goAway: () => server.goAway(),
    comeBack: () => server.comeBack(),
  };
  return endpoint;
}
