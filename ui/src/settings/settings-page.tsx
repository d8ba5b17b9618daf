import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { SettingsAnswer, SettingsView } from '../../../src/http/settings-shapes.ts';
import { Loaded } from '../kit/loaded.tsx';
import { ApiError } from '../state/api.ts';
import { useResource } from '../state/resource.ts';
import { useServices } from '../state/services.ts';
import { useStore } from '../state/store.ts';
import '../styles/settings.css';
import { BrowserCard } from './browser-card.tsx';
import { bodyOf, explainRefusal, stillWanted, withChange, type Value } from './draft.ts';
import { labelOf, SECTIONS } from './fields.ts';
import { ProblemsCard } from './problems-card.tsx';
import { SaveBar } from './save-bar.tsx';
import { SectionCard } from './section-card.tsx';

const PATH = '/api/v1/settings';

/** The settings that count at once, for all; and those of this browser. */
export function SettingsPage(): JSX.Element {
  const { session } = useServices();
  const { resource, reload } = useResource<SettingsView>(PATH);
  const isReadOnly = session.may?.changeSettings !== true;
  useLeaveWarning();
  return (
    <div class="settings">
      <h1>Settings</h1>
      <BrowserCard />
      <Loaded resource={resource} onRetry={reload}>
        {(view) => <SettingsForm view={view} isReadOnly={isReadOnly} onSaved={reload} />}
      </Loaded>
    </div>
  );
}

/** Tells whoever goes to another page that something is not saved; it is kept until the browser leaves. */
function useLeaveWarning(): void {
  const { settingsDraft, toasts } = useServices();
  const [, navigate] = useLocation();
  useEffect(
    () => () => {
      const count = Object.keys(settingsDraft.get()).length;
      if (count === 0) return;
      const text =
        count === 1 ? '1 setting is changed and not saved.' : `${count} settings are changed and not saved.`;
      const action = { label: 'Back to them', run: () => navigate('/settings') };
      toasts.show({ tone: 'danger', text, action });
    },
    [settingsDraft, toasts, navigate],
  );
}

function SettingsForm({
  view,
  isReadOnly,
  onSaved,
}: {
  readonly view: SettingsView;
  readonly isReadOnly: boolean;
  readonly onSaved: () => void;
}): JSX.Element {
  const { api, toasts, preferences, settingsDraft } = useServices();
  const draft = useStore(settingsDraft);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<readonly string[]>([]);
  // Others may have changed something meanwhile; what is wanted here and not so yet stays.
  useEffect(() => {
    const wanted = stillWanted(settingsDraft.get(), view);
    if (Object.keys(wanted).length !== Object.keys(settingsDraft.get()).length) settingsDraft.set(wanted);
  }, [view, settingsDraft]);

  const change = (member: string, value: Value | undefined): void => {
    const { [member]: _, ...others } = draft;
    settingsDraft.set(value === undefined ? others : withChange(draft, view, { member, value }));
  };
  const discard = (): void => {
    settingsDraft.set({});
    setRefused([]);
  };
  const save = async (): Promise<void> => {
    setBusy(true);
    setRefused([]);
    try {
      const { changed } = await api.send<SettingsAnswer>('PUT', PATH, bodyOf(draft));
      settingsDraft.set({});
      toasts.show({ tone: 'ok', text: `Saved. ${changed.map(labelOf).join('; ')}` });
      preferences.reload();
      onSaved();
    } catch (error) {
      setRefused(error instanceof ApiError ? explainRefusal(error.message) : ['The page has a mistake.']);
    }
    setBusy(false);
  };

  return (
    <form
      class="settings"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {isReadOnly && (
        <p class="warning">
          You may see these settings. Changing them takes the verb update on settings.headwind.sh in
          Headwind’s namespace.
        </p>
      )}
      <ProblemsCard problems={view.problems} />
      <div class="settings-grid">
        {SECTIONS.map((section) => (
          <SectionCard
            key={section.id}
            section={section}
            view={view}
            draft={draft}
            isReadOnly={isReadOnly}
            onChange={change}
          />
        ))}
      </div>
      <SaveBar draft={draft} isBusy={isBusy} refused={refused} onDiscard={discard} />
    </form>
  );
}
