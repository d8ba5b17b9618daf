import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aNotification,
  aSlackTarget,
  hostileNotification,
  oneOfMany,
} from '../../test/parts/notifications.ts';
import { controlsIn, mrkdwnOf, SlackPayload } from '../../test/parts/slack-schema.ts';
import { NOTIFICATION_EVENTS } from '../core/notification-event.ts';
import type { Notification } from './notification.ts';
import { slackChannel } from './slack.ts';
import type { SlackTarget } from './target.ts';

type Some = readonly [Notification, ...Notification[]];

function render(notifications: Some, change: Partial<SlackTarget> = {}): SlackPayload {
  const { body } = slackChannel.render(notifications, aSlackTarget(change), { nowMs: 0 });
  return SlackPayload.parse(JSON.parse(body));
}

function fieldsOf(payload: SlackPayload): readonly string[] {
  return payload.blocks.flatMap((block) =>
    block.type === 'section' ? (block.fields ?? []).map(({ text }) => text) : [],
  );
}

function buttonsOf(payload: SlackPayload) {
  return payload.blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));
}

describe('a Slack message', () => {
  it('holds what was promised, in its order', () => {
    const url = 'https://headwind.example.com/updates/production/nginx-update-1-26-0';
    expect(
      render([aNotification()], { slackChannel: '#deployments', username: 'Bot', iconEmoji: ':rocket:' }),
    ).toEqual({
      channel: '#deployments',
      username: 'Bot',
      icon_emoji: ':rocket:',
      text: 'Update request created: Deployment production/nginx: `nginx:1.25.0` → `nginx:1.26.0`',
      blocks: [
        {
          type: 'header',
          text: {
            type: 'plain_text',
            text: '📦 Update request created: Deployment production/nginx',
            emoji: true,
          },
        },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Namespace:*\nproduction', verbatim: true },
            { type: 'mrkdwn', text: '*Deployment:*\nnginx', verbatim: true },
            { type: 'mrkdwn', text: '*Current Image:*\n`nginx:1.25.0`', verbatim: true },
            { type: 'mrkdwn', text: '*New Image:*\n`nginx:1.26.0`', verbatim: true },
          ],
        },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: '*Container:*\nnginx', verbatim: true },
            { type: 'mrkdwn', text: '*Policy:*\nminor', verbatim: true },
          ],
        },
        {
          type: 'actions',
          elements: [
            {
              type: 'button',
              text: { type: 'plain_text', text: 'View in Dashboard', emoji: true },
              style: 'primary',
              url,
              action_id: 'view_dashboard',
            },
            {
              type: 'button',
              text: { type: 'plain_text', text: 'Approve', emoji: true },
              url,
              action_id: 'approve_update',
            },
          ],
        },
        {
          type: 'context',
          elements: [
            {
              type: 'mrkdwn',
              text: '<!date^1767268800^{date_short_pretty} at {time}|2026-01-01 12:00:00 UTC>',
              verbatim: true,
            },
          ],
        },
      ],
      attachments: [{ color: '#9C27B0', fallback: 'Update request created: Deployment production/nginx' }],
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it.each(
    NOTIFICATION_EVENTS.flatMap((event) =>
      ['Deployment', 'StatefulSet', 'DaemonSet', 'HelmRelease'].map((kind) => [event, kind] as const),
    ),
  )('keeps to the schema for %s of a %s', (event, kind) => {
    const workload = { kind, namespace: 'production', name: 'nginx' };
    const told = { approvedBy: 'alice', rejectionReason: 'not today', errorMessage: 'the pod crashes' };
    const payload = render([aNotification({ event, workload, ...told })]);
    expect(fieldsOf(payload)).toContain('*Error:*\n```the pod crashes```');
    expect(fieldsOf(payload)[1]).toBe(`*${kind === 'HelmRelease' ? 'Helm Release' : kind}:*\nnginx`);
  });

  it('says who rejected', () => {
    const payload = render([
      aNotification({ event: 'update_rejected', approvedBy: 'bob', rejectionReason: 'no' }),
    ]);
    expect(fieldsOf(payload)).toEqual(
      expect.arrayContaining(['*Rejected by:*\nbob', '*Rejection reason:*\nno']),
    );
  });

  it('has buttons that act where the target can answer', () => {
    const buttons = buttonsOf(render([aNotification()], { interactive: true }));
    const value = 'production/nginx-update-1-26-0/uid-1';
    expect(buttons.map(({ action_id, url, value, style }) => ({ action_id, url, value, style }))).toEqual([
      expect.objectContaining({ action_id: 'view_dashboard' }),
      { action_id: 'approve_update', url: undefined, value, style: 'primary' },
      { action_id: 'reject_update', url: undefined, value, style: 'danger' },
    ]);
  });

  it.each([
    ['nothing is asked', { requiresApproval: false }],
    ['it has been approved already', { event: 'update_approved' }],
  ] as const)('offers no approval where %s', (_, change) => {
    for (const interactive of [true, false]) {
      const ids = buttonsOf(render([aNotification(change)], { interactive })).map(
        ({ action_id }) => action_id,
      );
      expect(ids).toEqual(['view_dashboard']);
    }
  });

  it.each([
    ['there is no dashboard', {}],
    ['its address is too long', { uiUrl: `https://headwind.example.com/${'x'.repeat(3000)}` }],
    ['its address is no web address', { uiUrl: 'javascript:alert(1)' }],
  ])('has no links where %s', (_, change) => {
    const { uiUrl: _none, ...rest } = aNotification();
    const payload = render([{ ...rest, ...change }]);
    expect(buttonsOf(payload)).toEqual([]);
    // The API's address takes a POST only.
    expect(JSON.stringify(payload)).not.toContain('/approve"');
  });

  it('keeps a tag in sight where an image is too long', () => {
    const payload = render([aNotification({ newImage: `registry.example/${'x'.repeat(5000)}:1.26.0` })]);
    expect(fieldsOf(payload)[3]).toMatch(/^\*New Image:\*\n`registry\.example\/x+…x+:1\.26\.0`$/);
  });

  it.each([
    ['nginx`<!channel>`:1', '`nginxˋ&lt;!channel&gt;ˋ:1`'],
    ['<@U012AB3CD>', '`&lt;@U012AB3CD&gt;`'],
    ['a\n```b', '`a ˋˋˋb`'],
    ['\u202Eevil', '`evil`'],
  ])('shows the image %j as %s', (newImage, expected) => {
    expect(fieldsOf(render([aNotification({ newImage })]))[3]).toBe(`*New Image:*\n${expected}`);
  });

  it('never leaves the schema, never mentions and never links, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.array(hostileNotification, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        (many, interactive) => {
          const [first, ...others] = many;
          if (first === undefined) return;
          const payload = render([first, ...others], { interactive });
          for (const text of mrkdwnOf(payload)) {
            for (const control of controlsIn(text))
              expect(control).toMatch(/^<(?:!date\^\d+\^|https?:\/\/[^<>|\s]+\|open>)/);
            // Code spans and blocks are closed, so that nothing runs out of them.
            expect((text.match(/`/g) ?? []).length % 2).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a Slack group', () => {
  it('lists all of 40 in their order', () => {
    const [first = oneOfMany(0), ...others] = Array.from({ length: 40 }, (_, index) =>
      oneOfMany(index, index === 7 ? { event: 'rollback_failed', errorMessage: 'no rights' } : {}),
    );
    const payload = render([first, ...others]);
    const text = mrkdwnOf(payload).join('\n');
    expect(payload.blocks[0]).toMatchObject({
      text: { text: '💥 40 notifications: 39 × Update completed, 1 × Rollback failed' },
    });
    expect(payload.attachments[0]?.color).toBe('#F44336');
    const named = [...text.matchAll(/shop\/(app-\d+) /g)].map(([, name]) => name);
    expect(named).toEqual(Array.from({ length: 40 }, (_, index) => `app-${index}`));
    expect(text).toContain('(no rights)');
    expect(text).toContain('<https://headwind.example.com/updates/production/nginx-update-1-26-0|open>');
  });

  it('counts what does not fit', () => {
    const long = {
      newImage: '&'.repeat(400),
      errorMessage: '&'.repeat(400),
      uiUrl: `https://h.example/${'x'.repeat(450)}`,
    };
    const [first = oneOfMany(0), ...others] = Array.from({ length: 40 }, (_, index) =>
      oneOfMany(index, long),
    );
    const text = mrkdwnOf(render([first, ...others])).join('\n');
    const listed = [...text.matchAll(/shop\/app-/g)].length;
    expect(listed).toBeLessThan(40);
    expect(text).toContain(`… and ${40 - listed} more`);
  });
});
