import { pipeline, type Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { remoteText, Unavailable } from '../registry/failure.ts';
import type { Hosts } from '../registry/hosts.ts';
import type { ExchangeTimeouts, HttpResponse, TlsMaterial } from '../registry/http.ts';
import { TransportError } from '../registry/transport-error.ts';
import type { IndexedCharts } from './index-entries.ts';
import { createIndexScan } from './index-scan.ts';
import { MAX_WHOLE_BYTES, type IndexThread } from './index-thread.ts';
import { NoIndex, Uncertain } from './index-trouble.ts';

/** One question for an index. */
export interface IndexQuestion {
  readonly url: URL;
  /** The value of the `Authorization` header. */
  readonly authorization: string | undefined;
  /** Must not appear in what is quoted of an answer. */
  readonly secrets: readonly string[];
  readonly tls: TlsMaterial | undefined;
  readonly timeouts: ExchangeTimeouts;
  readonly wanted: ReadonlySet<string>;
  /** What the repository calls the index that is known already. */
  readonly known: Validators | undefined;
  /** The index is known not to be one that the scan can tell. */
  readonly asWhole: boolean;
  readonly urgent: boolean;
  readonly signal: AbortSignal;
}

/** What a repository calls one state of its index. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export type IndexAnswer =
  | {
      readonly kind: 'read';
      readonly charts: IndexedCharts;
      readonly validators: Validators;
      /** The scan could not tell: it had to be read as a whole. */
      readonly asWhole: boolean;
    }
  | { readonly kind: 'unchanged' }
  /** The messages are for a person: they name the host and hold no secret. */
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

export interface IndexReader {
  /** Throws Unavailable where there is no answer to go by, also where it broke off in the middle. */
  read(question: IndexQuestion): Promise<IndexAnswer>;
}

/** What an index may have, unpacked, in bytes: several times the largest one that is known. */
export const MAX_INDEX_BYTES = 100 * 1024 * 1024;

/** Of an answer that is no index, for what it says. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_VALIDATOR_LENGTH = 300;
const USER_AGENT = 'headwind';
/** For so long the loop may be kept at a time. */
const TURN_MS = 5;
/** They stand in memory as a whole. */
const WHOLES_AT_ONCE = 2;

const Chunk = z.instanceof(Uint8Array);

/** Makes a reader of indexes over HTTP. What it reads never stands in memory as a whole, but for the forms no tool writes. */
export function createIndexReader(options: {
  readonly hosts: Pick<Hosts, 'ask'>;
  readonly thread: IndexThread;
  readonly clock: Pick<Clock, 'elapsed'>;
}): IndexReader {
  const { hosts, thread, clock } = options;
  const wholes = pLimit(WHOLES_AT_ONCE);

  const ask = async (question: IndexQuestion, taker: Taker): Promise<HttpResponse> => {
    const { url, authorization, tls, timeouts, signal, known, urgent } = question;
    const headers = {
      accept: '*/*',
      'accept-encoding': 'gzip',
      'user-agent': USER_AGENT,
      ...(known === undefined ? {} : conditions(known)),
    };
    return hosts.ask(
      {
        method: 'GET',
        url,
        headers,
        authorization,
        tls,
        timeouts,
        signal,
        maxBodyBytes: MAX_ERROR_BYTES,
        receive: (body, answered) => receive(body, answered, { taker, clock }),
      },
      { purpose: 'index', urgent },
    );
  };

  const scanIt = async (question: IndexQuestion): Promise<IndexAnswer | undefined> => {
    const scan = createIndexScan(question.wanted);
    const decoder = new TextDecoder();
    const taker = createTaker((chunk) => scan.push(decoder.decode(chunk, { stream: true })));
    const response = await ask(question, taker);
    if (response.status !== 200) return otherwise(response, question);
    const charts = taker.conclude(response, () => {
      scan.push(decoder.decode());
      return scan.end();
    });
    return charts && { kind: 'read', charts, validators: validatorsOf(response), asWhole: false };
  };

  const readWhole = async (question: IndexQuestion): Promise<IndexAnswer> => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const taker = createTaker((chunk) => {
      size += chunk.length;
      if (size > MAX_WHOLE_BYTES)
        throw new NoIndex(`an index of an unusual form of more than ${MAX_WHOLE_BYTES / 2 ** 20} MiB`);
      chunks.push(chunk);
    });
    const response = await ask(question, taker);
    if (response.status !== 200) return otherwise(response, question);
    const bytes = taker.conclude(response, () => join(chunks, size));
    if (bytes === undefined) throw noIndex(response, new NoIndex('an index that cannot be read'));
    chunks.length = 0;
    try {
      const charts = await thread.read(bytes, question.wanted);
      return { kind: 'read', charts, validators: validatorsOf(response), asWhole: true };
    } catch (error) {
      throw error instanceof NoIndex ? noIndex(response, error) : error;
    }
  };

  return {
    read: async (question) => {
      const scanned = question.asWhole ? undefined : await scanIt(question);
      if (scanned !== undefined) return scanned;
      // An index that the scan gave up is asked for anew rather than kept in memory until it is known to be of use.
      const anew = question.asWhole ? question : { ...question, known: undefined };
      return wholes(() => readWhole(anew));
    },
  };
}

/** Takes the pieces of a body, until one of them is too much. */
interface Taker {
  /** Whether more is wanted. */
  take(chunk: Uint8Array): boolean;
  fail(problem: NoIndex): void;
  /** The result of `finish`, or undefined where the scan is not certain; throws Unavailable where it is no index. */
  conclude<T>(response: HttpResponse, finish: () => T): T | undefined;
}

function createTaker(push: (chunk: Uint8Array) => void): Taker {
  let trouble: NoIndex | Uncertain | undefined;
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof NoIndex) && !(error instanceof Uncertain)) throw error;
      trouble = error;
      return undefined;
    }
  };
  return {
    take: (chunk) => {
      attempt(() => push(chunk));
      return trouble === undefined;
    },
    fail: (problem) => void (trouble = problem),
    conclude: (response, finish) => {
      const result = trouble === undefined ? attempt(finish) : undefined;
      if (trouble instanceof NoIndex) throw noIndex(response, trouble);
      return result;
    },
  };
}

interface Receiver {
  readonly taker: Taker;
  readonly clock: Pick<Clock, 'elapsed'>;
}

/** Feeds the body to the taker, unpacked; one that breaks off is a TransportError. */
async function receive(body: Readable, headers: Headers, receiver: Receiver): Promise<void> {
  const { taker } = receiver;
  const unpacked = unpack(body, headers.get('content-encoding') ?? '');
  if (unpacked === undefined) return taker.fail(new NoIndex('an encoding that was not asked for'));
  try {
    await feed(unpacked, receiver);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'Z_DATA_ERROR')
      return taker.fail(new NoIndex('something that is not compressed as it says'));
    if (code === 'Z_BUF_ERROR' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      throw new TransportError('host', 'closed the connection in mid-answer', error);
    throw error;
  }
}

async function feed(unpacked: Readable, { taker, clock }: Receiver): Promise<void> {
  let size = 0;
  let turnBeganMs = clock.elapsed();
  for await (const chunk of unpacked) {
    const bytes = Chunk.parse(chunk);
    size += bytes.length;
    if (size > MAX_INDEX_BYTES)
      return taker.fail(new NoIndex(`an index of more than ${MAX_INDEX_BYTES / 2 ** 20} MiB`));
    if (!taker.take(bytes)) return;
    // The next pieces may be there already, many of them: without this the loop would get to nothing else.
    if (clock.elapsed() - turnBeganMs < TURN_MS) continue;
    await nextTurn();
    turnBeganMs = clock.elapsed();
  }
}

/** Undefined for an encoding that was not asked for. */
function unpack(body: Readable, encoding: string): Readable | undefined {
  switch (encoding.toLowerCase()) {
    case '':
    case 'identity':
      return body;
    case 'gzip':
    case 'x-gzip':
      // Whatever breaks the pipeline breaks its last stream, whose reader is told.
      return pipeline(body, createGunzip(), () => undefined);
    default:
      return undefined;
  }
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function noIndex({ url }: HttpResponse, problem: NoIndex): Unavailable {
  return new Unavailable(`${url.host} answered with ${problem.message}`, { cause: problem });
}

function otherwise(response: HttpResponse, { secrets, known }: IndexQuestion): IndexAnswer {
  const { status, url } = response;
  const message = `${url.host} answered ${status}${remoteText(response, secrets)}`;
  if (status === 304 && known !== undefined) return { kind: 'unchanged' };
  if (status === 401 || status === 403) return { kind: 'refused', message };
  if (status === 404 || status === 410)
    return { kind: 'missing', message: `${url.host} has no chart repository there: it answered ${status}` };
  throw new Unavailable(message);
}

function conditions({ etag, lastModified }: Validators): Record<string, string> {
  // Where there is an ETag, a date adds nothing (RFC 9110, section 13.1.3).
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

function validatorsOf({ headers }: HttpResponse): Validators {
  const usable = (name: string): string | undefined => {
    const value = headers.get(name) ?? '';
    return /^[\x20-\x7e]+$/.test(value) && value.length <= MAX_VALIDATOR_LENGTH ? value : undefined;
  };
  return { etag: usable('etag'), lastModified: usable('last-modified') };
}
