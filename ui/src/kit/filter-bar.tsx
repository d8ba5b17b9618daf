import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

export interface FilterBarProps {
  /** What stands before the search. */
  readonly before?: ComponentChildren;
  readonly search: ComponentChildren;
  /** How many of the folded fields narrow the list: told where they cannot be seen. */
  readonly active: number;
  /** Takes everything away that narrows the list; undefined where nothing does. */
  readonly onClear: (() => void) | undefined;
  readonly children: ComponentChildren;
}

/** The fields that narrow and order a list. On a narrow screen all but the search are folded away. */
export function FilterBar({ before, search, active, onClear, children }: FilterBarProps): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <div class="filters" role="search" data-open={isOpen ? 'true' : undefined}>
      {before}
      {search}
      <button
        type="button"
        class="button filters-fold"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        Filters{active > 0 && <span class="badge">{active}</span>}
      </button>
      <div class="filters-fields">{children}</div>
      {onClear !== undefined && (
        <button type="button" class="button" onClick={onClear}>
          Clear filters
        </button>
      )}
    </div>
  );
}
