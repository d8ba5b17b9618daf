import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useServices } from '../state/services.ts';
import { useStore } from '../state/store.ts';
import { THEMES, type Theme } from '../state/theme.ts';

const THEME_TEXTS: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
};

/** What holds in this browser alone, and at once. */
export function BrowserCard(): JSX.Element {
  const { theme, shortcuts, live } = useServices();
  const chosen = useStore(theme);
  const isLive = useStore(live.state) !== 'off';
  const [hasKeys, setHasKeys] = useState(shortcuts.isEnabled());
  return (
    <section class="card section settings-section" aria-labelledby="settings-browser">
      <header>
        <h2 id="settings-browser">This browser</h2>
        <p class="quiet">Kept here, for you alone; nothing has to be saved.</p>
      </header>
      <div class="browser-settings">
        <div class="setting">
          <label class="setting-label" for="browser-theme">
            Theme
          </label>
          <div class="setting-value">
            <select
              id="browser-theme"
              class="input"
              value={chosen}
              onChange={({ currentTarget }) => {
                const wanted = THEMES.find((one) => one === currentTarget.value);
                if (wanted !== undefined) theme.choose(wanted);
              }}
            >
              {THEMES.map((one) => (
                <option key={one} value={one}>
                  {THEME_TEXTS[one]}
                </option>
              ))}
            </select>
          </div>
        </div>
        <Toggle
          id="browser-refresh"
          label="Auto-refresh"
          note="The page follows what happens."
          checked={isLive}
          onChange={(on) => live.setEnabled(on)}
        />
        <Toggle
          id="browser-keys"
          label="Single-key shortcuts"
          note="Such as j, k and a; press ? to see them all."
          checked={hasKeys}
          onChange={(on) => {
            shortcuts.setEnabled(on);
            setHasKeys(on);
          }}
        />
      </div>
    </section>
  );
}

function Toggle({
  id,
  label,
  note,
  checked,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly note: string;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}): JSX.Element {
  return (
    <div class="setting" data-kind="switch">
      <label class="setting-label" for={id}>
        {label}
      </label>
      <div class="setting-value">
        <span class="switch">
          <input
            id={id}
            type="checkbox"
            role="switch"
            checked={checked}
            aria-describedby={`${id}-note`}
            onChange={({ currentTarget }) => onChange(currentTarget.checked)}
          />
          <span aria-hidden="true">{checked ? 'On' : 'Off'}</span>
        </span>
      </div>
      <p id={`${id}-note`} class="setting-note">
        {note}
      </p>
    </div>
  );
}
