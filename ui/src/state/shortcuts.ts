import type { Flag } from './flag.ts';

/** One key, or two one after the other (`g u`), that does something. */
export interface Shortcut {
  /** As `KeyboardEvent.key` names them, with blanks between them. */
  readonly keys: string;
  /** What it does, for the help. */
  readonly label: string;
  readonly run: () => void;
}

export interface ShortcutRegistry {
  /** Adds shortcuts until the returned function is called; of equal keys, the latest wins. */
  add(shortcuts: readonly Shortcut[]): () => void;
  /** Takes a key that was pressed; whether it was meant for a shortcut. */
  press(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target'>): boolean;
  /** All that are there now, for the help. */
  list(): readonly Shortcut[];
  setEnabled(enabled: boolean): void;
  isEnabled(): boolean;
}

/** How long the second of two keys may take, in milliseconds. */
const SEQUENCE_MS = 1000;

/** Single keys can be switched off, since they hinder people who speak to their browser (WCAG 2.1.4). */
export function createShortcutRegistry(now: () => number, singleKeys: Flag): ShortcutRegistry {
  const groups: (readonly Shortcut[])[] = [];
  let prefix = '';
  let prefixAtMs = 0;

  const list = (): readonly Shortcut[] => {
    const byKeys = new Map<string, Shortcut>();
    for (const group of groups) for (const shortcut of group) byKeys.set(shortcut.keys, shortcut);
    return [...byKeys.values()];
  };

  return {
    list,
    isEnabled: () => singleKeys.get(),
    setEnabled: (on) => singleKeys.set(on),
    add(shortcuts) {
      groups.push(shortcuts);
      return () => {
        const index = groups.indexOf(shortcuts);
        if (index >= 0) groups.splice(index, 1);
      };
    },
    press({ key, ctrlKey, metaKey, altKey, target }) {
      if (!singleKeys.get() || ctrlKey || metaKey || altKey || isTyping(target)) return false;
      const before = now() - prefixAtMs <= SEQUENCE_MS ? prefix : '';
      prefix = '';
      const known = list();
      const found =
        known.find(({ keys }) => keys === `${before} ${key}`) ?? known.find(({ keys }) => keys === key);
      if (found !== undefined) {
        found.run();
        return true;
      }
      if (known.some(({ keys }) => keys.startsWith(`${key} `))) {
        prefix = key;
        prefixAtMs = now();
        return true;
      }
      return false;
    },
  };
}

function isTyping(target: EventTarget | null): boolean {
  if (typeof HTMLElement === 'undefined' || !(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}
