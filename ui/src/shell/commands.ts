import type { Shortcut } from '../state/shortcuts.ts';

/** Something that the palette offers. */
export interface Command {
  readonly id: string;
  readonly label: string;
  /** What it is, or the keys that do the same. */
  readonly hint: string;
  readonly run: () => void;
}

const PAGES = [
  { path: '/', label: 'Updates' },
  { path: '/workloads', label: 'Workloads' },
  { path: '/observability', label: 'Observability' },
  { path: '/settings', label: 'Settings' },
  { path: '/?phase=Failed', label: 'Updates that failed' },
  { path: '/workloads?state=blocked', label: 'Workloads that are blocked' },
  { path: '/workloads?state=held', label: 'Workloads with a held version' },
  { path: '/workloads?state=paused', label: 'Workloads that are paused' },
] as const;

/** What can be done without asking the server, under what was typed: every word of it somewhere in the name. */
export function commandsFor(
  text: string,
  shortcuts: readonly Shortcut[],
  navigate: (path: string) => void,
): readonly Command[] {
  const words = text.toLowerCase().split(/\s+/);
  const pages = PAGES.map(({ path, label }) => ({
    id: path,
    label,
    hint: 'Page',
    run: () => navigate(path),
  }));
  const acts = shortcuts
    // Going to pages is there already.
    .filter(({ keys }) => !keys.startsWith('g '))
    .map(({ keys, label, run }) => ({ id: `key ${keys}`, label, hint: keys, run }));
  return [...pages, ...acts].filter(({ label }) => {
    const name = label.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}
