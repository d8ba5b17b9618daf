import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { offsetOf, windowOf, type ListWindow } from './window.ts';

const OVERSCAN_PX = 600;
/** Shorter lists are drawn whole: the browser's own search and printing find everything then. */
const WHOLE_UP_TO = 100;

export interface DrawnRows {
  readonly window: ListWindow;
  /** Scrolls so that the row can be seen; it is drawn then. */
  readonly reveal: (index: number) => void;
}

/**
 * Draws of a long list what can be seen. `list` holds the rows; each has its number in `data-index`, from which its
 * height is learnt.
 */
export function useWindow(list: RefObject<HTMLElement | null>, keys: readonly string[]): DrawnRows {
  const heights = useRef(new Map<string, number>());
  const usual = useRef(64);
  const [, redraw] = useState(0);
  const isWhole = keys.length <= WHOLE_UP_TO;
  const heightOf = (index: number): number | undefined => heights.current.get(keys[index] ?? '');

  useEffect(() => {
    if (isWhole) return undefined;
    let frame = 0;
    const onMove = (): void => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => redraw((count) => count + 1));
    };
    window.addEventListener('scroll', onMove, { passive: true });
    window.addEventListener('resize', onMove);
    onMove();
    return () => {
      cancelAnimationFrame(frame);
      window.removeEventListener('scroll', onMove);
      window.removeEventListener('resize', onMove);
    };
  }, [isWhole]);

  useLayoutEffect(() => {
    // The browser would keep the drawn rows where they were while others come and go above them: that undoes a scroll.
    list.current?.style.setProperty('overflow-anchor', isWhole ? 'auto' : 'none');
    if (isWhole) return;
    for (const row of list.current?.querySelectorAll<HTMLElement>('[data-index]') ?? []) {
      const key = keys[Number(row.dataset['index'])];
      if (key !== undefined) heights.current.set(key, row.getBoundingClientRect().height);
    }
    const known = [...heights.current.values()];
    if (known.length > 0) usual.current = known.reduce((sum, height) => sum + height, 0) / known.length;
  });

  const drawn: ListWindow = isWhole
    ? { first: 0, end: keys.length, before: 0, after: 0 }
    : windowOf({
        count: keys.length,
        top: list.current?.getBoundingClientRect().top ?? 0,
        viewHeight: window.innerHeight,
        heightOf,
        usualHeight: usual.current,
        overscan: OVERSCAN_PX,
      });

  const reveal = (index: number): void => {
    const row = list.current?.querySelector(`[data-index="${index}"]`);
    if (row != null) return row.scrollIntoView({ block: 'nearest' });
    const top = list.current?.getBoundingClientRect().top ?? 0;
    const offset = offsetOf(index, { heightOf, usualHeight: usual.current });
    window.scrollBy({ top: top + offset - window.innerHeight / 2 });
  };
  return { window: drawn, reveal };
}
