import type { IncomingMessage } from 'node:http';
import { PROTOBUF, readProtobuf } from './protobuf.ts';
import { badRequest, tooLarge, unsupportedMediaType } from './api-error.ts';

/** As in the API server: no object is larger. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
const MAX_DEPTH = 500;
const READABLE = [
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The media type without parameters, lower-case; '' if there is none. */
export function mediaTypeOf(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/**
 * Reads the body as JSON, or as the protobuf that newer kubectl sends; undefined if there is none.
 * @throws ApiError 400, 413, 415
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
    chunks.push(bytes);
  }
  if (size === 0) return undefined;
  const mediaType = mediaTypeOf(request);
  if (mediaType === PROTOBUF) return readProtobuf(Buffer.concat(chunks));
  if (mediaType !== '' && !READABLE.includes(mediaType)) throw unsupportedMediaType(['application/json']);
  return parse(Buffer.concat(chunks).toString('utf8'));
}

function parse(text: string): unknown {
  const value = parseJson(text);
  if (isDeeperThan(value, MAX_DEPTH)) throw badRequest(`the body is nested deeper than ${MAX_DEPTH}`);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'unknown';
    throw badRequest(`the body of the request is not JSON: ${detail}`);
  }
}

/** Walks level by level, so that no nesting can exhaust the stack. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= limit; depth += 1) {
    level = level.flatMap((item) => (typeof item === 'object' && item != null ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
