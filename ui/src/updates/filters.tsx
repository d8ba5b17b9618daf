import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { UpdateList } from '../../../src/http/dashboard-shapes.ts';
import type { Query } from '../state/query.ts';
import { useServices } from '../state/services.ts';
import { isFiltered, tabOf, TABS, withoutFilters } from './query.ts';

export interface FiltersProps {
  readonly query: Query;
  readonly change: (change: Query, options?: { readonly replace?: boolean }) => void;
  readonly facets: UpdateList['facets'] | undefined;
}

const ORDERS = [
  { value: '', label: 'Newest first' },
  { value: 'created', label: 'Oldest first' },
  { value: '-updated', label: 'Last changed first' },
  { value: 'namespace', label: 'Namespace' },
  { value: 'resource', label: 'Workload' },
] as const;

/** Everything that narrows and orders the list; all of it stands in the address. */
export function Filters({ query, change, facets }: FiltersProps): JSX.Element {
  const tab = tabOf(query);
  return (
    <div class="filters">
      <div class="tabs" role="group" aria-label="Which requests">
        {TABS.map(({ id, label, phases }) => (
          <button
            key={id}
            type="button"
            class="button plain"
            aria-pressed={tab?.id === id}
            onClick={() => change({ phase: id === 'open' ? '' : phases })}
          >
            {label}
          </button>
        ))}
      </div>
      <Search query={query} change={change} />
      <Choice label="Namespace" name="namespace" options={facets?.namespaces} query={query} change={change} />
      <Choice label="Kind" name="kind" options={facets?.kinds} query={query} change={change} />
      <Choice label="Policy" name="policy" options={facets?.policies} query={query} change={change} />
      <select
        class="input"
        aria-label="Order"
        value={query['sort'] ?? ''}
        onChange={(event) => change({ sort: event.currentTarget.value })}
      >
        {ORDERS.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      {isFiltered(query) && (
        <button type="button" class="button" onClick={() => change(cleared(query))}>
          Clear filters
        </button>
      )}
    </div>
  );
}

function Search({ query, change }: Pick<FiltersProps, 'query' | 'change'>): JSX.Element {
  const { shortcuts } = useServices();
  const input = useRef<HTMLInputElement>(null);
  const wanted = query['q'] ?? '';
  const [text, setText] = useState(wanted);
  useEffect(() => setText(wanted), [wanted]);
  useEffect(
    () => shortcuts.add([{ keys: '/', label: 'Search', run: () => input.current?.focus() }]),
    [shortcuts],
  );
  return (
    <input
      ref={input}
      class="input search"
      type="search"
      placeholder="Search workload, image, request"
      aria-label="Search"
      aria-keyshortcuts="/"
      value={text}
      onInput={(event) => {
        setText(event.currentTarget.value);
        change({ q: event.currentTarget.value.trim() }, { replace: true });
      }}
    />
  );
}

function Choice({
  label,
  name,
  options,
  query,
  change,
}: {
  readonly label: string;
  readonly name: string;
  readonly options: readonly string[] | undefined;
} & Pick<FiltersProps, 'query' | 'change'>): JSX.Element {
  const chosen = query[name] ?? '';
  // What the address names stays to be seen, also where nothing has it (any more).
  const all = [...new Set([...(options ?? []), ...(chosen === '' ? [] : [chosen])])];
  return (
    <select
      class="input"
      aria-label={label}
      value={chosen}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    >
      <option value="">{`${label}: all`}</option>
      {all.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

/** The change that takes all filters away. */
function cleared(query: Query): Query {
  const kept = withoutFilters(query);
  return Object.fromEntries(Object.keys(query).map((key) => [key, kept[key] ?? '']));
}
