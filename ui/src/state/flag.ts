import type { Keep } from './theme.ts';

/** A yes or no that this browser remembers, as far as it remembers anything. */
export interface Flag {
  get(): boolean;
  set(on: boolean): void;
}

/** Kept under `key`; `initial` where nothing was kept. */
export function createFlag(keep: Keep, key: string, initial: boolean): Flag {
  let value = initial;
  try {
    const kept = keep.getItem(key);
    if (kept !== null) value = kept === 'true';
  } catch {
    // Then it is as it begins, on every visit.
  }
  return {
    get: () => value,
    set(on) {
      value = on;
      try {
        keep.setItem(key, String(on));
      } catch {
        // Then it holds for this visit.
      }
    },
  };
}
