/** One page of a list. */
export interface Page<T> {
  readonly rows: readonly T[];
  /** From 1; the last one where there are not as many as was asked for. */
  readonly page: number;
}

/** Up to here, the first ones of a list are picked out of it one by one: ordering all of them costs ten times as much. */
const MAX_PICKED = 500;

/** The rows of one page of `items` in this order, in which no two are equal. Of the others the order is not worked out. */
export function pageOf<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
  asked: { readonly page: number; readonly size: number },
): Page<T> {
  const { size } = asked;
  const page = Math.min(asked.page, Math.max(1, Math.ceil(items.length / size)));
  const end = page * size;
  const ordered = end <= MAX_PICKED ? firstOf(items, compare, end) : items.toSorted(compare);
  return { rows: ordered.slice(end - size, end), page };
}

function firstOf<T>(items: readonly T[], compare: (a: T, b: T) => number, count: number): readonly T[] {
  const first: T[] = [];
  for (const item of items) {
    const last = first.at(-1);
    if (first.length === count && last !== undefined && compare(item, last) >= 0) continue;
    first.splice(placeOf(item, first, compare), 0, item);
    if (first.length > count) first.pop();
  }
  return first;
}

/** Where the item belongs among those that are in order. */
function placeOf<T>(item: T, ordered: readonly T[], compare: (a: T, b: T) => number): number {
  let [from, to] = [0, ordered.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = ordered[middle];
    if (other !== undefined && compare(item, other) >= 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
