import { ApiError, type Api } from './api.ts';
import type { Session } from './session.ts';
import { createStore, type Store } from './store.ts';

/** What people do here that takes a right. */
export type Act = 'approve' | 'reject' | 'rollback' | 'pause';
export type May = Readonly<Record<Act, boolean>>;

export interface Rights {
  /** Told when more is known. */
  readonly changes: Pick<Store<number>, 'get' | 'subscribe'>;
  /** Finds out about these namespaces, as far as that is not known. */
  want(namespaces: readonly string[]): void;
  /** Why somebody may not; undefined where they may, or where that is not known yet: the server has the last word. */
  why(act: Act, namespace: string): string | undefined;
}

const KEEP_MS = 60_000;
const AT_ONCE = 4;
const VERBS: Readonly<Record<Act, string>> = {
  approve: 'approve',
  reject: 'reject',
  rollback: 'roll back',
  pause: 'pause',
};

/** What the person at the page may do, asked for each namespace that is looked at. */
export function createRights(options: {
  readonly api: Pick<Api, 'get'>;
  /** What the session says of all namespaces. */
  readonly everywhere: May | undefined;
  readonly now: () => number;
}): Rights {
  const { api, everywhere, now } = options;
  const known = new Map<string, { readonly may: May; readonly atMs: number }>();
  const asked = new Set<string>();
  const waiting: string[] = [];
  const changes = createStore(0);
  const mayAll = everywhere !== undefined && Object.values(everywhere).every((may) => may);
  let running = 0;

  const ask = async (namespace: string): Promise<void> => {
    try {
      const { may } = await api.get<Pick<Session, 'may'>>(
        `/api/v1/session?namespace=${encodeURIComponent(namespace)}`,
      );
      if (may !== undefined) known.set(namespace, { may, atMs: now() });
    } catch (error) {
      // Buttons stay as they are: whoever presses one hears it from the server.
      if (!(error instanceof ApiError)) throw error;
    } finally {
      asked.delete(namespace);
      running -= 1;
      changes.set(changes.get() + 1);
      next();
    }
  };
  const next = (): void => {
    while (running < AT_ONCE) {
      const namespace = waiting.shift();
      if (namespace === undefined) return;
      running += 1;
      void ask(namespace);
    }
  };

  return {
    changes,
    want(namespaces) {
      if (mayAll) return;
      for (const namespace of new Set(namespaces)) {
        const { atMs } = known.get(namespace) ?? {};
        if (asked.has(namespace) || (atMs !== undefined && now() - atMs < KEEP_MS)) continue;
        asked.add(namespace);
        waiting.push(namespace);
      }
      next();
    },
    why(act, namespace) {
      const { may } = known.get(namespace) ?? {};
      if (mayAll || may === undefined || may[act]) return undefined;
      return `You may not ${VERBS[act]} in ${namespace}: that takes the verb ${act} on updaterequests.headwind.sh there.`;
    },
  };
}
