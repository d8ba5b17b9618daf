/** Which runs are played. */
export interface Series {
  readonly seed: string;
  readonly indexes: readonly number[];
}

const RUNS = 200;
const SEED = /^[\w-]{1,64}$/;

/**
 * From `HEADWIND_FAULT_SEED`, `<series>` or `<series>.<run>`, and `HEADWIND_FAULT_RUNS`. Throws where one of them cannot be
 * understood.
 */
export function readSeries(env: Readonly<Record<string, string | undefined>>, newSeed: () => string): Series {
  const given = env['HEADWIND_FAULT_SEED'] ?? '';
  const [seed = '', run, ...more] = (given === '' ? newSeed() : given).split('.');
  if (!SEED.test(seed) || more.length > 0 || (run !== undefined && !isCount(run)))
    throw new Error(`HEADWIND_FAULT_SEED is "${given}", and should be like "3f9a" or "3f9a.17"`);
  if (run !== undefined) return { seed, indexes: [Number(run)] };
  const runs = env['HEADWIND_FAULT_RUNS'] ?? String(RUNS);
  if (!isCount(runs)) throw new Error(`HEADWIND_FAULT_RUNS is "${runs}", and should be a number`);
  return { seed, indexes: Array.from({ length: Number(runs) }, (_, index) => index) };
}

function isCount(text: string): boolean {
  return /^\d{1,5}$/.test(text);
}
