import { createStore, type Store } from './store.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'headwind.theme';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** What may be kept in a browser, and fails where it keeps nothing. */
export type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export interface ThemeChoice extends Pick<Store<Theme>, 'get' | 'subscribe'> {
  choose(theme: Theme): void;
  /** System, light, dark, and from the start again. */
  next(): void;
}

/** Which theme was chosen; public/theme.js applies it before the first paint. */
export function createThemeChoice(keep: Keep, root: HTMLElement): ThemeChoice {
  const store = createStore<Theme>(read(keep));
  const choose = (theme: Theme): void => {
    store.set(theme);
    write(keep, theme);
    if (theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
  };
  return {
    get: () => store.get(),
    subscribe: (listener) => store.subscribe(listener),
    choose,
    next: () => choose(THEMES[(THEMES.indexOf(store.get()) + 1) % THEMES.length] ?? 'system'),
  };
}

function read(keep: Keep): Theme {
  try {
    return THEMES.find((theme) => theme === keep.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

function write(keep: Keep, theme: Theme): void {
  try {
    if (theme === 'system') keep.removeItem(KEY);
    else keep.setItem(KEY, theme);
  } catch {
    // Then it is chosen for this visit only.
  }
}
