import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 1;

/** Asks a server again and again for something small, to see how long its event loop is held up at worst. */
export interface LoopProbe {
  /** The longest that it took to answer since the last call, in milliseconds. */
  worstMs(): number;
  stop(): Promise<void>;
}

/** Begins at once; `url` has to be answered without work. */
export function startLoopProbe(url: string): LoopProbe {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let worst = 0;
  const abort = new AbortController();
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get(url, { agent }, (response) => {
        response.resume();
        response.on('end', () => resolve());
      }).on('error', reject);
    });
  const asking = (async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const startedMs = performance.now();
      await ask();
      worst = Math.max(worst, performance.now() - startedMs);
      await sleep(PAUSE_MS);
    }
  })();
  // Whoever stops it learns of a failure.
  asking.catch(() => undefined);
  return {
    worstMs() {
      const found = worst;
      worst = 0;
      return found;
    },
    async stop() {
      abort.abort();
      await asking.finally(() => agent.destroy());
    },
  };
}
