import type { ServerResponse } from 'node:http';
import { RegistryError } from './registry-error.ts';

/** What is sent back; a body is left out for HEAD by `node:http` itself. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An answer with a JSON body. */
export function jsonAnswer(value: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

/** The answer to something that was thrown; what is not a RegistryError is answered without its details. */
export function failureAnswer(error: unknown): Answer {
  const known = error instanceof RegistryError ? error : new RegistryError('UNKNOWN', 'unknown error');
  const answer = jsonAnswer(known.toBody());
  return { ...answer, status: known.status };
}

/** Writes the answer out. */
export function send(response: ServerResponse, { status, headers, body = '' }: Answer): void {
  response.writeHead(status, {
    'docker-distribution-api-version': 'registry/2.0',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
}
