import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../test/parts/program.ts';

const EVERY_MS = 10;
const PATIENCE_MS = 120_000;

/** Waits until /readyz answers 200. Throws with the end of the program's output where it ends or takes too long. */
export async function awaitReady(program: Program): Promise<void> {
  const startedMs = performance.now();
  let ended = false;
  void program.exited.then(() => {
    ended = true;
  });
  while (!(await isReady(program))) {
    if (ended || performance.now() - startedMs > PATIENCE_MS) {
      program.kill('SIGKILL');
      throw new Error(`headwind did not become ready:\n${program.output().slice(-20).join('\n')}`);
    }
    await sleep(EVERY_MS);
  }
}

async function isReady(program: Program): Promise<boolean> {
  try {
    const answer = await fetch(`${program.urls.metrics}/readyz`);
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
