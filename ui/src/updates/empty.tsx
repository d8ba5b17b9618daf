import type { JSX } from 'preact';
import type { UpdateList } from '../../../src/http/dashboard-shapes.ts';
import { Notice } from '../kit/notice.tsx';
import { NotSynced, PartialView } from '../kit/viewpoint.tsx';

/** Why there is nothing in the list. */
export function EmptyUpdates({
  list,
  isFiltered,
}: {
  readonly list: Pick<UpdateList, 'synced' | 'partial'>;
  readonly isFiltered: boolean;
}): JSX.Element {
  if (!list.synced) return <NotSynced />;
  return (
    <Notice title={isFiltered ? 'Nothing matches' : 'Nothing waits for you'}>
      <p>
        {isFiltered
          ? 'No update request fits these filters.'
          : 'When a new version arrives that a policy admits, it is listed here.'}
      </p>
      {list.partial && <PartialView />}
    </Notice>
  );
}
