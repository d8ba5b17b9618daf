import type { JSX } from 'preact';

export interface PagerProps {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly onPage: (page: number) => void;
}

/** Which part of the list is shown, and the way to the others. */
export function Pager({ page, size, total, onPage }: PagerProps): JSX.Element {
  const pages = Math.max(1, Math.ceil(total / size));
  const first = total === 0 ? 0 : (page - 1) * size + 1;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="quiet" aria-live="polite">
        {`${first}–${Math.min(total, page * size)} of ${total}`}
      </span>
      <button type="button" class="button" disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </button>
      <button type="button" class="button" disabled={page >= pages} onClick={() => onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
