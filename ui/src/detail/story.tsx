import type { JSX } from 'preact';
import type { UpdateDetail } from '../../../src/http/dashboard-shapes.ts';
import { Time } from '../kit/time.tsx';

type Event = UpdateDetail['story'][number];

const TONES: Readonly<Record<Event['what'], string>> = {
  proposed: 'accent',
  verified: 'ok',
  unverified: 'warn',
  approved: 'violet',
  waits: 'warn',
  applied: 'accent',
  healthy: 'ok',
  unhealthy: 'danger',
  watched: '',
  ended: 'danger',
};

/** What happened, from the first signal on. */
export function Story({ events }: { readonly events: readonly Event[] }): JSX.Element {
  return (
    <ol class="story">
      {events.map(({ what, title, detail, at }) => (
        <li key={what} class={TONES[what]}>
          <div>
            <strong>{title}</strong>{' '}
            <span class="quiet">
              <Time at={at} />
            </span>
          </div>
          {detail !== undefined && <div class="quiet story-detail">{detail}</div>}
        </li>
      ))}
    </ol>
  );
}
