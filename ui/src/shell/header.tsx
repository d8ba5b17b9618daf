import type { JSX } from 'preact';
import { Link, useLocation } from 'wouter-preact';
import type { LiveState } from '../state/live.ts';
import { useServices } from '../state/services.ts';
import { useStore } from '../state/store.ts';

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
  polling: 'Every 30 s',
  offline: 'Offline',
  off: 'Auto-refresh off',
};

/** The bar on top of every page. */
export function Header(): JSX.Element {
  const [location] = useLocation();
  return (
    <header class="shell-header">
      <Link class="brand" href="/">
        <img src="/favicon.svg" alt="" width="24" height="24" />
        Headwind
      </Link>
      <nav class="shell-nav" aria-label="Pages">
        {PAGES.map(({ path, label }) => (
          <Link key={path} href={path} aria-current={isAt(location, path) ? 'page' : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      <Tools />
    </header>
  );
}

function Tools(): JSX.Element {
  const { live, theme, session } = useServices();
  const state = useStore(live.state);
  const chosen = useStore(theme);
  return (
    <div class="shell-tools">
      <label class="live" data-state={state}>
        <input
          type="checkbox"
          role="switch"
          aria-label="Auto-refresh"
          checked={state !== 'off'}
          onChange={(event) => live.setEnabled(event.currentTarget.checked)}
        />
        <span>{LIVE_TEXTS[state]}</span>
      </label>
      <button type="button" class="button plain" onClick={() => theme.next()} aria-label={`Theme: ${chosen}`}>
        {{ system: '◐', light: '☀', dark: '☾' }[chosen]}
      </button>
      {session.username !== undefined && <span class="quiet">{session.username}</span>}
    </div>
  );
}

function isAt(location: string, path: string): boolean {
  if (path === '/') return location === '/' || location.startsWith('/updates/');
  return location === path || location.startsWith(`${path}/`);
}
