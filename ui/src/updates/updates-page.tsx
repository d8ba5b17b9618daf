import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UpdateList, UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { Loaded } from '../kit/loaded.tsx';
import { Notice } from '../kit/notice.tsx';
import { Pager } from '../kit/pager.tsx';
import { useResource } from '../state/resource.ts';
import { useServices } from '../state/services.ts';
import { useQuery } from '../state/use-query.ts';
import { actOnMany, approve, reject } from './actions.ts';
import { DecideDialog } from './decide-dialog.tsx';
import { Filters } from './filters.tsx';
import { isFiltered, listPath } from './query.ts';
import { Stats } from './stats.tsx';
import { keyOf, UpdateTable } from './update-table.tsx';
import { useRowKeys } from './use-row-keys.ts';

interface Decision {
  readonly verb: 'approve' | 'reject';
  readonly rows: readonly UpdateRow[];
}

/** All requests, and what people do with them. */
export function UpdatesPage(): JSX.Element {
  const services = useServices();
  const [query, change] = useQuery();
  const { resource, reload } = useResource<UpdateList>(listPath(query));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [decision, setDecision] = useState<Decision>();
  const list = resource.kind === 'ready' ? resource.value : undefined;
  const rows = list?.rows ?? [];
  const chosen = rows.filter((row) => row.phase === 'Pending' && selected.has(keyOf(row)));

  const select = (keys: readonly string[], on: boolean): void => {
    const next = new Set(selected);
    for (const key of keys)
      if (on) next.add(key);
      else next.delete(key);
    setSelected(next);
  };
  const decide = (verb: Decision['verb'], row: UpdateRow): void => setDecision({ verb, rows: [row] });
  const current = useRowKeys({ rows, selected, select, decide });

  const run = async ({ verb, rows: decided }: Decision, reason: string): Promise<boolean> => {
    const [only] = decided;
    if (only === undefined) return true;
    const single = (): Promise<boolean> =>
      verb === 'approve' ? approve(services, only) : reject(services, only, reason);
    const taken = await (decided.length === 1 ? single() : actOnMany(services, verb, decided, reason));
    if (taken) setSelected(new Set());
    reload();
    return taken;
  };

  return (
    <>
      <h1>Updates</h1>
      <Stats phases={list?.phases} />
      <Filters query={query} change={change} facets={list?.facets} />
      <Loaded resource={resource} onRetry={reload}>
        {(shown) =>
          shown.rows.length === 0 ? (
            <Empty filtered={isFiltered(query)} />
          ) : (
            <>
              <UpdateTable
                rows={shown.rows}
                selected={selected}
                current={current}
                onSelect={select}
                onDecide={decide}
              />
              <Pager {...shown} onPage={(page) => change({ page: String(page) })} />
            </>
          )
        }
      </Loaded>
      {chosen.length > 0 && (
        <BulkBar
          rows={chosen}
          onDecide={(verb) => setDecision({ verb, rows: chosen })}
          onClear={() => setSelected(new Set())}
        />
      )}
      {decision !== undefined && (
        <DecideDialog
          {...decision}
          onClose={() => setDecision(undefined)}
          run={(reason) => run(decision, reason)}
        />
      )}
    </>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }): JSX.Element {
  return filtered ? (
    <Notice title="Nothing matches">
      <p>No update request fits these filters.</p>
    </Notice>
  ) : (
    <Notice title="Nothing waits for you">
      <p>When a new version arrives that a policy admits, it is listed here.</p>
    </Notice>
  );
}

function BulkBar({
  rows,
  onDecide,
  onClear,
}: {
  readonly rows: readonly UpdateRow[];
  readonly onDecide: (verb: 'approve' | 'reject') => void;
  readonly onClear: () => void;
}): JSX.Element {
  return (
    <div class="bulk-bar card" role="region" aria-label="Selected updates">
      <strong aria-live="polite">{`${rows.length} selected`}</strong>
      <button type="button" class="button primary" onClick={() => onDecide('approve')}>
        Approve selected
      </button>
      <button type="button" class="button danger" onClick={() => onDecide('reject')}>
        Reject selected
      </button>
      <button type="button" class="button plain" onClick={onClear}>
        Clear
      </button>
    </div>
  );
}
