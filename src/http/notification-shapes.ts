import { z } from 'zod';
import { NOTIFICATION_CHANNELS, NOTIFICATION_EVENTS } from '../core/notification-event.ts';

/** The shapes of notifications: what the API takes, and what it answers. Addresses and secrets are in none of them. */

const Channel = z.enum(NOTIFICATION_CHANNELS);

const TargetShape = z.object({
  id: z.string(),
  channel: Channel,
  waiting: z.int().describe('UpdateRequests of which this replica has still to tell it'),
  failures: z.int().describe('Tries since the last one that succeeded'),
  trouble: z.string().optional().describe('Why the last try failed'),
});
export type TargetShape = z.infer<typeof TargetShape>;

const DeadLetterShape = z.object({
  id: z.string().describe('X-Headwind-Delivery'),
  target: z.string(),
  channel: Channel,
  event: z.enum(NOTIFICATION_EVENTS),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  container: z.string().optional(),
  updateRequest: z.string().optional(),
  reason: z.string(),
  attempts: z.int(),
  at: z.string().describe('When it was given up'),
});
export type DeadLetterShape = z.infer<typeof DeadLetterShape>;

/** What `GET /api/v1/notifications` answers. */
export const NotificationsView = z.object({
  targets: z.array(TargetShape).readonly(),
  deadLetters: z
    .array(DeadLetterShape)
    .readonly()
    .describe('What was given up since this replica started, the newest first, 200 at most'),
});
export type NotificationsView = z.infer<typeof NotificationsView>;

const MAX_TEXT = 256;

/** The body of a test: a channel, or one target. `type` is the older name of `channel`. */
export const TestBody = z.object({
  channel: z
    .string()
    .max(MAX_TEXT)
    .optional()
    .describe('slack, teams or webhook: all targets of the channel'),
  type: z.string().max(MAX_TEXT).optional().describe('The same as channel'),
  target: z.string().max(MAX_TEXT).optional().describe('Only the target of this id'),
});
export type TestBody = z.infer<typeof TestBody>;

const TestResult = z.object({
  target: z.string(),
  channel: Channel,
  result: z.enum(['delivered', 'failed']),
  reason: z.string().optional().describe('Why it failed'),
});
export type TestResult = z.infer<typeof TestResult>;

/** What a test answers that went well. */
export const TestAnswer = z.object({ message: z.string(), results: z.array(TestResult).readonly() });
export type TestAnswer = z.infer<typeof TestAnswer>;
