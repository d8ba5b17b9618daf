import type { Stage } from './stage.ts';

/** One line of the result: what was measured, beside what it may be and beside its floor. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** Absent where the line only informs. */
  readonly limit?: { readonly kind: 'at most' | 'at least'; readonly value: number } | undefined;
  /** How the limit came about, where it is not a number of its own: `1.5 × floor`. */
  readonly limitRule?: string | undefined;
  readonly floor?: Floor | undefined;
  /** Where it is one of several such lines, at different sizes: the table of growth is made of these. */
  readonly growth?: Growth | undefined;
}

/** Which line of the table of growth a row belongs to, and in which column it stands. */
export interface Growth {
  /** The same for all sizes: `resident memory`. */
  readonly series: string;
  /** What there are so many of: `workloads`. */
  readonly of: string;
  readonly size: number;
}

/** The same thing done with the least that could do it, measured in the same run. */
export interface Floor {
  readonly what: string;
  readonly value: number;
}

export type Unit = 'ms' | 's' | 'kB' | 'MB' | '/s' | '';

interface Described {
  readonly name: string;
  /** What is promised, in one line. */
  readonly title: string;
  /** How it is measured, in Markdown, for docs/performance.md. */
  readonly how: string;
}

/** A budget that is measured in a cluster, once at each of these numbers of annotated workloads. */
export interface ClusterBudget extends Described {
  readonly kind: 'cluster';
  /** Measured only where it is asked for by name, because it takes long. */
  readonly onlyByName?: true;
  readonly sizes: readonly number[];
  measure(stage: Stage, size: number): Promise<readonly Row[]>;
}

/** A budget that needs no cluster. */
export interface OfflineBudget extends Described {
  readonly kind: 'offline';
  measure(pace: Pace): Promise<readonly Row[]>;
}

export type Budget = ClusterBudget | OfflineBudget;

/** How much is done: everything, or as much as shows that the benchmark itself works. */
export interface Pace {
  readonly quick: boolean;
  /** How long the soak goes on, in minutes. */
  readonly minutes: number;
  /** Tells a person what happens. */
  readonly progress: (text: string) => void;
}

/** Whether the line keeps its budget; undefined where it has none. */
export function isMet({ value, limit }: Row): boolean | undefined {
  if (limit === undefined) return undefined;
  return limit.kind === 'at most' ? value <= limit.value : value >= limit.value;
}

/** Those that are judged and do not keep their budget. */
export function missedOf(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => isMet(row) === false);
}

/** A limit that is a multiple of the floor. */
export function timesFloor(factor: number, floor: Floor): Pick<Row, 'limit' | 'limitRule' | 'floor'> {
  return {
    limit: { kind: 'at most', value: factor * floor.value },
    limitRule: `${factor} × floor`,
    floor,
  };
}
