/**
 * Makes a function that does pieces of work with the same key one after the other, in the order in which they came, and
 * others at the same time. It answers what the work answers, and throws what that throws: to one's own caller alone.
 */
export function createTurns(): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  // Invariant: holds the keys in work and no others; of each the end of what came last.
  const last = new Map<string, Promise<void>>();
  return async (key, work) => {
    const before = last.get(key);
    const { promise: end, resolve } = Promise.withResolvers<void>();
    last.set(key, end);
    try {
      await before;
      return await work();
    } finally {
      if (last.get(key) === end) last.delete(key);
      resolve();
    }
  };
}
