#!/usr/bin/env node
// Runs the files of one project of tests in shards side by side, each with real parts of its own: most of what they do
// is waiting. Their lines carry the number of their shard. Exits 1 if one of them fails.
// usage: node tools/side-by-side.ts PROJECT SHARDS
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const VITEST = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

const [project, count = ''] = process.argv.slice(2);
const shards = /^[1-9]$/.test(count) ? Number(count) : undefined;
if (project === undefined || shards === undefined) {
  console.error('usage: node tools/side-by-side.ts PROJECT SHARDS (1 to 9)');
  process.exit(2);
}

/** Resolves with whether the shard has passed; one that cannot be started, or is killed, has not. */
async function run(shard: number): Promise<boolean> {
  const args = [VITEST, 'run', '--project', String(project), `--shard=${shard}/${shards}`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const told = Promise.all([child.stdout, child.stderr].map((stream) => tell(shard, stream)));
  const [code] = await once(child, 'close');
  await told;
  return code === 0;
}

async function tell(shard: number, stream: Readable): Promise<void> {
  for await (const line of createInterface({ input: stream })) console.log(`${shard}| ${line}`);
}

const passed = await Promise.all(Array.from({ length: shards }, (_, index) => run(index + 1)));
const failed = passed.flatMap((isGood, index) => (isGood ? [] : [index + 1]));
if (failed.length > 0) {
  console.error(`${project}: failed in shard ${failed.join(' and ')} of ${shards}`);
  process.exitCode = 1;
}
