import { formatTable } from '../src/cli/table.ts';
import { isMet, missedOf, type Row } from './budget.ts';
import { growthOf } from './growth.ts';
import type { Machine, Report } from './report-file.ts';
import { floorCells, growthCells, showLimit, showValue, sizesOf } from './show.ts';

export interface Result {
  readonly budget: string;
  readonly rows: readonly Row[];
  /** Why parts of it could not be measured. */
  readonly failures: readonly string[];
}

/** For a person: one line for each row, the missed ones marked; then how the figures grow. */
export function toTable(results: readonly Result[]): readonly string[] {
  const rows = results.flatMap(({ rows }) => rows);
  const missed = missedOf(rows).length;
  const judged = rows.filter((row) => isMet(row) !== undefined).length;
  return [
    ...formatTable(
      ['', 'MEASURED', 'BUDGET', '', 'FLOOR'],
      rows.map((row) => [
        row.what,
        showValue(row.value, row.unit),
        showLimit(row),
        showVerdict(row),
        floorCells(row).join('  '),
      ]),
    ),
    '',
    ...growthTable(rows),
    ...results.flatMap(({ budget, failures }) => failures.map((why) => `NOT MEASURED: ${budget}: ${why}`)),
    missed === 0 ? `All ${judged} budgets are met.` : `${missed} of ${judged} budgets MISSED.`,
  ];
}

function growthTable(rows: readonly Row[]): readonly string[] {
  const lines = growthOf(rows);
  if (lines.length === 0) return [];
  const sizes = sizesOf(lines);
  return [
    ...formatTable(
      ['GROWTH', ...sizes.map(String), 'GREW', 'LINEAR'],
      lines.map((line) => growthCells(line, sizes)),
    ),
    '',
  ];
}

/** For programs: the same, as data (report-file.ts says what stands where). */
export function toJson(machine: Machine, results: readonly Result[]): string {
  const rows = results.flatMap(({ budget, rows }) =>
    rows.map((row) => ({ budget, ...row, met: isMet(row) ?? null })),
  );
  const failures = results.flatMap(({ budget, failures }) => failures.map((why) => ({ budget, why })));
  const report: Report = { machine, rows, growth: growthOf(rows), failures };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

function showVerdict(row: Row): string {
  const met = isMet(row);
  if (met === undefined) return '';
  return met ? 'met' : 'MISSED';
}
