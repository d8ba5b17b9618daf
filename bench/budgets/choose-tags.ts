import { z } from 'zod';
import { startBareProcess } from '../bare-process.ts';
import type { OfflineBudget, Row } from '../budget.ts';
import { median } from '../quantile.ts';

const SIZES = [100, 1000, 10_000];
const PROCESSES = 5;
const BUDGETED_SIZE = 10_000;

const Timings = z.object({
  coldMs: z.number(),
  warmMs: z.number(),
  floorColdMs: z.number(),
  floorMs: z.number(),
});
type Timings = z.infer<typeof Timings>;

export const chooseTags: OfflineBudget = {
  kind: 'offline',
  name: 'choose-tags',
  title: 'Choosing among many tags',
  how: 'The newest tag that a `minor` policy admits, out of a list with variants, pre-releases and commit hashes, in a process of its own: for the first time, and when it has been done often. Median of five processes. Floor: one regular expression over the same tags.',
  async measure({ quick, progress }) {
    progress('choosing among tags');
    const rows: Row[] = [];
    for (const size of SIZES) {
      const runs: Timings[] = [];
      for (let run = 0; run < (quick ? 1 : PROCESSES); run += 1) runs.push(await timeOnce(size));
      rows.push(...toRows(size, runs));
    }
    return rows;
  },
};

async function timeOnce(size: number): Promise<Timings> {
  const chooser = await startBareProcess('choose-tags', { args: [String(size)] });
  await chooser.stop();
  return Timings.parse(JSON.parse(chooser.said));
}

function toRows(size: number, runs: readonly Timings[]): readonly Row[] {
  const limit = size === BUDGETED_SIZE ? ({ kind: 'at most', value: 10 } as const) : undefined;
  const row = (
    state: 'first' | 'warm',
    pick: (timings: Timings) => number,
    floor: (timings: Timings) => number,
  ): Row => {
    const when = state === 'first' ? 'the first time' : 'warmed up';
    return {
      what: `choosing among ${size} tags, ${when}`,
      value: median(runs.map(pick)),
      unit: 'ms',
      limit,
      floor: { what: `one regular expression over them`, value: median(runs.map(floor)) },
      growth: { series: `choosing a tag, ${when}`, of: 'tags', size },
    };
  };
  return [
    row(
      'first',
      ({ coldMs }) => coldMs,
      ({ floorColdMs }) => floorColdMs,
    ),
    row(
      'warm',
      ({ warmMs }) => warmMs,
      ({ floorMs }) => floorMs,
    ),
  ];
}
