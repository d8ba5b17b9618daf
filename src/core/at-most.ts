/**
 * Options for an LRUCache of at most `count` entries, all of them of one size, that takes room as it is filled. With `max` it
 * takes all of its room at once, 0.2 MB for 10,000 entries and more where they expire, and we have many of them that mostly stay empty.
 */
export function atMost(count: number): {
  readonly maxSize: number;
  readonly sizeCalculation: () => number;
} {
  return { maxSize: count, sizeCalculation: () => 1 };
}
