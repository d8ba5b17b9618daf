import type { Clock } from '../core/clock.ts';
import type { UpdateRequest } from '../core/update-request.ts';

/** An instant, by the machine's clock and by the one that nobody sets; both in milliseconds. */
export interface Moment {
  readonly nowMs: number;
  readonly elapsedMs: number;
}

/** When the API server itself was last asked about a version of a request. */
export interface Hearing {
  now(): Moment;
  /** Notes that the API server answered with this version, asked at that moment. */
  note(request: UpdateRequest, asked: Moment): void;
  /** Whether that was so recently that it is believed without asking. */
  isRecent(request: UpdateRequest): boolean;
}

/** Less than anybody else needs to take over the lead, finish the request and lose the lead again. */
const BELIEVED_MS = 2000;

/** Makes one that has heard nothing yet; it holds no request for longer than anybody else does. */
export function createHearing(clock: Pick<Clock, 'now' | 'elapsed'>): Hearing {
  const heardAt = new WeakMap<UpdateRequest, Moment>();
  const now = (): Moment => ({ nowMs: clock.now(), elapsedMs: clock.elapsed() });
  return {
    now,
    note: (request, asked) => heardAt.set(request, asked),
    isRecent(request) {
      const heard = heardAt.get(request);
      if (heard === undefined) return false;
      const { nowMs, elapsedMs } = now();
      // By both clocks: the one may have been set meanwhile, and the other stands still while the machine sleeps.
      return [nowMs - heard.nowMs, elapsedMs - heard.elapsedMs].every(
        (agoMs) => agoMs >= 0 && agoMs <= BELIEVED_MS,
      );
    },
  };
}
