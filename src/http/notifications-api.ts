import { toTimestamp } from '../core/clock.ts';
import {
  NOTIFICATION_CHANNELS,
  type NotificationChannel,
  type NotificationEvent,
} from '../core/notification-event.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { refusedAction, type Access, type Acted } from './access.ts';
import { describeIssues } from './api-shapes.ts';
import { readOptionalJson } from './body.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { TestBody, type NotificationsView, type TestAnswer, type TestResult } from './notification-shapes.ts';
import { problem, type Problem } from './problem.ts';

/** A target without its address. */
export interface TargetState {
  readonly id: string;
  readonly channel: NotificationChannel;
  readonly waiting: number;
  readonly failures: number;
  readonly trouble?: string | undefined;
}

export interface DeadLetter {
  readonly id: string;
  readonly target: string;
  readonly channel: NotificationChannel;
  readonly event: NotificationEvent;
  readonly workload: {
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly container?: string;
  };
  readonly updateRequestName?: string | undefined;
  readonly reason: string;
  readonly attempts: number;
  /** In milliseconds since the Unix epoch. */
  readonly atMs: number;
}

export interface Notifications {
  targets(): readonly TargetState[];
  /** The newest first. */
  deadLetters(): readonly DeadLetter[];
  /** One try to send a test message; undefined if there is no such target. */
  test(target: string): Promise<{ readonly outcome: string; readonly reason?: string } | undefined>;
}

export interface NotificationsDependencies {
  readonly notifications: Notifications;
  readonly access: Access;
  /** Where Headwind itself runs. */
  readonly ownNamespace: string;
  /** Answers with the problem that an expected failure stands for. */
  readonly explained: (c: EdgeContext, run: () => Promise<Response>) => Promise<Response>;
  /** Which namespaces the caller may see; all of them without it. */
  readonly narrowed: (
    c: EdgeContext,
    filter: object,
  ) => Promise<Result<{ readonly visible?: ((namespace: string) => boolean) | undefined }, Problem>>;
}

const MAX_BODY_BYTES = 16 * 1024;
const TEST_PATHS = ['/api/v1/notifications/test', '/api/v1/settings/test-notification'];
/** As the messages have always spelled them. */
const LABELS: Readonly<Record<NotificationChannel, string>> = {
  slack: 'Slack',
  teams: 'Teams',
  webhook: 'Webhook',
};

/** `GET /api/v1/notifications`, and a test message by two paths, of which the second is the older. */
export function mountNotifications(app: EdgeApp, dependencies: NotificationsDependencies): void {
  const { notifications, access, ownNamespace, explained, narrowed } = dependencies;

  app.get('/api/v1/notifications', (c) =>
    explained(c, async () => {
      const filter = await narrowed(c, {});
      if (!filter.ok) return refuse(c, filter.error);
      const { visible = () => true } = filter.value;
      // Where messages go is a setting; what became of them belongs to whoever may see the request.
      const settings = await access.may(c, { verb: 'get', resource: 'settings', namespace: ownNamespace });
      if (!settings.ok && settings.error.code !== 'HW_FORBIDDEN') return refuse(c, settings.error);
      const view: NotificationsView = {
        targets: (settings.ok ? notifications.targets() : []).map(({ trouble, ...target }) => ({
          ...target,
          ...(trouble === undefined ? {} : { trouble }),
        })),
        deadLetters: notifications
          .deadLetters()
          .filter(({ workload }) => visible(workload.namespace))
          .map(({ workload, updateRequestName, atMs, ...letter }) => ({
            ...letter,
            ...workload,
            ...(updateRequestName === undefined ? {} : { updateRequest: updateRequestName }),
            at: toTimestamp(atMs),
          })),
      };
      return c.json(view);
    }),
  );

  for (const path of TEST_PATHS)
    access.action(
      app,
      {
        path,
        action: 'test_notification',
        subject: () => ({ namespace: ownNamespace, name: 'notifications', kind: 'Settings' }),
        right: ({ namespace }) => ({ verb: 'update', resource: 'settings', namespace }),
      },
      async (c) => {
        const wish = await readWish(c);
        if (!wish.ok) return refusedAction(c, wish.error);
        const chosen = choose(notifications.targets(), wish.value);
        if (!chosen.ok) return refusedAction(c, chosen.error);
        const results = await Promise.all(chosen.value.map((target) => testOne(notifications, target)));
        return answer(c, results);
      },
    );
}

interface Wish {
  readonly channel: NotificationChannel | undefined;
  readonly target: string | undefined;
}

async function readWish(c: EdgeContext): Promise<Result<Wish, Problem>> {
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = TestBody.safeParse(json.value ?? {});
  if (!body.success) {
    const expected = 'The body may be {"channel"?: "slack"|"teams"|"webhook", "target"?: string}';
    return fail(problem('HW_UNEXPECTED_SHAPE', `${expected}; ${describeIssues(body.error)}.`));
  }
  const { target, type } = body.data;
  const wanted = body.data.channel ?? type;
  const channel = NOTIFICATION_CHANNELS.find((known) => known === wanted);
  if (channel === undefined && (wanted !== undefined || target === undefined)) {
    const detail = "Invalid notification type. Must be 'slack', 'teams', or 'webhook'";
    return fail(problem('HW_UNKNOWN_CHANNEL', detail));
  }
  return ok({ channel, target });
}

/** The targets that the wish is about; the problem where there are none. */
function choose(
  targets: readonly TargetState[],
  { channel, target }: Wish,
): Result<readonly TargetState[], Problem> {
  const ofChannel = targets.filter((known) => channel === undefined || known.channel === channel);
  const chosen = ofChannel.filter(({ id }) => target === undefined || id === target);
  if (chosen.length > 0) return ok(chosen);
  const what = channel === undefined ? 'Notifications' : LABELS[channel];
  const known = ofChannel.map(({ id }) => id).join(', ');
  const why =
    known === '' ? 'there is no such target' : `there is no target ${target ?? ''}; there are: ${known}`;
  return fail(problem('HW_TARGET_NOT_CONFIGURED', `${what} not configured: ${why}`));
}

async function testOne(notifications: Notifications, { id, channel }: TargetState): Promise<TestResult> {
  const verdict = await notifications.test(id);
  if (verdict?.outcome === 'delivered') return { target: id, channel, result: 'delivered' };
  return { target: id, channel, result: 'failed', reason: verdict?.reason ?? 'the target is gone' };
}

function answer(c: EdgeContext, results: readonly TestResult[]): Acted {
  const labels = [...new Set(results.map(({ channel }) => LABELS[channel]))].join(', ');
  const failed = results.filter(({ result }) => result === 'failed');
  if (failed.length > 0) {
    const whys = failed.map(({ target, reason = '' }) => `${target}: ${reason}`).join('; ');
    return refusedAction(
      c,
      problem('HW_NOTIFICATION_FAILED', `Failed to send ${labels} notification: ${whys}`),
    );
  }
  const message = `Test ${labels === LABELS.webhook ? 'webhook' : labels} notification sent successfully`;
  const body: TestAnswer = { message, results };
  return { response: c.json(body), result: 'success', reason: message };
}
