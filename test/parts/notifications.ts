import fc from 'fast-check';
import { NOTIFICATION_EVENTS } from '../../src/core/notification-event.ts';
import type { Notification } from '../../src/notifications/notification.ts';
import type { SlackTarget, TeamsTarget, WebhookTarget } from '../../src/notifications/target.ts';
import { NOON } from '../builders.ts';

/** A request for Deployment production/nginx from nginx:1.25.0 to nginx:1.26.0 that waits for approval. */
export function aNotification(change: Partial<Notification> = {}): Notification {
  const event = change.event ?? 'update_request_created';
  return {
    id: `uid-1.${event}`,
    event,
    timestampMs: NOON,
    workload: { kind: 'Deployment', namespace: 'production', name: 'nginx', container: 'nginx' },
    currentImage: 'nginx:1.25.0',
    newImage: 'nginx:1.26.0',
    policy: 'minor',
    requiresApproval: true,
    approvalUrl: 'http://localhost:8081/api/v1/updates/production/nginx-update-1-26-0/approve',
    uiUrl: 'https://headwind.example.com/updates/production/nginx-update-1-26-0',
    updateRequestName: 'nginx-update-1-26-0',
    ...change,
  };
}

/** Notification number `index` of a burst, each of a request of its own. */
export function oneOfMany(index: number, change: Partial<Notification> = {}): Notification {
  const event = change.event ?? 'update_completed';
  return aNotification({
    ...change,
    event,
    id: `uid-${index}.${event}`,
    workload: { kind: 'Deployment', namespace: 'shop', name: `app-${index}` },
    updateRequestName: `app-${index}-1`,
  });
}

const BASE = {
  filter: { namespaces: [], kinds: [], events: [] },
  timeoutMs: 10_000,
  maxRetries: 3,
  retryForMs: 3_600_000,
  allowLinkLocal: false,
};

export function aSlackTarget(change: Partial<SlackTarget> = {}): SlackTarget {
  return {
    ...BASE,
    channel: 'slack',
    id: 'slack',
    url: 'https://hooks.slack.example/services/T0/B0/hunter2',
    perSecond: 1,
    username: 'Headwind',
    iconEmoji: ':robot_face:',
    interactive: false,
    ...change,
  };
}

export function aTeamsTarget(change: Partial<TeamsTarget> = {}): TeamsTarget {
  const url = 'https://prod-1.logic.example/workflows/1/triggers/manual/paths/invoke?sig=hunter2';
  return { ...BASE, channel: 'teams', id: 'teams', url, perSecond: 4, ...change };
}

export function aWebhookTarget(change: Partial<WebhookTarget> = {}): WebhookTarget {
  const url = 'https://receiver.example/notifications/hunter2';
  return { ...BASE, channel: 'webhook', id: 'webhook', url, perSecond: 20, ...change };
}

/** Texts of people who mean no good: mentions, Markdown, ends of code spans, entities, directions, long names. */
const evilText = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|x>',
    '<@U012AB3CD>',
    '<https://evil.example|nginx>',
    '@here',
    '@channel @everyone',
    '`<!channel>`',
    '```\n<!channel>\n```',
    '&lt;!channel&gt;',
    '<at>Everyone</at>',
    '&lt;at&gt;Everyone&lt;/at&gt;',
    '[nginx](https://evil.example)',
    '![x](https://evil.example/x.png)',
    '**bold** _it_ ~~no~~ # head',
    '- list',
    '1. list',
    '\u202Egnp.exe\u202C',
    'a\u0000b\r\nc\u2028d',
    '\uD800',
    'x'.repeat(5000),
    '&<>'.repeat(2000),
    '😀'.repeat(3000),
  ),
  fc.constant('"\\'.repeat(3000)),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom(
      '<',
      '>',
      '&',
      '`',
      '!',
      '@',
      '|',
      '*',
      '_',
      '~',
      '[',
      ']',
      '(',
      ')',
      'a',
      ' ',
      '\n',
      '\\',
      '#',
      '-',
      '1',
      '.',
    ),
    maxLength: 60,
  }),
);
const evil = fc.array(evilText, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));

/** Notifications whose every text means no good. */
export const hostileNotification: fc.Arbitrary<Notification> = fc
  .record({
    event: fc.constantFrom(...NOTIFICATION_EVENTS),
    timestampMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
    workload: fc.record(
      { kind: evil, namespace: evil, name: evil, container: evil },
      { requiredKeys: ['kind', 'namespace', 'name'] },
    ),
    currentImage: evil,
    newImage: evil,
    requiresApproval: fc.boolean(),
    texts: fc.record(
      {
        policy: evil,
        uiUrl: fc.oneof(
          evil,
          fc.webUrl(),
          evil.map((text) => `https://headwind.example/${text}`),
        ),
        approvedBy: evil,
        rejectionReason: evil,
        errorMessage: evil,
        updateRequestName: evil,
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ texts, ...rest }) => ({ ...rest, ...texts, id: `uid-1.${rest.event}` }));
