import type { JSX } from 'preact';
import type { ChangeQuery } from './filter-fields.tsx';

export interface PagerProps {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly change: ChangeQuery;
}

const SIZES = [20, 50, 100, 500];

/** Which part of the list is shown, how much of it at once, and the way to the rest. */
export function Pager({ page, size, total, change }: PagerProps): JSX.Element {
  const pages = Math.max(1, Math.ceil(total / size));
  const first = total === 0 ? 0 : (page - 1) * size + 1;
  const goTo = (next: number): void => change({ page: next === 1 ? '' : String(next) });
  const sizes = SIZES.includes(size) ? SIZES : [...SIZES, size].sort((a, b) => a - b);
  return (
    <nav class="pager" aria-label="Pages of the list">
      <label class="quiet">
        <span class="pager-label">Rows</span>{' '}
        <select
          class="input"
          aria-label="Rows on a page"
          value={String(size)}
          onChange={({ currentTarget: { value } }) => change({ size: value })}
        >
          {sizes.map((count) => (
            <option key={count} value={String(count)}>
              {count}
            </option>
          ))}
        </select>
      </label>
      <span class="quiet" aria-live="polite">
        {`${first}–${Math.min(total, page * size)} of ${total}`}
      </span>
      <button type="button" class="button" disabled={page <= 1} onClick={() => goTo(page - 1)}>
        Previous
      </button>
      <button type="button" class="button" disabled={page >= pages} onClick={() => goTo(page + 1)}>
        Next
      </button>
    </nav>
  );
}
