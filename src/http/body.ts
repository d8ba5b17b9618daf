import { fail, ok, type Result } from '../core/result.ts';
import type { Ticket } from './admission.ts';
import { formFieldOf } from './form.ts';
import { locateJsonError, structureOf } from './json-text.ts';
import { problem, retryAfter, type Problem } from './problem.ts';

export interface BodyLimits {
  /** Larger bodies are answered with 413. */
  readonly maxBytes: number;
  /** Where the body's bytes are counted together with those of the other requests in work. */
  readonly ticket?: Pick<Ticket, 'grow'>;
}

export interface JsonOptions extends BodyLimits {
  /** Where forms are taken too: the field that holds the JSON. */
  readonly formField?: string;
  /** Whether the body is JSON whatever Content-Type says; forms excepted. */
  readonly untyped?: boolean;
}

/** Deeper than any real sender nests, and shallow enough for whatever walks the value. */
export const MAX_DEPTH = 64;

/** More than a thousand registry events hold, and few enough to be parsed without holding up everybody else. */
export const MAX_VALUES = 25_000;

const BUSY_RETRY_SECONDS = 1;

/** A body before anybody has looked into it. */
export interface ReceivedBody {
  /** Exactly as it came, which is what signatures are made of. */
  readonly raw: Uint8Array;
  /** The JSON in it, as bytes: the field's value where it is a form, else `raw` itself. */
  readonly content: Uint8Array;
}

/** The request's body, declared as JSON (or as a form, or as anything where that is allowed), not yet parsed. */
export async function receiveBody(
  request: Request,
  options: JsonOptions,
): Promise<Result<ReceivedBody, Problem>> {
  const encoding = checkEncoding(request.headers);
  if (encoding !== undefined) return fail(encoding);
  const type = request.headers.get('content-type');
  const field = isForm(type) ? options.formField : undefined;
  const untyped = options.untyped === true && !isForm(type);
  if (!isJson(type) && !untyped && field === undefined) return fail(wrongType(type));
  const bytes = await readBytes(request, options);
  if (!bytes.ok) return bytes;
  const raw = bytes.value;
  const content = field === undefined ? raw : formFieldOf(raw, field);
  return content === undefined ? fail(wrongType(type)) : ok({ raw, content });
}

/**
 * The request's body as JSON where it has one, else undefined. An empty body needs no content type; a missing content
 * type is taken for JSON.
 */
export async function readOptionalJson(
  request: Request,
  limits: BodyLimits,
): Promise<Result<unknown, Problem>> {
  const encoding = checkEncoding(request.headers);
  if (encoding !== undefined) return fail(encoding);
  const bytes = await readBytes(request, limits);
  if (!bytes.ok) return bytes;
  if (bytes.value.length === 0) return ok(undefined);
  const type = request.headers.get('content-type');
  return type == null || isJson(type) ? parseJson(bytes.value) : fail(wrongType(type));
}

/**
 * The fields of a form, or the JSON body where it is one; neither needs to be there. Of a field that comes several times
 * the last one counts.
 */
export async function readFields(
  request: Request,
  limits: BodyLimits,
): Promise<Result<{ readonly fields: unknown; readonly isForm: boolean }, Problem>> {
  if (!isForm(request.headers.get('content-type'))) {
    const json = await readOptionalJson(request, limits);
    return json.ok ? ok({ fields: json.value ?? {}, isForm: false }) : json;
  }
  const encoding = checkEncoding(request.headers);
  if (encoding !== undefined) return fail(encoding);
  const bytes = await readBytes(request, limits);
  if (!bytes.ok) return bytes;
  const text = decode(bytes.value);
  if (text === undefined) return fail(problem('HW_UNEXPECTED_SHAPE', 'The form is not UTF-8.'));
  return ok({ fields: Object.fromEntries(new URLSearchParams(text)), isForm: true });
}

/** The bytes of a form (`application/x-www-form-urlencoded`), as they came. */
export async function readFormBytes(
  request: Request,
  limits: BodyLimits,
): Promise<Result<Uint8Array, Problem>> {
  const encoding = checkEncoding(request.headers);
  if (encoding !== undefined) return fail(encoding);
  const type = request.headers.get('content-type');
  if (!isForm(type)) return fail(wrongType(type, 'application/x-www-form-urlencoded'));
  return readBytes(request, limits);
}

/** `application/json` and every `application/*+json`, with any parameters. */
function isJson(contentType: string | null): boolean {
  return contentType != null && /^\s*application\/(?:[^\s;]+\+)?json\s*(?:;|$)/i.test(contentType);
}

function isForm(contentType: string | null): boolean {
  return contentType != null && /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType);
}

function wrongType(type: string | null, expected = 'application/json or application/*+json'): Problem {
  const found = type == null ? 'nothing' : JSON.stringify(type.slice(0, 100));
  return problem('HW_UNSUPPORTED_MEDIA_TYPE', `Content-Type must be ${expected}; it says ${found}.`);
}

function checkEncoding(headers: Headers): Problem | undefined {
  const encoding = headers.get('content-encoding');
  if (encoding == null || encoding.toLowerCase() === 'identity') return undefined;
  return problem('HW_UNSUPPORTED_MEDIA_TYPE', 'The body must be sent without Content-Encoding.');
}

async function readBytes(request: Request, limits: BodyLimits): Promise<Result<Uint8Array, Problem>> {
  const declared = request.headers.get('content-length');
  try {
    return declared == null
      ? await readStream(request, limits)
      : await readDeclared(request, Number(declared), limits);
  } catch {
    // The connection broke; the answer reaches nobody, but what waits for it goes on.
    return fail(problem('HW_BODY_INCOMPLETE', 'The body ended before it was complete.'));
  }
}

// Node hands out no more bytes than Content-Length says, so a declared length can be refused before reading.
async function readDeclared(
  request: Request,
  length: number,
  limits: BodyLimits,
): Promise<Result<Uint8Array, Problem>> {
  if (length > limits.maxBytes) return fail(tooLarge(limits));
  if (limits.ticket?.grow(length) === false) return fail(noRoom());
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length > limits.maxBytes ? fail(tooLarge(limits)) : ok(bytes);
}

async function readStream(request: Request, limits: BodyLimits): Promise<Result<Uint8Array, Problem>> {
  if (request.body == null) return ok(new Uint8Array());
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(Buffer.concat(chunks, length));
    length += value.length;
    // The rest stays unread: cancelling would close the connection before the answer is on it.
    if (length > limits.maxBytes) return fail(tooLarge(limits));
    if (limits.ticket?.grow(value.length) === false) return fail(noRoom());
    chunks.push(value);
  }
}

function tooLarge({ maxBytes }: BodyLimits): Problem {
  return problem('HW_BODY_TOO_LARGE', `The body may have at most ${maxBytes} bytes.`);
}

function noRoom(): Problem {
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', 'Too many bodies are in work; try again.'));
}

/** The JSON in these bytes, within what is parsed without holding up everybody else. */
export function parseJson(bytes: Uint8Array): Result<unknown, Problem> {
  const text = decode(bytes);
  if (text === undefined) return fail(problem('HW_BAD_JSON', 'The body is not UTF-8.'));
  if (text.trim() === '') return fail(problem('HW_BAD_JSON', 'The body is empty; JSON was expected.'));
  const { depth, values } = structureOf(text, { depth: MAX_DEPTH, values: MAX_VALUES });
  if (depth > MAX_DEPTH)
    return fail(problem('HW_BODY_TOO_DEEP', `The body may be nested at most ${MAX_DEPTH} levels deep.`));
  if (values > MAX_VALUES)
    return fail(problem('HW_UNEXPECTED_SHAPE', `The body may hold at most ${MAX_VALUES} values.`));
  try {
    const value: unknown = JSON.parse(text);
    return ok(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { offset, line, column } = locateJsonError(text, error);
    return fail(
      problem('HW_BAD_JSON', `The body is not JSON at position ${offset} (line ${line}, column ${column}).`),
    );
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
