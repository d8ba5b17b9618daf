/** Who looks at the page, as the server knows. */
export interface Session {
  readonly username: string | undefined;
  readonly mode: 'none' | 'simple' | 'token' | 'proxy';
  readonly csrfToken: string | undefined;
  readonly version: string;
}
