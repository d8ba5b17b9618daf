import type { JSX } from 'preact';
import { useServices } from '../state/services.ts';
import { useStore } from '../state/store.ts';
import { exactTime, relativeTime } from './relative-time.ts';

/** A moment that has been, as people say it (`5 min ago`), with the exact one to be read on hovering, and by machines. */
export function Time({ at }: { readonly at: string }): JSX.Element {
  const nowMs = useStore(useServices().now);
  const exact = new Date(at);
  // Its clock goes in steps: what has just happened is not to come.
  const atMs = Math.min(exact.getTime(), nowMs);
  return (
    <time dateTime={at} title={exact.toLocaleString()}>
      {relativeTime(atMs, nowMs)}
    </time>
  );
}

/** The same with the exact moment beside it, for what one plans by: `in 4 min, at 14:05`. */
export function PlannedTime({ at }: { readonly at: string }): JSX.Element {
  const nowMs = useStore(useServices().now);
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={new Date(atMs).toLocaleString()}>
      {`${relativeTime(atMs, nowMs)}, ${exactTime(atMs, nowMs)}`}
    </time>
  );
}
