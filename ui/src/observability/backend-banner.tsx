import type { JSX } from 'preact';
import type { DashboardMetrics } from '../../../src/http/metrics-shapes.ts';
import { Time } from '../kit/time.tsx';

type Backend = DashboardMetrics['backend'];

/** Where the charts come from, and why not from elsewhere. */
export function BackendBanner({ backend }: { readonly backend: Backend }): JSX.Element {
  const { id, name, url, why, stale, newestAt, since, passedOver } = backend;
  return (
    <section
      class={`card backend-banner ${stale ? 'stale-backend' : ''}`}
      aria-label="Where the charts come from"
    >
      <p>
        <span class={`chip ${id === 'live' ? '' : 'ok'}`}>{name}</span>
        <span>
          {why}
          {url !== undefined && (
            <>
              {' '}
              It is at <code>{url}</code>.
            </>
          )}
          {since !== undefined && (
            <>
              {' '}
              It began <Time at={since} />, keeps six hours, and forgets them when it ends.
            </>
          )}
        </span>
      </p>
      {stale && (
        <p class="backend-stale">
          It got the last metrics of Headwind <Time at={newestAt} />. Is port 9090 still being scraped?
        </p>
      )}
      {passedOver.length > 0 && (
        <ul class="passed-over">
          {passedOver.map((one) => (
            <li key={one.name}>
              <strong>{one.name}</strong>
              {one.url !== undefined && (
                <>
                  {' '}
                  at <code>{one.url}</code>
                </>
              )}{' '}
              {one.problem}.
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
