import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markdownOf, TeamsPayload } from '../../test/parts/adaptive-card-schema.ts';
import {
  aNotification,
  aTeamsTarget,
  hostileNotification,
  oneOfMany,
} from '../../test/parts/notifications.ts';
import { NOTIFICATION_EVENTS } from '../core/notification-event.ts';
import type { Notification } from './notification.ts';
import { teamsChannel } from './teams.ts';

type Some = readonly [Notification, ...Notification[]];

function bodyOf(notifications: Some): string {
  return teamsChannel.render(notifications, aTeamsTarget(), { nowMs: 0 }).body;
}

function render(notifications: Some): TeamsPayload {
  return TeamsPayload.parse(JSON.parse(bodyOf(notifications)));
}

function factsOf({ attachments: [{ content }] }: TeamsPayload): Readonly<Record<string, string>> {
  return Object.fromEntries(
    content.body.flatMap((part) =>
      part.type === 'FactSet' ? part.facts.map(({ title, value }) => [title, value] as const) : [],
    ),
  );
}

function outputsOf({ attachments: [{ content }] }: TeamsPayload): readonly string[] {
  return content.body.flatMap((part) =>
    part.type === 'RichTextBlock' ? part.inlines.map(({ text }) => text) : [],
  );
}

describe('a Teams card', () => {
  it('holds what was promised', () => {
    const payload = render([aNotification()]);
    const url = 'https://headwind.example.com/updates/production/nginx-update-1-26-0';
    expect(factsOf(payload)).toEqual({
      Namespace: 'production',
      Deployment: 'nginx',
      'Current Image': 'nginx:1.25.0',
      'New Image': 'nginx:1.26.0',
      Container: 'nginx',
      Policy: 'minor',
    });
    expect(payload.attachments[0].content.actions).toEqual([
      { type: 'Action.OpenUrl', title: 'View in Dashboard', url },
      { type: 'Action.OpenUrl', title: 'Approve', url },
    ]);
    expect(markdownOf(payload)).toEqual(
      expect.arrayContaining([
        '📦 Update request created: Deployment production/nginx',
        'Event: update.request.created, 2026-01-01T12:00:00Z',
      ]),
    );
  });

  it.each(
    NOTIFICATION_EVENTS.flatMap((event) =>
      ['Deployment', 'StatefulSet', 'DaemonSet', 'HelmRelease'].map((kind) => [event, kind] as const),
    ),
  )('keeps to the schema for %s of a %s', (event, kind) => {
    const workload = { kind, namespace: 'production', name: 'nginx' };
    const payload = render([
      aNotification({
        event,
        workload,
        rejectionReason: 'not *today*',
        errorMessage: 'first line\nsecond line',
      }),
    ]);
    expect(factsOf(payload)[kind === 'HelmRelease' ? 'Helm Release' : kind]).toBe('nginx');
    expect(outputsOf(payload)).toEqual(['first line\nsecond line']);
  });

  it('has no actions without a dashboard', () => {
    const { uiUrl: _none, ...rest } = aNotification();
    expect(render([rest]).attachments[0].content.actions).toBeUndefined();
  });

  it.each([
    ['<at>Everyone</at>', '‹at›Everyone‹/at›'],
    ['&lt;at&gt;x&lt;/at&gt;', '＆lt;at＆gt;x＆lt;/at＆gt;'],
    ['[nginx](https://evil.example)', '［nginx］(https:∕∕evil.example)'],
    ['**bold**', '∗∗bold∗∗'],
    ['_it_', 'ˍitˍ'],
    ['my_image_name:1.0-rc_1', 'my_image_name:1.0-rc_1'],
    ['reg:5000/x/nginx:1.25@sha256:0a1b', 'reg:5000/x/nginx:1.25@sha256:0a1b'],
    ['a\nb', 'a b'],
    ['- item', '‐ item'],
    ['1. item', '1․ item'],
    ['# head', '＃ head'],
  ])('shows the image %j as %s', (newImage, expected) => {
    expect(factsOf(render([aNotification({ newImage })]))['New Image']).toBe(expected);
  });

  it('never leaves the schema or the limit, never mentions, formats or links, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(hostileNotification, { minLength: 1, maxLength: 8 }), (many) => {
        const [first, ...others] = many;
        if (first === undefined) return;
        const body = bodyOf([first, ...others]);
        expect(Math.max(body.length * 2, Buffer.byteLength(body))).toBeLessThanOrEqual(28 * 1024);
        for (const text of markdownOf(TeamsPayload.parse(JSON.parse(body)))) {
          // Headwind's own link at the end of a line in a group is the only thing of the kind.
          const words = text.replace(/ \[open\]\(https?:\/\/[^()[\]\s]+\)$/, '');
          expect(words).not.toMatch(/[<>&`*~[\]\\]|:\/\//);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a Teams group', () => {
  it('lists all of 40 in their order, in the colour of the gravest', () => {
    const [first = oneOfMany(0), ...others] = Array.from({ length: 40 }, (_, index) =>
      oneOfMany(index, index === 3 ? { event: 'rollback_triggered', errorMessage: 'it crashes' } : {}),
    );
    const payload = render([first, ...others]);
    const text = markdownOf(payload).join('\n');
    const named = [...text.matchAll(/shop\/(app-\d+) /g)].map(([, name]) => name);
    expect(named).toEqual(Array.from({ length: 40 }, (_, index) => `app-${index}`));
    expect(payload.attachments[0].content.body[0]).toMatchObject({ type: 'Container', style: 'warning' });
    expect(text).toContain('(it crashes)');
  });

  it('counts what does not fit', () => {
    const [first = oneOfMany(0), ...others] = Array.from({ length: 40 }, (_, index) =>
      oneOfMany(index, {
        newImage: 'x'.repeat(400),
        errorMessage: 'y'.repeat(400),
        uiUrl: `https://h.example/${'z'.repeat(400)}`,
      }),
    );
    const body = bodyOf([first, ...others]);
    const listed = [...body.matchAll(/shop\/app-/g)].length;
    expect(listed).toBeLessThan(40);
    expect(body).toContain(`… and ${40 - listed} more`);
    expect(body.length * 2).toBeLessThanOrEqual(28 * 1024);
  });
});

describe('an answer of an older connector', () => {
  it.each([
    ['1', undefined],
    ['Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429', 'later'],
    ['Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 503', 'later'],
    [
      'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413',
      'refused',
    ],
    ['Webhook message delivery failed', 'later'],
  ])('%s is %s', (text, outcome) => {
    expect(teamsChannel.judge?.({ status: 200, text })?.outcome).toBe(outcome);
  });
});
