import { formatTable } from '../src/cli/table.ts';
import { isMet, type Row, type Unit } from './budget.ts';

/** Where and on what it was measured: numbers of different machines cannot be compared. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly node: string;
  readonly kubernetes: string | undefined;
  readonly headwind: 'build' | 'source';
}

export interface Result {
  readonly budget: string;
  readonly rows: readonly Row[];
}

/** For a person: one line for each row, the missed ones marked. */
export function toTable(results: readonly Result[]): readonly string[] {
  const rows = results.flatMap(({ rows }) => rows);
  const missed = rows.filter((row) => isMet(row) === false).length;
  const judged = rows.filter((row) => isMet(row) !== undefined).length;
  return [
    ...formatTable(
      ['', 'MEASURED', 'BUDGET', '', 'FLOOR'],
      rows.map((row) => [
        row.what,
        show(row.value, row.unit),
        showLimit(row),
        showVerdict(row),
        showFloor(row),
      ]),
    ),
    '',
    missed === 0 ? `All ${judged} budgets are met.` : `${missed} of ${judged} budgets MISSED.`,
  ];
}

/** For programs: the same, as data. */
export function toJson(machine: Machine, results: readonly Result[]): string {
  const rows = results.flatMap(({ budget, rows }) =>
    rows.map((row) => ({ budget, ...row, met: isMet(row) ?? null })),
  );
  return `${JSON.stringify({ machine, rows }, undefined, 2)}\n`;
}

function show(value: number, unit: Unit): string {
  const digits = Number.isInteger(value) || value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}

function showLimit({ limit, limitRule, unit }: Row): string {
  if (limit === undefined) return '';
  const sign = limit.kind === 'at most' ? '≤' : '≥';
  const rule = limitRule === undefined ? '' : ` (${limitRule})`;
  return `${sign} ${show(limit.value, unit)}${rule}`;
}

function showVerdict(row: Row): string {
  const met = isMet(row);
  if (met === undefined) return '';
  return met ? 'met' : 'MISSED';
}

function showFloor({ floor, value, unit }: Row): string {
  if (floor === undefined) return '';
  return `${show(floor.value, unit)} (${(value / floor.value).toFixed(2)}×)  ${floor.what}`;
}
