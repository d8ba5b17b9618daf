import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Toasts } from '../kit/toasts.tsx';
import type { Draft } from '../settings/draft.ts';
import type { Api } from './api.ts';
import type { Live } from './live.ts';
import type { Preferences } from './preferences.ts';
import type { Rights } from './rights.ts';
import type { Session } from './session.ts';
import type { ShortcutRegistry } from './shortcuts.ts';
import type { Store } from './store.ts';
import type { ThemeChoice } from './theme.ts';

/** What every part of the page may use; made once, in main.tsx. */
export interface Services {
  readonly api: Api;
  readonly live: Live;
  readonly toasts: Toasts;
  readonly session: Session;
  readonly rights: Rights;
  readonly shortcuts: ShortcutRegistry;
  readonly theme: ThemeChoice;
  readonly preferences: Preferences;
  /** What somebody has changed on the settings page and not saved; it outlives a look at another page. */
  readonly settingsDraft: Store<Draft>;
  /** Now, in milliseconds since the Unix epoch, as often as texts like "5 min ago" need it. */
  readonly now: Pick<Store<number>, 'get' | 'subscribe'>;
  /** Ends the session; the browser goes to where one signs in. */
  readonly signOut: () => Promise<void>;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

/** @throws Error outside of the context, which is a mistake in the program */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('useServices outside of ServicesContext');
  return services;
}
