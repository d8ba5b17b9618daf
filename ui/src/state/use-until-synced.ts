import { useEffect } from 'preact/hooks';

const AGAIN_MS = 2000;

/** Reads anew every two seconds while Headwind does not know all of the cluster yet. */
export function useUntilSynced(synced: boolean | undefined, reload: () => void): void {
  useEffect(() => {
    if (synced !== false) return undefined;
    const timer = setInterval(reload, AGAIN_MS);
    return () => clearInterval(timer);
  }, [synced, reload]);
}
