import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useServices } from './services.ts';

/** What is known of something on the server. `stale`: it could not be read anew, and is what it was. */
export type Resource<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | {
      readonly kind: 'ready';
      readonly value: T;
      /** Where it was read from. */
      readonly path: string;
      readonly atMs: number;
      readonly stale: boolean;
    };

/**
 * Reads `path`, and reads it anew whenever something has changed. What is shown stays until the new is there, also that
 * of the path before.
 */
export function useResource<T>(path: string): {
  readonly resource: Resource<T>;
  readonly reload: () => void;
} {
  const { api, live } = useServices();
  const [resource, setResource] = useState<Resource<T>>({ kind: 'loading' });
  const running = useRef<AbortController>(undefined);

  const reload = useCallback(() => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    api.get<T>(path, controller.signal).then(
      (value) => setResource({ kind: 'ready', value, path, atMs: Date.now(), stale: false }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setResource((before) =>
          before.kind === 'ready' && before.path === path
            ? { ...before, stale: true }
            : { kind: 'failed', error },
        );
      },
    );
  }, [api, path]);

  useEffect(() => {
    reload();
    const stop = live.onChange(reload);
    return () => {
      stop();
      running.current?.abort();
    };
  }, [live, reload]);
  return { resource, reload };
}
