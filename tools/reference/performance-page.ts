import { existsSync, readFileSync } from 'node:fs';
import { BUDGETS } from '../../bench/budgets.ts';
import { Report, type ReportRow } from '../../bench/report-file.ts';
import { floorCells, growthCells, showLimit, showValue, sizesOf } from '../../bench/show.ts';
import { code, fenced, generatedFrom, page, table } from './markdown.ts';

/** What a run left behind, below the root. */
const RESULTS = { budgets: 'bench/results/budgets.json', soak: 'bench/results/soak.json' } as const;

const COMMANDS = `make bench                                 # all budgets, about 12 minutes
make bench BENCH='--only soak'             # ten minutes of webhooks, about 14 minutes in all
make bench BENCH='--only soak --minutes 2' # a shorter one
make bench BENCH='--only burst --only poll-cycle'
make bench BENCH='--quick'                 # shows that it works; the figures mean little
make bench BENCH='--strict --json --out bench.json'
make performance                           # both, and this page from what they measured`;

/** docs/performance.md. */
export function performancePage(): string {
  const budgets = readReport(RESULTS.budgets);
  const soak = readReport(RESULTS.soak);
  return page(
    generatedFrom(RESULTS.budgets, RESULTS.soak, 'bench/budgets'),
    '# Performance',
    'This page tells how fast Headwind is and how much memory it takes, how that was measured, and how to measure it on a ' +
      'machine of yours.',
    'Each figure stands beside its floor: the same thing done in the same run with the least that could do it, such as the ' +
      'bare writes to the same API server. A figure of another machine says little; the ratio to its floor says more. The ' +
      'cluster is a real etcd and kube-apiserver on the same machine, without controllers; images are in a real ' +
      'registry; what is measured is the built program under the shipped ClusterRole.',
    '## Results',
    resultsOf(budgets),
    '## How it grows',
    'Measured in one run. *Grew* is the last figure as a multiple of the first; *linear* is what that would be if the figure grew ' +
      'as fast as what it is measured by.',
    growthOf(budgets),
    '## Ten minutes without a pause',
    resultsOf(soak),
    growthOf(soak),
    '## How each is measured',
    table(
      ['Name', 'What', 'How'],
      BUDGETS.map(({ name, title, how }) => [code(name), title, how]),
    ),
    '## Measure it yourself',
    fenced('text', COMMANDS),
    'It brings what is missing, needs Linux for what it reads of processes, and nothing else should run beside it. The exit code is 0 even if ' +
      'a budget is missed, unless `--strict` is given, and 1 if something cannot be measured.',
    formatOf(),
  );
}

function readReport(file: string): Report | undefined {
  const path = new URL(`../../${file}`, import.meta.url);
  if (!existsSync(path)) return undefined;
  const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  if (report.machine.quick) throw new Error(`${file} is of a quick run, whose figures mean little`);
  return report;
}

type Row = Report['rows'][number];

function resultsOf(report: Report | undefined): string {
  if (report === undefined) return 'Not measured yet.';
  const judged = report.rows.filter(({ met }) => met !== null);
  const missed = judged.filter(({ met }) => met === false);
  const verdict =
    missed.length === 0
      ? `All ${judged.length} budgets are kept.`
      : `${missed.length} of ${judged.length} budgets ${missed.length === 1 ? 'is' : 'are'} missed.`;
  // What goes on by the minute stands in the table of growth alone.
  const rows = report.rows.filter(({ growth }) => growth?.of !== 'minutes');
  return [
    conditionsOf(report),
    verdict,
    ...report.failures.map(
      ({ budget, why }) => `${code(budget)} could not be measured: ${why.split('\n')[0] ?? ''}.`,
    ),
    table(
      ['What', 'Measured', 'Budget', 'Kept?', 'Floor', 'Of'],
      rows.map((row) => [
        row.what,
        showValue(row.value, row.unit),
        showLimit(row),
        kept(row),
        ...floorCells(row),
      ]),
    ),
  ].join('\n\n');
}

function conditionsOf({ machine }: Report): string {
  const { processor, cores, memoryMb, node, kubernetes, version, startedAt, loadBefore } = machine;
  const gb = Math.round(memoryMb / 1000);
  const cluster = kubernetes === null ? '' : `, Kubernetes ${kubernetes}`;
  const quiet =
    loadBefore > 0.5
      ? ` The machine was not quiet: its load was ${loadBefore.toFixed(1)} when it began, so times are longer than they need be.`
      : '';
  return `Headwind ${version}, Node.js ${node}${cluster}; ${cores} cores of ${processor}, ${gb} GB; ${startedAt.slice(0, 10)}.${quiet}`;
}

function kept({ met }: Row): string {
  if (met === null) return '';
  return met ? 'kept' : '**missed**';
}

function growthOf(report: Report | undefined): string {
  if (report === undefined || report.growth.length === 0) return '';
  const sizes = sizesOf(report.growth);
  return table(
    ['What', ...sizes.map((size) => size.toLocaleString('en-US')), 'Grew', 'Linear'],
    report.growth.map((line) => [...growthCells(line, sizes)]),
  );
}

/** What each field of a row in the JSON is; a field without a text does not compile. */
const FIELDS: Readonly<Record<keyof ReportRow, string>> = {
  budget: 'Which measurement it is of: a name for `--only`.',
  what: 'What was measured, in words.',
  value: 'The figure.',
  unit: '`ms`, `s`, `kB` (10³ bytes), `MB` (10⁶ bytes), `/s`, or nothing for a count.',
  limit: '`kind` is `at most` or `at least`, `value` is in the same unit. Absent where the row only informs.',
  limitRule: 'How the limit came about where it is no number of its own, such as `1.5 × floor`.',
  floor: '`what` and `value`: the least that could do it, in the same unit.',
  growth: '`series`, `of` and `size`: which line of `growth` it is a point of.',
  met: '`true`, `false`, or `null` without a limit.',
};

function formatOf(): string {
  return [
    '`--json` prints, and `--out` writes, an object of four: `machine` (processor, cores, memory, load when it began, versions, when, ' +
      'how long), `rows`, `growth` (`what`, `of`, `unit`, `points` with `size` and `value`, `grew`, `linear`) and `failures` (`budget` and `why`: what could not be measured). A row has:',
    table(
      ['Field', 'Meaning'],
      Object.entries(FIELDS).map(([field, meaning]) => [code(field), meaning]),
    ),
  ].join('\n\n');
}
