import { render } from 'preact';
import { App } from './app.tsx';
import { createToasts } from './kit/toasts.tsx';
import { createApi } from './state/api.ts';
import { createFlag } from './state/flag.ts';
import { openKeep } from './state/keep.ts';
import { createLive, type Live } from './state/live.ts';
import { createPreferences, type Preferences } from './state/preferences.ts';
import { createRights } from './state/rights.ts';
import { ServicesContext } from './state/services.ts';
import type { Session } from './state/session.ts';
import { createShortcutRegistry } from './state/shortcuts.ts';
import type { Draft } from './settings/draft.ts';
import { createStore } from './state/store.ts';
import { createThemeChoice, type Keep } from './state/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import './styles/shell.css';
import './styles/updates.css';
import './styles/detail.css';
import './styles/workloads.css';

/** As fine as the texts that tell how long ago something was. */
const TICK_MS = 15_000;
/** How soon a page that is open notices that it shall refresh more often. */
const PREFERENCES_MS = 60_000;
const root = document.getElementById('app');
if (root !== null) void start(root);

/** Asks who looks at the page, makes what its parts use, and draws it. */
async function start(element: HTMLElement): Promise<void> {
  let session: Session = { username: undefined, mode: 'none', csrfToken: undefined, may: undefined };
  const signIn = (): void => {
    const here = location.pathname + location.search;
    // Where a proxy signs people in, it does so when the page is asked for anew.
    if (isSignedInElsewhere(session)) location.reload();
    else location.assign(`/auth/sign-in?next=${encodeURIComponent(here)}`);
  };
  const api = createApi({
    fetch: (input, init) => fetch(input, init),
    csrfToken: () => session.csrfToken,
    onSignedOut: signIn,
  });
  session = await api.get<Session>('/api/v1/session').catch(() => session);
  const setTimer = (run: () => void, afterMs: number): number => window.setTimeout(run, afterMs);
  const now = createStore(Date.now());
  setInterval(() => now.set(Date.now()), TICK_MS);
  const keep = openKeep(() => window.localStorage);
  const singleKeys = createFlag(keep, 'headwind.single-keys', true);
  const preferences = createPreferences(api);
  preferences.reload();
  setInterval(() => preferences.reload(), PREFERENCES_MS);
  const settingsDraft = createStore<Draft>({});
  window.addEventListener('beforeunload', (event) => {
    if (Object.keys(settingsDraft.get()).length > 0) event.preventDefault();
  });
  const services = {
    api,
    live: openLive({ keep, preferences, setTimer }),
    session,
    rights: createRights({ api, everywhere: session.may, now: () => Date.now() }),
    toasts: createToasts(setTimer),
    shortcuts: createShortcutRegistry(() => Date.now(), singleKeys),
    theme: createThemeChoice(keep, document.documentElement),
    preferences,
    settingsDraft,
    now,
    async signOut() {
      await api.send('POST', '/auth/sign-out');
      signIn();
    },
  };
  render(
    <ServicesContext.Provider value={services}>
      <App />
    </ServicesContext.Provider>,
    element,
  );
}

/** Changes as they come, unless this browser was told to leave the page as it is. */
function openLive({
  keep,
  preferences,
  setTimer,
}: {
  readonly keep: Keep;
  readonly preferences: Preferences;
  readonly setTimer: (run: () => void, afterMs: number) => number;
}): Live {
  const autoRefresh = createFlag(keep, 'headwind.auto-refresh', true);
  const live = createLive({
    open: () => new EventSource('/api/v1/events/updates?initial=none'),
    enabled: autoRefresh.get(),
    pollMs: () => preferences.refreshMs.get(),
    isVisible: () => document.visibilityState === 'visible',
    setTimer,
    clearTimer: (timer) => window.clearTimeout(timer),
  });
  live.state.subscribe(() => autoRefresh.set(live.state.get() !== 'off'));
  document.addEventListener('visibilitychange', () => live.seen());
  return live;
}

function isSignedInElsewhere({ mode, username }: Session): boolean {
  return username !== undefined && mode !== 'token';
}
