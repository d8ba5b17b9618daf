import { render } from 'preact';
import { App } from './app.tsx';
import { createToasts } from './kit/toasts.tsx';
import { createApi } from './state/api.ts';
import { createLive } from './state/live.ts';
import { ServicesContext } from './state/services.ts';
import type { Session } from './state/session.ts';
import { createShortcutRegistry } from './state/shortcuts.ts';
import { createThemeChoice } from './state/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/kit.css';
import './styles/shell.css';
import './styles/updates.css';
import './styles/detail.css';

const POLL_MS = 30_000;
const root = document.getElementById('app');
if (root !== null) void start(root);

/** Asks who looks at the page, makes what its parts use, and draws it. */
async function start(element: HTMLElement): Promise<void> {
  const anonymous: Session = { username: undefined, mode: 'none', csrfToken: undefined, version: '' };
  let session = anonymous;
  const signIn = (): void => location.assign(`/auth/sign-in?to=${encodeURIComponent(location.pathname)}`);
  const api = createApi({
    fetch: (input, init) => fetch(input, init),
    csrfToken: () => session.csrfToken,
    onSignedOut: signIn,
  });
  session = await api.get<Session>('/api/v1/session').catch(() => anonymous);
  const setTimer = (run: () => void, afterMs: number): number => window.setTimeout(run, afterMs);
  const live = createLive({
    open: () => new EventSource('/api/v1/events/updates'),
    enabled: true,
    pollMs: () => POLL_MS,
    isVisible: () => document.visibilityState === 'visible',
    setTimer,
    clearTimer: (timer) => window.clearTimeout(timer),
  });
  const services = {
    api,
    live,
    session,
    toasts: createToasts(setTimer),
    shortcuts: createShortcutRegistry(() => Date.now(), true),
    theme: createThemeChoice(localStorage, document.documentElement),
  };
  render(
    <ServicesContext.Provider value={services}>
      <App />
    </ServicesContext.Provider>,
    element,
  );
}
