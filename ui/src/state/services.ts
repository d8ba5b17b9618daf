import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Toasts } from '../kit/toasts.tsx';
import type { Api } from './api.ts';
import type { Live } from './live.ts';
import type { Session } from './session.ts';
import type { ShortcutRegistry } from './shortcuts.ts';
import type { ThemeChoice } from './theme.ts';

/** What every part of the page may use; made once, in main.tsx. */
export interface Services {
  readonly api: Api;
  readonly live: Live;
  readonly toasts: Toasts;
  readonly session: Session;
  readonly shortcuts: ShortcutRegistry;
  readonly theme: ThemeChoice;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

/** @throws Error outside of the context, which is a mistake in the program */
export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('useServices outside of ServicesContext');
  return services;
}
