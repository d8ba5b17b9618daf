// Chooses among many tags in a process that has done nothing else before. Prints JSON: milliseconds of the first choice,
// of a later one, and of the floor, one regular expression over the same tags.
// Argument: how many tags.
import { newestTag } from '../../src/core/newest-tag.ts';
import { median } from '../quantile.ts';

const VARIANTS = [
  '',
  '',
  '',
  '-alpine',
  '-alpine3.18',
  '-bookworm',
  '-ubi8',
  '-rc.1',
  '-beta2',
  '-windowsservercore',
];
const RUNS = 30;

const count = Number(process.argv[2]);
const tags = Array.from({ length: count }, (_, index) => {
  if (index % 17 === 0) return `sha-${(index * 2654435761).toString(16)}`;
  const version = `${1 + (index % 7)}.${index % 53}.${Math.floor(index / 53)}`;
  return `${index % 5 === 0 ? 'v' : ''}${version}${VARIANTS[index % VARIANTS.length] ?? ''}`;
});
// In the order in which most registries list them: what comes later tends to be newer, which is the dearer way round.
tags.sort();
const rule = { policy: 'minor', prerelease: false } as const;

function timed(run: () => unknown): number {
  const startedMs = performance.now();
  run();
  return performance.now() - startedMs;
}

const choose = (): unknown => newestTag(rule, '3.1.0', tags);
const match = (): unknown => tags.filter((tag) => /^v?\d+\.\d+\.\d+$/.test(tag));
const floorColdMs = timed(match);
const coldMs = timed(choose);
const warm = Array.from({ length: RUNS }, () => timed(choose));
const floors = Array.from({ length: RUNS }, () => timed(match));
console.log(
  JSON.stringify({
    coldMs,
    warmMs: median(warm.slice(-10)),
    floorColdMs,
    floorMs: median(floors.slice(-10)),
  }),
);
