// Measures Headwind against its budgets, each beside its floor: `make bench`, or `node bench/main.ts --help`.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { BUDGETS } from './budgets.ts';
import { toJson, toTable, type Machine } from './report.ts';
import { measureAll } from './run.ts';

const BUILT = fileURLToPath(new URL('../bin/headwind', import.meta.url));
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
  .description('measure Headwind against its budgets; the exit code is 0 even if one is missed')
  .option('--workloads <n>', 'the largest number of workloads', readCount, 10_000)
  .option('--only <name>', `only this one, repeatable: ${names.join(', ')}`, readName)
  .option('--quick', 'few samples and at most 300 workloads: shows that it works, the numbers mean little')
  .option('--json', 'print JSON in place of the table')
  .option('--out <file>', 'also write the JSON to this file')
  .parse()
  .opts<{ workloads: number; only?: readonly string[]; quick?: true; json?: true; out?: string }>();

const startedMs = performance.now();
const progress = (text: string): void => {
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  process.stderr.write(`${String(seconds).padStart(4)} s  ${text}\n`);
};
const headwind = existsSync(BUILT) ? 'build' : 'source';
const quick = options.quick === true;
const { results, kubernetesVersion } = await measureAll({
  budgets: BUDGETS.filter(({ name }) => options.only?.includes(name) ?? true),
  workloads: quick ? Math.min(options.workloads, 300) : options.workloads,
  headwind,
  quick,
  progress,
});
const machine: Machine = {
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 1e6),
  node: process.version,
  kubernetes: kubernetesVersion,
  headwind,
};
const json = toJson(machine, results);
if (options.out !== undefined) await writeFile(options.out, json);
process.stdout.write(options.json === true ? json : `\n${toTable(results).join('\n')}\n`);
