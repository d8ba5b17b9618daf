import { describe, expect, it } from 'vitest';
import { aNotification, aSlackTarget } from '../../test/parts/notifications.ts';
import { NOTIFICATION_EVENTS } from '../core/notification-event.ts';
import { compileGlob, type Pattern } from '../core/pattern.ts';
import { dottedName, EVENT_LOOKS, requestOf, titleOf } from './notification.ts';
import { takes } from './target.ts';

describe('titleOf', () => {
  it.each([
    ['update_approved', 'Deployment', 'Update approved: Deployment production/nginx'],
    ['update_detected', 'StatefulSet', 'New version detected: StatefulSet production/nginx'],
    ['update_request_created', 'HelmRelease', 'Update request created: Helm Release production/nginx'],
    ['rollback_failed', 'DaemonSet', 'Rollback failed: DaemonSet production/nginx'],
  ] as const)('of %s for a %s is %s', (event, kind, expected) => {
    const workload = { kind, namespace: 'production', name: 'nginx' };
    expect(titleOf(aNotification({ event, workload }))).toBe(expected);
  });

  it('and looks exist for every event', () => {
    expect(NOTIFICATION_EVENTS.map((event) => [dottedName(event), EVENT_LOOKS[event].colour])).toEqual([
      ['update.detected', '#2196F3'],
      ['update.request.created', '#9C27B0'],
      ['update.approved', '#4CAF50'],
      ['update.rejected', '#F44336'],
      ['update.completed', '#4CAF50'],
      ['update.failed', '#FF9800'],
      ['rollback.triggered', '#FF9800'],
      ['rollback.completed', '#4CAF50'],
      ['rollback.failed', '#F44336'],
    ]);
  });
});

describe('requestOf', () => {
  it.each([
    ['0f3a-1.update_failed', '0f3a-1'],
    ['a.b.update_failed', 'a.b'],
    ['alone', 'alone'],
  ])('of %s is %s', (id, expected) => {
    expect(requestOf({ id })).toBe(expected);
  });
});

function globs(...texts: string[]): readonly Pattern[] {
  return texts.map((text) => {
    const compiled = compileGlob(text);
    if (!compiled.ok) throw new Error(compiled.error);
    return compiled.value;
  });
}

describe('a target takes', () => {
  const all = { namespaces: [], kinds: [], events: [] };
  it.each([
    ['everything without a filter', all, true],
    ['a namespace that is listed', { ...all, namespaces: globs('shop', 'production') }, true],
    ['a namespace that a glob matches', { ...all, namespaces: globs('prod*') }, true],
    ['no other namespace', { ...all, namespaces: globs('shop-*') }, false],
    ['a kind that is listed', { ...all, kinds: ['Deployment'] }, true],
    ['no other kind', { ...all, kinds: ['HelmRelease'] }, false],
    ['an event that is listed', { ...all, events: ['update_request_created'] }, true],
    ['no other event', { ...all, events: ['rollback_failed'] }, false],
    [
      'only what all filters let through',
      { namespaces: globs('*'), kinds: ['Deployment'], events: ['update_failed'] },
      false,
    ],
  ] as const)('%s', (_, filter, expected) => {
    expect(takes(aSlackTarget({ filter }), aNotification())).toBe(expected);
  });
});
