// Measures Headwind against its budgets, each beside its floor: `make bench`, or `node bench/main.ts --help`.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { missedOf } from './budget.ts';
import { BUDGETS } from './budgets.ts';
import type { Machine } from './report-file.ts';
import { toJson, toTable } from './report.ts';
import { measureAll } from './run.ts';

const BUILT = fileURLToPath(new URL('../bin/headwind', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../package.json', import.meta.url));
const MISSED_EXIT_CODE = 1;
const names = BUDGETS.map(({ name }) => name);

function readCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function readName(text: string, before: readonly string[] = []): readonly string[] {
  if (!names.includes(text)) throw new InvalidArgumentError(`It must be one of ${names.join(', ')}.`);
  return [...before, text];
}

const options = new Command('bench')
  .description(
    'measure Headwind against its budgets; the exit code is 0 even if one is missed, unless --strict, and 1 if one cannot be measured',
  )
  .option('--workloads <n>', 'the largest number of workloads', readCount, 10_000)
  .option('--only <name>', `only this one, repeatable: ${names.join(', ')}`, readName)
  .option('--quick', 'few samples and at most 300 workloads: shows that it works, the numbers mean little')
  .option('--minutes <n>', 'how long the soak goes on', readCount, 10)
  .option('--strict', 'exit with 1 if a budget is missed')
  .option('--json', 'print JSON in place of the table')
  .option('--out <file>', 'also write the JSON to this file')
  .parse()
  .opts<{
    workloads: number;
    only?: readonly string[];
    quick?: true;
    minutes: number;
    strict?: true;
    json?: true;
    out?: string;
  }>();

const startedMs = performance.now();
const startedAt = new Date().toISOString();
const [loadBefore = 0] = loadavg();
const progress = (text: string): void => {
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stderr.write(`${String(seconds).padStart(4)} s  ${text}\n`);
};
const headwind = existsSync(BUILT) ? 'build' : 'source';
const quick = options.quick === true;
const { results, kubernetesVersion } = await measureAll({
  budgets: BUDGETS.filter((budget) =>
    options.only === undefined
      ? !(budget.kind === 'cluster' && budget.onlyByName === true)
      : options.only.includes(budget.name),
  ),
  workloads: quick ? Math.min(options.workloads, 300) : options.workloads,
  headwind,
  quick,
  minutes: Math.max(1, options.minutes),
  progress,
});
const machine: Machine = {
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 1e6),
  loadBefore,
  node: process.version,
  kubernetes: kubernetesVersion ?? null,
  headwind,
  version: z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8'))).version,
  startedAt,
  tookSeconds: Math.round((performance.now() - startedMs) / 1000),
  quick,
};
const json = toJson(machine, results);
if (options.out !== undefined) {
  await mkdir(dirname(options.out), { recursive: true });
  await writeFile(options.out, json);
}
process.stdout.write(options.json === true ? json : `\n${toTable(results).join('\n')}\n`);
// That is no budget that was missed, but nothing known.
if (results.some(({ failures }) => failures.length > 0)) process.exitCode = MISSED_EXIT_CODE;
if (options.strict === true && missedOf(results.flatMap(({ rows }) => rows)).length > 0)
  process.exitCode = MISSED_EXIT_CODE;
