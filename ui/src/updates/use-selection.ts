import { useState } from 'preact/hooks';
import type { Selection, UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { ApiError } from '../state/api.ts';
import { useServices } from '../state/services.ts';
import type { RequestName } from './actions.ts';
import { keyOf } from './key-of.ts';

export interface Chosen {
  readonly keys: ReadonlySet<string>;
  /** What is acted on: of the rows that are selected, or of all that match the filter. */
  readonly targets: readonly RequestName[];
  readonly majors: number;
  /** Whether all that match are meant, not only what is on this page. */
  readonly isWide: boolean;
  readonly select: (keys: readonly string[], on: boolean) => void;
  /** Asks the server for all that match the filter of this list's path. */
  readonly selectAll: (listPath: string) => Promise<void>;
  readonly clear: () => void;
}

const NONE: ReadonlySet<string> = new Set();
const FAR = ['major', 'downgrade'];

/** Which requests somebody has picked to decide about together. */
export function useSelection(rows: readonly UpdateRow[]): Chosen {
  const { api, toasts } = useServices();
  const [keys, setKeys] = useState(NONE);
  const [all, setAll] = useState<Selection>();
  const picked = rows.filter((row) => row.phase === 'Pending' && keys.has(keyOf(row)));
  return {
    keys: all === undefined ? keys : new Set(rows.map(keyOf)),
    targets: all?.updates ?? picked,
    majors: all?.majors ?? picked.filter(({ change }) => FAR.includes(change.kind)).length,
    isWide: all !== undefined,
    select(changed, on) {
      const next = new Set(all === undefined ? keys : rows.map(keyOf));
      for (const key of changed)
        if (on) next.add(key);
        else next.delete(key);
      setAll(undefined);
      setKeys(next);
    },
    async selectAll(listPath) {
      try {
        setAll(await api.get<Selection>(listPath.replace('/dashboard/updates?', '/dashboard/selection?')));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        toasts.show({ tone: 'danger', text: error.message });
      }
    },
    clear() {
      setAll(undefined);
      setKeys(NONE);
    },
  };
}
