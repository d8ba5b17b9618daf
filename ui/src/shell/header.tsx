import type { JSX } from 'preact';
import { Link, useLocation } from 'wouter-preact';
import type { LiveState } from '../state/live.ts';
import { useServices } from '../state/services.ts';
import { useStore } from '../state/store.ts';
import type { Session } from '../state/session.ts';
import type { Theme } from '../state/theme.ts';

const PAGES = [
  { path: '/', label: 'Updates' },
  { path: '/workloads', label: 'Workloads' },
  { path: '/observability', label: 'Observability' },
  { path: '/settings', label: 'Settings' },
] as const;

const LIVE_TEXTS: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  polling: 'Refreshing',
  off: 'Not refreshing',
};
const THEME_SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

/** The bar on top of every page. */
export function Header({ onSearch }: { readonly onSearch: () => void }): JSX.Element {
  const [location] = useLocation();
  const { session } = useServices();
  return (
    <header class="shell-header">
      <Link class="brand" href="/">
        <img src="/favicon.svg" alt="" width="24" height="24" />
        Headwind
      </Link>
      <nav class="shell-nav" aria-label="Pages">
        {PAGES.filter(({ path }) => path !== '/settings' || seesSettings(session)).map(({ path, label }) => (
          <Link key={path} href={path} aria-current={isAt(location, path) ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <Tools onSearch={onSearch} />
    </header>
  );
}

function Tools({ onSearch }: { readonly onSearch: () => void }): JSX.Element {
  const { live, theme, session, signOut, preferences } = useServices();
  const state = useStore(live.state);
  const refreshMs = useStore(preferences.refreshMs);
  const chosen = useStore(theme);
  return (
    <div class="shell-tools">
      <button
        type="button"
        class="button plain go-to"
        aria-keyshortcuts="Control+K"
        title="Go to a page, a workload or a request"
        onClick={onSearch}
      >
        <span class="go-to-text">Go to…</span> <kbd>Ctrl K</kbd>
      </button>
      <label class="live" data-state={state} title="Whether the page follows what happens">
        <input
          type="checkbox"
          role="switch"
          aria-label="Auto-refresh"
          checked={state !== 'off'}
          onChange={(event) => live.setEnabled(event.currentTarget.checked)}
        />
        <span class="live-text" role="status">
          {state === 'polling' ? `Every ${refreshMs / 1000} s` : LIVE_TEXTS[state]}
        </span>
      </label>
      <button
        type="button"
        class="button plain"
        onClick={() => theme.next()}
        aria-label={`Theme: ${chosen}`}
        title={`Theme: ${chosen}`}
      >
        {THEME_SIGNS[chosen]}
      </button>
      {session.csrfToken === undefined ? (
        session.mode !== 'none' && session.username !== undefined && <Who name={session.username} />
      ) : (
        <>
          <Who name={session.username ?? ''} />
          <button type="button" class="button plain" onClick={() => void signOut()}>
            Sign out
          </button>
        </>
      )}
    </div>
  );
}

function Who({ name }: { readonly name: string }): JSX.Element {
  return (
    <span class="quiet who" title={name}>
      {name}
    </span>
  );
}

/** Whether there is anything to be seen there; while that is not known, there may be. */
function seesSettings({ may }: Session): boolean {
  return may === undefined || may.readSettings || may.changeSettings;
}

function isAt(location: string, path: string): boolean {
  if (path === '/') return location === '/' || location.startsWith('/updates/');
  return location === path || location.startsWith(`${path}/`);
}
