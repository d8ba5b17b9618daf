import type { JSX } from 'preact';
import { createStore, useStore, type Store } from '../state/store.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'ok' | 'danger' | 'plain';
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

export interface Toasts extends Pick<Store<readonly Toast[]>, 'get' | 'subscribe'> {
  /** Shows a toast; one that tells of a failure stays until it is closed. */
  show(toast: Omit<Toast, 'id'>): void;
  close(id: number): void;
}

const STAYS_MS = 6000;
const MAX_SHOWN = 4;

export function createToasts(setTimer: (run: () => void, afterMs: number) => unknown): Toasts {
  const store = createStore<readonly Toast[]>([]);
  let lastId = 0;
  const close = (id: number): void => store.set(store.get().filter((toast) => toast.id !== id));
  return {
    get: () => store.get(),
    subscribe: (listener) => store.subscribe(listener),
    close,
    show(toast) {
      lastId += 1;
      const id = lastId;
      store.set([...store.get(), { ...toast, id }].slice(-MAX_SHOWN));
      if (toast.tone !== 'danger') setTimer(() => close(id), STAYS_MS);
    },
  };
}

/** Where toasts appear; read aloud when they do, without taking the focus. */
export function ToastArea({ toasts }: { readonly toasts: Toasts }): JSX.Element {
  const shown = useStore(toasts);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text, action }) => (
        <div key={id} class={`toast ${tone}`}>
          <p>{text}</p>
          {action !== undefined && (
            <button
              type="button"
              class="button"
              onClick={() => {
                action.run();
                toasts.close(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button
            type="button"
            class="button plain"
            aria-label="Close this message"
            onClick={() => toasts.close(id)}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
