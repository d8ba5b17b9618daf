import type { May } from './rights.ts';

/** What somebody may do with Headwind's own settings, wherever they ask from. */
export interface SettingsRights {
  readonly readSettings: boolean;
  readonly changeSettings: boolean;
}

/** Who looks at the page, as the server knows. */
export interface Session {
  readonly username: string | undefined;
  readonly mode: 'none' | 'simple' | 'token' | 'proxy';
  readonly csrfToken: string | undefined;
  /** What they may do in all namespaces, or in the one that was asked about. */
  readonly may: (May & SettingsRights) | undefined;
}
