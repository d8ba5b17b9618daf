import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { WorkloadList, WorkloadRow } from '../../../src/http/dashboard-workload-shapes.ts';
import { isEngaged } from '../kit/engaged.ts';
import { FilterBar } from '../kit/filter-bar.tsx';
import { ChoiceField, OrderField, SearchField, type ChangeQuery } from '../kit/filter-fields.tsx';
import { Loaded } from '../kit/loaded.tsx';
import { NewsPill } from '../kit/news-pill.tsx';
import { Notice } from '../kit/notice.tsx';
import { Pager } from '../kit/pager.tsx';
import { useRowKeys } from '../kit/use-row-keys.ts';
import { useWindow } from '../kit/use-window.ts';
import { NotSynced, PartialView } from '../kit/viewpoint.tsx';
import type { Query } from '../state/query.ts';
import { useResource } from '../state/resource.ts';
import { useQuery } from '../state/use-query.ts';
import { useSteady } from '../state/use-steady.ts';
import { useUntilSynced } from '../state/use-until-synced.ts';
import { cleared, isFiltered, listPath, pageOf } from './query.ts';
import { States } from './states.tsx';
import { keyOf, WorkloadTable } from './workload-table.tsx';

const ORDERS = [
  { value: '', label: 'By namespace' },
  { value: 'name', label: 'By name' },
  { value: 'state', label: 'Most pressing first' },
  { value: '-updated', label: 'Last updated first' },
] as const;
const NARROWING = ['namespace', 'kind', 'policy'];

/** Every workload that Headwind follows: what it runs, how it stands and why. */
export function WorkloadsPage(): JSX.Element {
  const [query, change] = useQuery();
  const [, navigate] = useLocation();
  const { resource, reload } = useResource<WorkloadList>(listPath(query));
  const list = resource.kind === 'ready' ? resource.value : undefined;
  useUntilSynced(list?.synced, reload);
  const body = useRef<HTMLTableSectionElement>(null);
  const steady = useSteady<WorkloadRow>(resource, keyOf, () => isEngaged(body.current));
  const { rows } = steady;
  const drawn = useWindow(body, rows.map(keyOf));
  const current = useRowKeys<WorkloadRow>({
    rows,
    keyOf,
    reveal: drawn.reveal,
    acts: [{ keys: 'o', label: 'Open the row', run: (row) => navigate(pageOf(row)) }],
  });
  return (
    <>
      <h1>Workloads</h1>
      <States states={list?.states} chosen={query['state']} />
      <Filters query={query} change={change} facets={list?.facets} />
      <NewsPill arrived={steady.arrived} gone={steady.gone.size} onShow={steady.adopt} />
      <Loaded resource={resource} onRetry={reload}>
        {(shown) =>
          rows.length === 0 ? (
            <Empty list={shown} narrowed={isFiltered(query)} />
          ) : (
            <>
              <WorkloadTable body={body} drawn={drawn} rows={rows} gone={steady.gone} current={current} />
              <Pager page={shown.page} size={shown.size} total={shown.total} change={change} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Filters({
  query,
  change,
  facets,
}: {
  readonly query: Query;
  readonly change: ChangeQuery;
  readonly facets: WorkloadList['facets'] | undefined;
}): JSX.Element {
  const field = { query, change };
  return (
    <FilterBar
      active={NARROWING.filter((name) => query[name] !== undefined).length}
      search={<SearchField {...field} placeholder="Search workload, image" />}
      onClear={isFiltered(query) ? () => change(cleared()) : undefined}
    >
      <ChoiceField {...field} label="Namespace" name="namespace" options={facets?.namespaces} />
      <ChoiceField {...field} label="Kind" name="kind" options={facets?.kinds} />
      <ChoiceField {...field} label="Policy" name="policy" options={facets?.policies} />
      <OrderField {...field} orders={ORDERS} />
    </FilterBar>
  );
}

function Empty({
  list,
  narrowed,
}: {
  readonly list: Pick<WorkloadList, 'synced' | 'partial'>;
  readonly narrowed: boolean;
}): JSX.Element {
  if (!list.synced) return <NotSynced />;
  if (narrowed)
    return (
      <Notice title="Nothing matches">
        <p>No workload fits these filters.</p>
      </Notice>
    );
  return (
    <Notice title="Headwind follows nothing yet">
      <p>It follows Deployments, StatefulSets, DaemonSets and HelmReleases that say how far they may go:</p>
      <pre class="example">kubectl annotate deployment web headwind.sh/policy=minor</pre>
      {list.partial && <PartialView />}
    </Notice>
  );
}
