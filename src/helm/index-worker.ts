// A thread that reads one index as a whole, so that the main one is not held up, and posts what it found.
import { parentPort, workerData } from 'node:worker_threads';
import { NoIndex } from './index-trouble.ts';
import { IndexOrder, type IndexReport } from './index-thread.ts';
import { readWholeIndex } from './whole-index.ts';

function read(): IndexReport {
  const { bytes, wanted } = IndexOrder.parse(workerData);
  try {
    return { charts: [...readWholeIndex(new TextDecoder().decode(bytes), new Set(wanted))] };
  } catch (error) {
    if (error instanceof NoIndex) return { noIndex: error.message };
    throw error;
  }
}

parentPort?.postMessage(read(), []);
