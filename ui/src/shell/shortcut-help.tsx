import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../kit/dialog.tsx';
import { useServices } from '../state/services.ts';

/** All keys that do something on this page, and whether single ones shall. */
export function ShortcutHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { shortcuts } = useServices();
  const [isOn, setIsOn] = useState(shortcuts.isEnabled());
  const all = [...shortcuts.list(), { keys: 'Ctrl+K', label: 'Go to a page, a workload or a request' }];
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {all.map(({ keys, label }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={isOn}
          onChange={({ currentTarget: { checked } }) => {
            shortcuts.setEnabled(checked);
            setIsOn(checked);
          }}
        />{' '}
        Single keys do something
      </label>
    </Dialog>
  );
}
