import type { Floor, Row } from './budget.ts';
import type { Sent } from './budgets/soak.ts';
import type { Fate } from './fate.ts';
import { memoryTrend } from './memory-trend.ts';
import { median, quantile } from './quantile.ts';

export interface Soaked extends Sent, Fate {
  /** How long it went on. */
  readonly minutes: number;
  readonly size: number;
  readonly floorP50: Floor;
  readonly floorP99: Floor;
  /** What the program held before the first webhook, when all was over, and what one that started then held. */
  readonly idleMb: number;
  readonly restingMb: number;
  readonly freshMb: number;
}

/** What comes before is warming up: the first fifth. */
const JUDGED_FROM = 0.2;
/** What memory may rise by over the time that is judged, on top of what the requests that finish in it need, in MB. */
const FLAT_WITHIN_MB = 10;

/** The lines of the result; those that go on by the minute are a growth "by minutes". */
export function soakRows(soaked: Soaked): readonly Row[] {
  const { patchedMs, minutes, size } = soaked;
  const all = patchedMs.flat();
  const none = { kind: 'at most', value: 0 } as const;
  const sent = `${all.length} webhooks in ${minutes} min, ${size} workloads`;
  return [
    { what: `soak, ${sent}: lost`, value: soaked.lost, unit: '', limit: none },
    { what: 'soak: applied twice', value: soaked.twice, unit: '', limit: none },
    { what: 'soak: refused once and sent again', value: soaked.again, unit: '' },
    { what: 'soak: the latest was sent too late by', value: soaked.latestMs, unit: 'ms' },
    ...memoryRows(soaked),
    ...latencyRows('all', all, soaked),
    ...patchedMs.flatMap((times, minute) => latencyRows(minute + 1, times, soaked)),
    ...memoryByMinute(soaked),
  ];
}

function memoryRows({ samples, minutes, patchedMs, idleMb, restingMb, freshMb }: Soaked): readonly Row[] {
  const judged = samples.filter((sample) => sample.minutes >= minutes * JUDGED_FROM);
  if (judged.length < 2) return [];
  const { mbPerMinute, medianMb, mostMb } = memoryTrend(judged);
  const lasting = Math.round(minutes * (1 - JUDGED_FROM) * 10) / 10;
  const within = `the last ${lasting} min`;
  // They come evenly, and each of them has to be known until it is pruned.
  const perRequestMb = (freshMb - idleMb) / Math.max(1, patchedMs.flat().length);
  const requests = patchedMs.flat().length * (lasting / minutes);
  const floor = { what: 'before the first webhook', value: idleMb };
  return [
    { what: `soak: resident memory over ${within}, median`, value: medianMb, unit: 'MB', floor },
    {
      what: `soak: rise of memory over ${within}`,
      value: mbPerMinute * lasting,
      unit: 'MB',
      limit: { kind: 'at most', value: perRequestMb * requests + FLAT_WITHIN_MB },
      limitRule: `floor + ${FLAT_WITHIN_MB}`,
      floor: { what: 'for the requests that finished meanwhile', value: perRequestMb * requests },
    },
    { what: `soak: the most over ${within}, above the median`, value: mostMb - medianMb, unit: 'MB' },
    {
      what: 'soak: memory for a finished request, in a process that starts afterwards',
      value: perRequestMb * 1000,
      unit: 'kB',
    },
    {
      what: 'soak: resident memory when all was over',
      value: restingMb,
      unit: 'MB',
      floor: { what: 'a process that starts then', value: freshMb },
    },
  ];
}

function latencyRows(
  minute: number | 'all',
  times: readonly number[],
  { floorP50, floorP99 }: Soaked,
): readonly Row[] {
  if (times.length === 0) return [];
  const row = (share: string, value: number, floor: Floor): Row => ({
    what: `soak: received → patched, ${share}, ${minute === 'all' ? 'all' : `minute ${minute}`}`,
    value,
    unit: 'ms',
    floor,
    ...(minute === 'all'
      ? {}
      : { growth: { series: `received → patched, ${share}`, of: 'minutes', size: minute } }),
  });
  return [row('median', median(times), floorP50), row('p99', quantile(times, 0.99), floorP99)];
}

function memoryByMinute({ samples, minutes, idleMb }: Soaked): readonly Row[] {
  return Array.from({ length: minutes }, (_, index) => index + 1).flatMap((minute): readonly Row[] => {
    const within = samples.filter((sample) => Math.ceil(sample.minutes) === minute).map(({ mb }) => mb);
    if (within.length === 0) return [];
    return [
      {
        what: `soak: resident memory, minute ${minute}`,
        value: median(within),
        unit: 'MB',
        floor: { what: 'before the first webhook', value: idleMb },
        growth: { series: 'resident memory', of: 'minutes', size: minute },
      },
    ];
  });
}
