import type { JSX } from 'preact';
import type { UpdateList } from '../../../src/http/dashboard-shapes.ts';
import { ChoiceField, OrderField, SearchField, type ChangeQuery } from '../kit/filter-fields.tsx';
import { FilterBar } from '../kit/filter-bar.tsx';
import type { Query } from '../state/query.ts';
import { isFiltered, tabOf, TABS, withoutFilters } from './query.ts';

export interface FiltersProps {
  readonly query: Query;
  readonly change: ChangeQuery;
  readonly facets: UpdateList['facets'] | undefined;
}

const ORDERS = [
  { value: '', label: 'Newest first' },
  { value: 'created', label: 'Oldest first' },
  { value: '-updated', label: 'Last changed first' },
  { value: 'namespace', label: 'By namespace' },
  { value: 'resource', label: 'By workload' },
] as const;
const NARROWING = ['namespace', 'kind', 'policy'];

/** Everything that narrows and orders the list; all of it stands in the address. */
export function Filters({ query, change, facets }: FiltersProps): JSX.Element {
  const tab = tabOf(query);
  return (
    <FilterBar
      active={NARROWING.filter((name) => query[name] !== undefined).length}
      before={
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
      }
      search={<SearchField query={query} change={change} placeholder="Search workload, image, request" />}
      onClear={isFiltered(query) ? () => change(cleared(query)) : undefined}
    >
      <ChoiceField
        label="Namespace"
        name="namespace"
        options={facets?.namespaces}
        query={query}
        change={change}
      />
      <ChoiceField label="Kind" name="kind" options={facets?.kinds} query={query} change={change} />
      <ChoiceField label="Policy" name="policy" options={facets?.policies} query={query} change={change} />
      <OrderField orders={ORDERS} query={query} change={change} />
    </FilterBar>
  );
}

/** The change that takes all filters away. */
function cleared(query: Query): Query {
  const kept = withoutFilters(query);
  return Object.fromEntries(Object.keys(query).map((key) => [key, kept[key] ?? '']));
}
