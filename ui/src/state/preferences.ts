import type { PreferencesView } from '../../../src/http/settings-shapes.ts';
import { ApiError, type Api } from './api.ts';
import { createStore, type Store } from './store.ts';

/** What the settings say about the page itself. */
export interface Preferences {
  /** How often to look for news that cannot be sent, in milliseconds. */
  readonly refreshMs: Pick<Store<number>, 'get' | 'subscribe'>;
  /** Asks again, since they may have been changed. */
  reload(): void;
}

const DEFAULT_MS = 30_000;

export function createPreferences(api: Pick<Api, 'get'>): Preferences {
  const refreshMs = createStore(DEFAULT_MS);
  const load = async (): Promise<void> => {
    try {
      const { refresh_interval: seconds } = await api.get<PreferencesView>('/api/v1/dashboard/preferences');
      refreshMs.set(seconds * 1000);
    } catch (error) {
      // What was known goes on to hold.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  return { refreshMs, reload: () => void load() };
}
