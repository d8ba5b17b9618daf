import { toTimestamp } from '../core/clock.ts';
import { creationEvent, transitionEvent } from '../core/notices.ts';
import type { NotificationEvent } from '../core/notification-event.ts';
import { isFinished } from '../core/request-machine.ts';
import type { Notice, UpdateRequest } from '../core/update-request.ts';
import type { Notification } from '../notifications/notification.ts';
import {
  renderSlackDecision,
  type SlackAnswered,
  type SlackInteraction,
} from '../notifications/slack-interaction.ts';

/** What is told of an event of a request; undefined where nothing can be. */
export type Tell = (request: UpdateRequest, notice: Pick<Notice, 'event' | 'at'>) => Notification | undefined;

/** The event that a request as it stands is told by. */
function eventOf({ spec, status }: UpdateRequest): NotificationEvent {
  return transitionEvent(spec, status) ?? creationEvent(spec);
}

/**
 * The message in place of one whose request somebody has decided about: as the request stands now. `by` names the
 * person where it is the one who has just pressed.
 */
export function renderState(
  request: UpdateRequest,
  { tell, nowMs, by, outcome }: { tell: Tell; nowMs: number; by?: string; outcome?: string | undefined },
): string | undefined {
  const notification = tell(request, { event: eventOf(request), at: toTimestamp(nowMs) });
  if (notification === undefined) return undefined;
  const decision = decisionOf(request, nowMs);
  return renderSlackDecision(notification, {
    ...(decision === undefined ? {} : { decision: { ...decision, by: by ?? decision.by } }),
    outcome: outcome ?? outcomeOf(request),
  });
}

function decisionOf({ status }: UpdateRequest, nowMs: number): SlackAnswered['decision'] {
  const { approvedBy, approvedAt, rejectedBy, rejectedAt } = status;
  const made = (action: SlackInteraction['action'], by: string, at: string | undefined) => {
    const atMs = Date.parse(at ?? '');
    return { action, by, atMs: Number.isNaN(atMs) ? nowMs : atMs };
  };
  if (status.phase === 'Rejected') return made('reject', rejectedBy ?? 'somebody', rejectedAt);
  return approvedBy === undefined ? undefined : made('approve', approvedBy, approvedAt);
}

/** What has come of a request, beyond who decided. */
function outcomeOf({ status }: UpdateRequest): string | undefined {
  if (!isFinished(status.phase) || status.phase === 'Rejected') return undefined;
  return status.message ?? status.phase;
}

/** The sentence for somebody whose button came too late. */
export function tooLate(request: UpdateRequest): string {
  const { phase, message = phase } = request.status;
  const decision = decisionOf(request, 0);
  const done = decision?.action === 'approve' ? 'approved' : 'rejected';
  const who = decision === undefined ? undefined : `It has been ${done} by ${decision.by}`;
  if (phase === 'Approved') return `Nothing was done: ${who ?? 'It has been approved'} already.`;
  if (phase === 'Rejected') return `Nothing was done: ${who ?? 'It has been rejected'} already (${message}).`;
  const state = `The request is ${phase}: ${message}`;
  return `Nothing was done: ${who === undefined ? state : `${who} already. ${state}`}`;
}
