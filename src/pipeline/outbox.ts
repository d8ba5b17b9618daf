import { toTimestamp, type Clock } from '../core/clock.ts';
import { creationEvent, decisionOf, withCreationOwed, withOwed, type Audience } from '../core/notices.ts';
import type { NotificationEvent } from '../core/notification-event.ts';
import type { UpdateRequest, UpdateRequestStatus } from '../core/update-request.ts';
import type { Notification } from '../notifications/notification.ts';
import { notificationOf, type Links, type Told } from './notification-of.ts';
import type { Outbox } from './request-store.ts';

export interface NoticeOutboxOptions {
  /** The ids of the targets that take a notification. */
  readonly targetsFor: (notification: Notification) => readonly string[];
  readonly links: Links;
  readonly clock: Pick<Clock, 'now'>;
}

export interface NoticeOutbox extends Outbox {
  /**
   * Is told how a request was and is. Where a person has decided past Headwind, it remembers which targets were there
   * and says that there is something to write.
   */
  saw(before: UpdateRequest | undefined, request: UpdateRequest): boolean;
  forget(uid: string): void;
  /** The status as it should be written because of such a decision; undefined where there is nothing to add. */
  pastUs(request: UpdateRequest): UpdateRequestStatus | undefined;
}

/** Decides at every write of a request whom it will have to be told. Without targets it changes nothing. */
export function createNoticeOutbox({ targetsFor, links, clock }: NoticeOutboxOptions): NoticeOutbox {
  // By uid. Invariant: only requests whose decision was seen, had takers, and is not announced yet.
  const witnesses = new Map<string, readonly string[]>();

  const takersOf = (event: NotificationEvent, request: Told): readonly string[] => {
    const at = toTimestamp(clock.now());
    const notification = notificationOf(request, { event, at }, links);
    return notification === undefined ? [] : targetsFor(notification);
  };
  const audience = (): Audience => ({
    takersOf,
    witnessesOf: ({ metadata }) => witnesses.get(metadata.uid) ?? [],
    nowMs: clock.now(),
  });

  return {
    atCreation(request) {
      const { metadata, spec } = request;
      const told: Told = { spec, metadata: { ...metadata, uid: '' }, status: { phase: 'Pending' } };
      return withCreationOwed(request, takersOf(creationEvent(spec), told));
    },
    atChange: (request, status) => withOwed(request, status, audience()),
    saw(before, request) {
      const event = decisionOf(request);
      if (event === undefined) {
        witnesses.delete(request.metadata.uid);
        return false;
      }
      if (before?.metadata.uid !== request.metadata.uid || before.status.phase !== 'Pending') return false;
      const takers = takersOf(event, request);
      if (takers.length > 0) witnesses.set(request.metadata.uid, takers);
      return takers.length > 0;
    },
    forget: (uid) => void witnesses.delete(uid),
    pastUs(request) {
      const status = withOwed(request, request.status, audience());
      return status === request.status ? undefined : status;
    },
  };
}
