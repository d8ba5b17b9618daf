/** The last so many ids, the oldest forgotten first. */
export interface RecentIds {
  has(id: string): boolean;
  add(id: string): void;
}

export function createRecentIds(atMost: number): RecentIds {
  const ids = new Set<string>();
  return {
    has: (id) => ids.has(id),
    add: (id) => {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > atMost && oldest !== undefined) ids.delete(oldest);
    },
  };
}
