/** The part of a long list that is worth drawing, and the room that the rest takes, in pixels. */
export interface ListWindow {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
  readonly before: number;
  readonly after: number;
}

export interface ListMeasures {
  readonly count: number;
  /** Where the list begins, seen from the upper edge of what is visible; negative when scrolled past. */
  readonly top: number;
  readonly viewHeight: number;
  /** The height of the row with this number, as far as it was ever measured. */
  readonly heightOf: (index: number) => number | undefined;
  /** What a row is high that was never measured. */
  readonly usualHeight: number;
  /** So much more is drawn above and below, so that scrolling meets rows that are there already. */
  readonly overscan: number;
}

/** Which rows are to be drawn. */
export function windowOf(measures: ListMeasures): ListWindow {
  const { count, top, viewHeight, heightOf, usualHeight, overscan } = measures;
  const [from, to] = [-top - overscan, -top + viewHeight + overscan];
  let [first, end, before, after] = [0, 0, 0, 0];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const next = at + (heightOf(index) ?? usualHeight);
    if (next <= from) {
      first = index + 1;
      end = first;
      before = next;
    } else if (at < to) end = index + 1;
    else after += next - at;
    at = next;
  }
  return { first, end: Math.max(first, end), before, after };
}

/** How far below the list's beginning the row with this number begins. */
export function offsetOf(
  index: number,
  { heightOf, usualHeight }: Pick<ListMeasures, 'heightOf' | 'usualHeight'>,
): number {
  let at = 0;
  for (let before = 0; before < index; before += 1) at += heightOf(before) ?? usualHeight;
  return at;
}
