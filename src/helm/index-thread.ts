import * as sea from 'node:sea';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { IndexedCharts } from './index-entries.ts';
import { NoIndex } from './index-trouble.ts';

/** What the thread is given. */
export const IndexOrder = z.object({ bytes: z.instanceof(Uint8Array), wanted: z.array(z.string()) });

const Version = z.object({ version: z.string(), digest: z.string().optional() });
const IndexReport = z.union([
  z.object({
    charts: z.array(
      z.tuple([z.string(), z.object({ versions: z.array(Version).readonly(), skipped: z.number() })]),
    ),
  }),
  z.object({ noIndex: z.string() }),
]);
/** What the thread found. */
export type IndexReport = z.infer<typeof IndexReport>;

/** Reads indexes as a whole, one at a time, each in a thread of its own. */
export interface IndexThread {
  /** `bytes` are gone afterwards. Throws NoIndex, also where it takes more memory or time than there is for it. */
  read(bytes: Uint8Array<ArrayBuffer>, wanted: ReadonlySet<string>): Promise<IndexedCharts>;
  /** Ends what is under way, with NoIndex. */
  close(): void;
}

/** Larger ones, in bytes, are read only in the forms that tools write: read as a whole they take too much memory. */
export const MAX_WHOLE_BYTES = 32 * 1024 * 1024;

const MAX_HEAP_MB = 512;
const LIMIT_MS = 60_000;
/** What the thread's program, as text, is called among the assets of a single executable, which has no files beside it. */
const EMBEDDED_PROGRAM = 'index-worker.cjs';
/** Bundled, it lies beside whatever file this has become a part of. */
const PROGRAM = import.meta.url.endsWith('.ts') ? './index-worker.ts' : './index-worker.mjs';

/** Makes the reader; a thread lives only as long as one index takes. */
export function createIndexThread({ clock }: { readonly clock: Clock }): IndexThread {
  const limit = pLimit(1);
  const closing = new AbortController();
  return {
    read: (bytes, wanted) => limit(() => readInThread({ bytes, wanted, clock, closing: closing.signal })),
    close: () => closing.abort(),
  };
}

interface Job {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly wanted: ReadonlySet<string>;
  readonly clock: Clock;
  readonly closing: AbortSignal;
}

async function readInThread({ bytes, wanted, clock, closing }: Job): Promise<IndexedCharts> {
  if (closing.aborted) throw new NoIndex('an index that was not read to the end: Headwind is stopping');
  const worker = startWorker({
    workerData: { bytes, wanted: [...wanted] } satisfies z.infer<typeof IndexOrder>,
    transferList: [bytes.buffer],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const { promise: report, resolve, reject } = Promise.withResolvers<IndexReport>();
  worker.once('message', (message: unknown) => resolve(IndexReport.parse(message)));
  worker.once('error', (error) => reject(isOutOfMemory(error) ? tooMuch('memory') : error));
  worker.once('exit', () => reject(new NoIndex('an index that was not read to the end')));
  const stopTimer = clock.after(LIMIT_MS, () => reject(tooMuch('time')));
  const close = (): void =>
    reject(new NoIndex('an index that was not read to the end: Headwind is stopping'));
  closing.addEventListener('abort', close, { once: true });
  try {
    const told = await report;
    if ('noIndex' in told) throw new NoIndex(told.noIndex);
    return new Map(told.charts);
  } finally {
    stopTimer();
    closing.removeEventListener('abort', close);
    await worker.terminate();
  }
}

function startWorker(options: WorkerOptions): Worker {
  return sea.isSea()
    ? new Worker(sea.getAsset(EMBEDDED_PROGRAM, 'utf8'), { ...options, eval: true })
    : new Worker(new URL(PROGRAM, import.meta.url), options);
}

function tooMuch(what: string): NoIndex {
  return new NoIndex(`an index of an unusual form that takes too much ${what} to be read`);
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
