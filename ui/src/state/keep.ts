import type { Keep } from './theme.ts';

/** What the browser keeps for this page; where it does not even let one ask, what holds for this visit. */
export function openKeep(storage: () => Keep): Keep {
  try {
    return storage();
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}
