import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { relativeTime } from './relative-time.ts';

const REFRESH_MS = 30_000;

/** A moment as people say it (`5 min ago`), with the exact one to be read on hovering, and by machines. */
export function Time({ at }: { readonly at: string }): JSX.Element {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const exact = new Date(at);
  return (
    <time dateTime={at} title={exact.toLocaleString()}>
      {relativeTime(exact.getTime(), nowMs)}
    </time>
  );
}
