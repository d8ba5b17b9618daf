import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** Asks a server again and again for something small, to see how long its event loop is held up at worst. */
export interface LoopProbe {
  /** The longest that it took to answer since the last call, in milliseconds. Rejects where it could not be asked. */
  worstMs(): Promise<number>;
  stop(): Promise<void>;
}

const Answer = z.tuple([z.number()]);

/**
 * Begins at once; `url` has to be answered without work. It asks from a thread of its own: what this one does meanwhile, as
 * sending what the server reads, would else be taken for the server's.
 */
export function startLoopProbe(url: string): LoopProbe {
  const thread = new Worker(new URL('./loop-probe-thread.ts', import.meta.url), { workerData: url });
  const failed = new Promise<never>((_, reject) => {
    thread.on('error', reject);
  });
  // Whoever asks it learns of a failure.
  failed.catch(() => undefined);
  return {
    async worstMs() {
      const answer = once(thread, 'message');
      thread.postMessage('worst', []);
      const [worst] = Answer.parse(await Promise.race([answer, failed]));
      return worst;
    },
    async stop() {
      await thread.terminate();
    },
  };
}
