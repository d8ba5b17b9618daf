import { z } from 'zod';
import { startBareProcess } from '../bare-process.ts';
import type { Floor, OfflineBudget, Row } from '../budget.ts';
import { startHelmRepository, VERSIONS_PER_CHART } from '../helm-repository.ts';
import { median } from '../quantile.ts';

const PROCESSES = 5;

const Measured = z.object({
  idleMb: z.number(),
  peakMb: z.number(),
  worstDelayMs: z.number(),
  worstWallMs: z.number(),
  tookMs: z.number(),
  bareDelayMs: z.number(),
  bareMs: z.number(),
  versions: z.number(),
});
type Measured = z.infer<typeof Measured>;

/** What is wanted of the index, and in which form it is. */
const CASES = [
  { what: '1 chart wanted', charts: 1, form: 'yaml' },
  { what: 'all charts wanted', charts: 10_000, form: 'yaml' },
  { what: 'compressed, 10 charts wanted', charts: 10, form: 'gzip' },
  { what: 'in JSON, 10 charts wanted', charts: 10, form: 'json' },
] as const;

export const helmIndex: OfflineBudget = {
  kind: 'offline',
  name: 'helm-index',
  title: 'A Helm index of 20 MB',
  how: 'An index of 20 MB over HTTP, in four forms, read in a process of its own that has made a request before: the peak of its memory above what it held before, how long its event loop was held up at worst (in processor time), and how long it took. The worst of five processes. Floor: the same bytes fetched and thrown away.',
  async measure({ quick, progress }) {
    const server = await startHelmRepository();
    try {
      const rows: Row[] = [];
      for (const { what, charts, form } of CASES) {
        progress(`a Helm index of 20 MB, ${what}`);
        const runs: Measured[] = [];
        for (let run = 0; run < (quick ? 1 : PROCESSES); run += 1)
          runs.push(await readOnce(`${server.url}/${form}`, charts));
        rows.push(...toRows(what, runs));
      }
      return rows;
    } finally {
      server.stop();
    }
  },
};

async function readOnce(url: string, charts: number): Promise<Measured> {
  const reader = await startBareProcess('helm-index', { args: [url, String(charts)] });
  await reader.stop();
  const measured = Measured.parse(JSON.parse(reader.said));
  if (measured.versions < VERSIONS_PER_CHART) throw new Error('the index was not read');
  return measured;
}

function toRows(what: string, runs: readonly Measured[]): readonly Row[] {
  const floor = (
    pick: (measured: Measured) => number,
    of: (...values: readonly number[]) => number,
  ): Floor => ({
    what: 'the same bytes fetched and thrown away',
    value: of(...runs.map(pick)),
  });
  return [
    {
      what: `Helm index of 20 MB, ${what}: memory above idle`,
      value: Math.max(...runs.map(({ peakMb, idleMb }) => peakMb - idleMb)),
      unit: 'MB',
      limit: { kind: 'at most', value: 100 },
      floor: { what: 'the same process, idle', value: median(runs.map(({ idleMb }) => idleMb)) },
    },
    {
      what: `Helm index of 20 MB, ${what}: the loop held up`,
      value: Math.max(...runs.map(({ worstDelayMs }) => worstDelayMs)),
      unit: 'ms',
      limit: { kind: 'at most', value: 50 },
      floor: floor(({ bareDelayMs }) => bareDelayMs, Math.max),
    },
    {
      what: `Helm index of 20 MB, ${what}: the same by the clock`,
      value: Math.max(...runs.map(({ worstWallMs }) => worstWallMs)),
      unit: 'ms',
    },
    {
      what: `Helm index of 20 MB, ${what}: read within`,
      value: median(runs.map(({ tookMs }) => tookMs)),
      unit: 'ms',
      floor: floor(
        ({ bareMs }) => bareMs,
        (...values) => median(values),
      ),
    },
  ];
}
