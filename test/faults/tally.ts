import type { RunResult } from './run.ts';

/** What a series of runs came to. */
export interface Tally {
  add(result: RunResult): void;
  /** Runs so far. */
  readonly count: number;
  /** Faults that came up again and again and never did anything: tests that cannot fail. */
  toothless(): readonly string[];
  /** For people. */
  report(): string;
}

/** Some faults wait for something that does not happen in every run. */
const OFTEN_ENOUGH = 6;

/** What happens before or after one write or another is one fault in many places. */
function kindOf(name: string): string {
  return name.replace(/ (?:before|after) .*$/, '');
}

export function createTally(): Tally {
  const bites = new Map<string, number[]>();
  const times: number[] = [];
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return {
    get count() {
      return times.length;
    },
    add(result) {
      times.push(result.convergedAfterMs);
      for (const [name, count] of result.bites) bites.set(name, [...(bites.get(name) ?? []), count]);
    },
    toothless() {
      const kinds = Map.groupBy(bites, ([name]) => kindOf(name));
      return [...kinds].flatMap(([kind, ofKind]) => {
        const counts = ofKind.flatMap(([, each]) => each);
        return counts.length >= OFTEN_ENOUGH && sum(counts) === 0 ? [kind] : [];
      });
    },
    report() {
      const sorted = times.toSorted((a, b) => a - b);
      const seconds = (share: number): string =>
        ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(1);
      const lines = [...bites]
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([name, counts]) => `  ${name}: ${counts.length} times, ${sum(counts)} bites`);
      const converged = `half within ${seconds(0.5)} s, nine of ten within ${seconds(0.9)} s, all within ${seconds(1)} s`;
      return [`faults: ${times.length} runs; after the last fault ${converged}`, ...lines].join('\n');
    },
  };
}
