import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { UpdateList, UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { isEngaged } from '../kit/engaged.ts';
import { Loaded } from '../kit/loaded.tsx';
import { NewsPill } from '../kit/news-pill.tsx';
import { Pager } from '../kit/pager.tsx';
import { useRowKeys } from '../kit/use-row-keys.ts';
import { useWindow } from '../kit/use-window.ts';
import { useResource } from '../state/resource.ts';
import { useServices } from '../state/services.ts';
import { useQuery } from '../state/use-query.ts';
import { useRights } from '../state/use-rights.ts';
import { useSteady } from '../state/use-steady.ts';
import { useUntilSynced } from '../state/use-until-synced.ts';
import { BulkBar } from './bulk-bar.tsx';
import { BulkDialog } from './bulk-dialog.tsx';
import { DecideDialog } from './decide-dialog.tsx';
import { EmptyUpdates } from './empty.tsx';
import { Filters } from './filters.tsx';
import { isFiltered, listPath } from './query.ts';
import { Stats } from './stats.tsx';
import { keyOf } from './key-of.ts';
import { UpdateTable } from './update-table.tsx';
import { useSelection } from './use-selection.ts';

type Verb = 'approve' | 'reject';
type Decision =
  | { readonly kind: 'one'; readonly verb: Verb; readonly row: UpdateRow }
  | {
      readonly kind: 'many';
      readonly verb: Verb;
      readonly targets: ReturnType<typeof useSelection>['targets'];
      readonly majors: number;
    };

/** All requests, and what people do with them. */
export function UpdatesPage(): JSX.Element {
  const { toasts } = useServices();
  const [query, change] = useQuery();
  const [, navigate] = useLocation();
  const path = listPath(query);
  const { resource, reload } = useResource<UpdateList>(path);
  const list = resource.kind === 'ready' ? resource.value : undefined;
  useUntilSynced(list?.synced, reload);

  const body = useRef<HTMLTableSectionElement>(null);
  const [decision, setDecision] = useState<Decision>();
  const steady = useSteady<UpdateRow>(
    resource,
    keyOf,
    () => decision !== undefined || isEngaged(body.current),
  );
  const { rows } = steady;
  const chosen = useSelection(rows);
  const whyNot = useRights(rows.filter(({ phase }) => phase === 'Pending').map(({ namespace }) => namespace));
  const drawn = useWindow(body, rows.map(keyOf));

  const decide = (verb: Verb, row: UpdateRow): void => setDecision({ kind: 'one', verb, row });
  const onOpen = (row: UpdateRow, act: () => void): void => {
    if (row.phase === 'Pending' && !steady.gone.has(keyOf(row))) act();
  };
  const decideIfAllowed = (verb: Verb, row: UpdateRow): void =>
    onOpen(row, () => {
      const why = whyNot(verb, row.namespace);
      if (why === undefined) decide(verb, row);
      else toasts.show({ tone: 'plain', text: why });
    });
  const current = useRowKeys<UpdateRow>({
    rows,
    keyOf,
    reveal: drawn.reveal,
    acts: [
      { keys: 'o', label: 'Open the row', run: (row) => navigate(`/updates/${keyOf(row)}`) },
      {
        keys: 'x',
        label: 'Select the row',
        run: (row) => onOpen(row, () => chosen.select([keyOf(row)], !chosen.keys.has(keyOf(row)))),
      },
      { keys: 'a', label: 'Approve', run: (row) => decideIfAllowed('approve', row) },
      { keys: 'r', label: 'Reject', run: (row) => decideIfAllowed('reject', row) },
    ],
  });
  const changed = (): void => {
    steady.adoptNext();
    reload();
  };

  return (
    <>
      <h1>Updates</h1>
      <Stats phases={list?.phases} chosen={query['phase']} />
      <Filters query={query} change={change} facets={list?.facets} />
      <NewsPill arrived={steady.arrived} gone={steady.gone.size} onShow={steady.adopt} />
      <Loaded resource={resource} onRetry={reload}>
        {(shown) =>
          rows.length === 0 ? (
            <EmptyUpdates list={shown} isFiltered={isFiltered(query)} />
          ) : (
            <>
              <UpdateTable
                body={body}
                drawn={drawn}
                rows={rows}
                selected={chosen.keys}
                gone={steady.gone}
                current={current}
                whyNot={whyNot}
                onSelect={chosen.select}
                onDecide={decide}
              />
              <Pager page={shown.page} size={shown.size} total={shown.total} change={change} />
            </>
          )
        }
      </Loaded>
      <BulkBar
        chosen={chosen}
        pending={list === undefined ? 0 : pendingUnder(list, rows)}
        onSelectAll={() => void chosen.selectAll(path)}
        onDecide={(verb) => {
          const { targets, majors } = chosen;
          const [only] = rows.filter((row) => targets.some((target) => keyOf(target) === keyOf(row)));
          if (targets.length === 1 && only !== undefined) decide(verb, only);
          else setDecision({ kind: 'many', verb, targets, majors });
        }}
      />
      {decision?.kind === 'one' && (
        <DecideDialog {...decision} onClose={() => setDecision(undefined)} onDone={changed} />
      )}
      {decision?.kind === 'many' && (
        <BulkDialog
          {...decision}
          onClose={() => setDecision(undefined)}
          onDone={() => {
            chosen.clear();
            changed();
          }}
        />
      )}
    </>
  );
}

/** At least how many wait under the filter: all of a list that is longer than its page may. */
function pendingUnder(list: UpdateList, rows: readonly UpdateRow[]): number {
  const here = rows.filter(({ phase }) => phase === 'Pending').length;
  return list.total > list.rows.length ? Math.max(here + 1, Math.min(list.total, list.phases.Pending)) : here;
}
