// The thread of a loop probe (loop-probe.ts): asks, and answers every message with the longest that it took since the last.
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

const PAUSE_MS = 1;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const url = z.url().parse(workerData);
let worst = 0;

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve());
    }).on('error', reject);
  });
}

parentPort?.on('message', () => {
  parentPort?.postMessage(worst, []);
  worst = 0;
});

for (;;) {
  const startedMs = performance.now();
  await ask();
  worst = Math.max(worst, performance.now() - startedMs);
  await sleep(PAUSE_MS);
}
