import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePart } from './binaries.ts';

/** The clock of processes that are started with `env`: their time of day can be set while they run. */
export interface SettableClock {
  readonly env: Readonly<Record<string, string>>;
  /** From now on it is `ms` ahead of the machine's, or behind where that is negative; 0 is right again. */
  set(ms: number): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes one, by libfaketime (https://github.com/wolfcw/libfaketime): the time of day alone is changed, as when somebody
 * sets a machine's clock, while the monotonic clock and all timers go on. Throws a MissingPartsError where it is nowhere.
 */
export async function makeSettableClock(): Promise<SettableClock> {
  const library = requirePart('libfaketime', process.env);
  const directory = await mkdtemp(join(tmpdir(), 'headwind-clock-'));
  const file = join(directory, 'offset');
  const set = async (ms: number): Promise<void> => {
    const seconds = ms / 1000;
    // Put in its place as a whole: it is read at every look at the clock.
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    await rename(`${file}.new`, file);
  };
  await set(0);
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
