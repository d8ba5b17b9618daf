import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';
import { DetailPage } from './detail/detail-page.tsx';
import { lazily } from './kit/lazily.tsx';
import { Notice } from './kit/notice.tsx';
import { ToastArea } from './kit/toasts.tsx';
import { Header } from './shell/header.tsx';
import { pageTitle } from './shell/page-title.ts';
import { ShortcutHelp } from './shell/shortcut-help.tsx';
import { useServices } from './state/services.ts';
import { UpdatesPage } from './updates/updates-page.tsx';
import { WorkloadPage } from './workloads/workload-page.tsx';
import { WorkloadsPage } from './workloads/workloads-page.tsx';

const ObservabilityPage = lazily(
  async () => (await import('./observability/observability-page.tsx')).ObservabilityPage,
);
const SettingsPage = lazily(async () => (await import('./settings/settings-page.tsx')).SettingsPage);
const Palette = lazily(async () => (await import('./shell/palette.tsx')).Palette, <></>);

/** As in index.html. */
const PLAIN_TITLE = 'Headwind';

/** The whole page: what is on top of every page, and the page that the address names. */
export function App(): JSX.Element {
  const { shortcuts, toasts } = useServices();
  const [layer, setLayer] = useState<'help' | 'palette'>();
  const [path, navigate] = useLocation();
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    const isFirst = document.title === PLAIN_TITLE;
    document.title = pageTitle(path);
    // Whoever reads the screen, or goes by keys, begins at the top of the new page.
    if (!isFirst) main.current?.focus({ preventScroll: true });
    if (!isFirst) window.scrollTo(0, 0);
  }, [path]);
  useEffect(() => {
    const remove = shortcuts.add([
      { keys: 'g u', label: 'Go to the updates', run: () => navigate('/') },
      { keys: 'g w', label: 'Go to the workloads', run: () => navigate('/workloads') },
      { keys: 'g o', label: 'Go to the metrics', run: () => navigate('/observability') },
      { keys: 'g s', label: 'Go to the settings', run: () => navigate('/settings') },
      { keys: '?', label: 'Show these shortcuts', run: () => setLayer('help') },
    ]);
    const onKey = (event: KeyboardEvent): void => {
      if (document.querySelector('dialog[open]') !== null) return;
      const isPalette = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey;
      if (isPalette) setLayer('palette');
      if (isPalette || shortcuts.press(event)) event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      remove();
      document.removeEventListener('keydown', onKey);
    };
  }, [shortcuts, navigate]);
  const close = (): void => setLayer(undefined);
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <Header onSearch={() => setLayer('palette')} />
      <main ref={main} id="main" class="shell-main" tabIndex={-1}>
        <Switch>
          <Route path="/updates/:namespace/:name">
            {({ namespace, name }) => <DetailPage namespace={namespace} name={name} />}
          </Route>
          <Route path="/workloads/:kind/:namespace/:name">
            {(workload) => <WorkloadPage workload={workload} />}
          </Route>
          <Route path="/workloads">
            <WorkloadsPage />
          </Route>
          <Route path="/observability">
            <ObservabilityPage />
          </Route>
          <Route path="/settings">
            <SettingsPage />
          </Route>
          <Route path="/">
            <UpdatesPage />
          </Route>
          <Route>
            <Notice title="There is no such page" />
          </Route>
        </Switch>
      </main>
      <ToastArea toasts={toasts} />
      {layer === 'help' && <ShortcutHelp onClose={close} />}
      {layer === 'palette' && <Palette onClose={close} />}
    </>
  );
}
