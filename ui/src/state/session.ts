import type { May } from './rights.ts';

/** Who looks at the page, as the server knows. */
export interface Session {
  readonly username: string | undefined;
  readonly mode: 'none' | 'simple' | 'token' | 'proxy';
  readonly csrfToken: string | undefined;
  /** What they may do in all namespaces, or in the one that was asked about. */
  readonly may: May | undefined;
}
