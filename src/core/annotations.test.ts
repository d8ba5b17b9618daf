import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANNOTATION, parseAnnotations, type WorkloadSettings } from './annotations.ts';

const DEFAULTS: WorkloadSettings = {
  policy: 'none',
  pattern: undefined,
  requireApproval: true,
  minUpdateIntervalMs: 300_000,
  images: [],
  eventSource: 'webhook',
  pollingIntervalMs: undefined,
  autoRollback: false,
  rollbackTimeoutMs: 300_000,
  healthCheckRetries: 3,
  prerelease: false,
  trackDigest: false,
  paused: false,
  lastUpdateMs: undefined,
};

const NOON = Date.UTC(2025, 10, 6, 12, 0, 0);

describe('parseAnnotations', () => {
  it('gives the documented defaults to a workload without annotations', () => {
    expect(parseAnnotations({})).toEqual({ settings: DEFAULTS, problems: [] });
  });

  it.each<[string, Record<string, string>, Partial<WorkloadSettings>]>([
    [
      'the example of the readme',
      {
        'headwind.sh/policy': 'minor',
        'headwind.sh/require-approval': 'false',
        'headwind.sh/images': 'nginx, redis',
      },
      { policy: 'minor', requireApproval: false, images: ['nginx', 'redis'] },
    ],
    [
      'an interval in seconds',
      { 'headwind.sh/min-update-interval': '600' },
      { minUpdateIntervalMs: 600_000 },
    ],
    ['an interval of nothing', { 'headwind.sh/min-update-interval': '0' }, { minUpdateIntervalMs: 0 }],
    [
      'an interval with units',
      { 'headwind.sh/min-update-interval': '1h30m' },
      { minUpdateIntervalMs: 5_400_000 },
    ],
    [
      'an interval of a day',
      { 'headwind.sh/min-update-interval': '1d' },
      { minUpdateIntervalMs: 86_400_000 },
    ],
    ['a polling interval', { 'headwind.sh/polling-interval': '90s' }, { pollingIntervalMs: 90_000 }],
    ['a rollback timeout', { 'headwind.sh/rollback-timeout': '5m' }, { rollbackTimeoutMs: 300_000 }],
    ['retries', { 'headwind.sh/health-check-retries': ' 5 ' }, { healthCheckRetries: 5 }],
    ['spaces around a policy', { 'headwind.sh/policy': ' minor\n' }, { policy: 'minor' }],
    ['a policy in capitals', { 'headwind.sh/policy': 'Major' }, { policy: 'major' }],
    ['a source in capitals', { 'headwind.sh/event-source': 'BOTH' }, { eventSource: 'both' }],
    ['polling', { 'headwind.sh/event-source': 'polling' }, { eventSource: 'polling' }],
    ['no source', { 'headwind.sh/event-source': 'none' }, { eventSource: 'none' }],
    ['yes', { 'headwind.sh/auto-rollback': 'Yes' }, { autoRollback: true }],
    ['1', { 'headwind.sh/paused': '1' }, { paused: true }],
    ['on', { 'headwind.sh/prerelease': 'ON' }, { prerelease: true }],
    ['TRUE', { 'headwind.sh/track-digest': 'TRUE' }, { trackDigest: true }],
    ['off', { 'headwind.sh/require-approval': 'off' }, { requireApproval: false }],
    ['no', { 'headwind.sh/require-approval': 'no' }, { requireApproval: false }],
    ['0', { 'headwind.sh/require-approval': '0' }, { requireApproval: false }],
    ['force tracks digests', { 'headwind.sh/policy': 'force' }, { policy: 'force', trackDigest: true }],
    [
      'force with digests left alone',
      { 'headwind.sh/policy': 'force', 'headwind.sh/track-digest': 'false' },
      { policy: 'force', trackDigest: false },
    ],
    [
      'a glob',
      { 'headwind.sh/policy': 'glob', 'headwind.sh/pattern': ' v1.* ' },
      { policy: 'glob', pattern: 'v1.*' },
    ],
    ['a regex', { 'headwind.sh/pattern': 'regex:^v1' }, { pattern: 'regex:^v1' }],
    [
      'images in several spellings',
      { 'headwind.sh/images': 'ghcr.io/acme/*, nginx ,, reg:5000/x/y' },
      { images: ['ghcr.io/acme/*', 'nginx', 'reg:5000/x/y'] },
    ],
    ['images that are empty', { 'headwind.sh/images': ' , ' }, { images: [] }],
    ['a time in UTC', { 'headwind.sh/last-update': '2025-11-06T12:00:00Z' }, { lastUpdateMs: NOON }],
    [
      'a time with decimals and an offset',
      { 'headwind.sh/last-update': '2025-11-06T13:00:00.123456789+01:00' },
      { lastUpdateMs: NOON + 123 },
    ],
    [
      'a time with its approver',
      { 'headwind.sh/last-update': '2025-11-06T12:00:00.5+00:00 (approved by ann (sre))' },
      { lastUpdateMs: NOON + 500 },
    ],
    ['what Headwind manages', { 'headwind.sh/update-history': '[]' }, {}],
    ['keys of a newer Headwind', { 'headwind.sh/maintenance-window': 'Sun' }, {}],
    ['keys of others', { 'headwind.shop/policy': 'x', 'kubernetes.io/polcy': 'x', __proto__: 'x' }, {}],
  ])('reads %s', (_, annotations, expected) => {
    expect(parseAnnotations(annotations)).toEqual({ settings: { ...DEFAULTS, ...expected }, problems: [] });
  });

  it.each<[key: string, value: string, expected: string, Partial<WorkloadSettings>]>([
    ['policy', 'minro', 'one of none, patch, minor, major, all, glob, force', { policy: 'none' }],
    ['policy', '', 'one of none', { policy: 'none' }],
    ['require-approval', 'flase', 'true or false', { requireApproval: true }],
    ['min-update-interval', '5 minutes', 'seconds (300) or a duration', {}],
    ['min-update-interval', '-1', 'seconds (300) or a duration', {}],
    ['min-update-interval', '99999999999', 'at most 10 years', {}],
    ['images', 'nginx:1.25', 'without tag', { images: [] }],
    ['images', 'Nginx Web', 'separated by commas', { images: [] }],
    ['images', 'ghcr.io/acme/[', 'separated by commas', { images: [] }],
    ['event-source', 'poll', 'one of webhook, polling, both, none', { eventSource: 'none' }],
    ['polling-interval', '0', 'at least 1s', { pollingIntervalMs: undefined }],
    ['auto-rollback', 'maybe', 'true or false', { autoRollback: false }],
    ['rollback-timeout', '0', 'at least 1s', {}],
    ['health-check-retries', '0', 'a whole number from 1', {}],
    ['health-check-retries', '2.5', 'a whole number from 1', {}],
    ['health-check-retries', '1e3', 'a whole number from 1', {}],
    ['prerelease', '', 'true or false', { prerelease: false }],
    ['track-digest', 'sha256', 'true or false', { trackDigest: false }],
    ['paused', 'ture', 'true or false', { paused: true }],
    ['pattern', '', 'a glob such as v1.*', {}],
    ['pattern', 'v[0-9', 'a glob such as v1.*', {}],
    ['pattern', 'regex:(?<=a)b', 'a glob such as v1.*, or regex: and an RE2 expression', {}],
    ['last-update', 'yesterday', 'an RFC 3339 time', { lastUpdateMs: undefined }],
    ['last-update', '2025-13-06T12:00:00Z', 'an RFC 3339 time', { lastUpdateMs: undefined }],
    ['last-update', '2025-11-06T12:00:00', 'an RFC 3339 time', { lastUpdateMs: undefined }],
    ['polcy', 'minor', 'the key headwind.sh/policy', {}],
    ['Policy', 'minor', 'the key headwind.sh/policy', {}],
    ['require-aproval', 'false', 'the key headwind.sh/require-approval', {}],
    ['image', 'nginx', 'the key headwind.sh/images', {}],
  ])('finds a problem in %s: %j', (name, value, expected, settings) => {
    const key = `headwind.sh/${name}`;
    expect(parseAnnotations({ [key]: value })).toEqual({
      settings: { ...DEFAULTS, ...settings },
      problems: [{ key, value, expected: expect.stringContaining(expected) }],
    });
  });

  it('finds the pattern missing that policy glob needs', () => {
    expect(parseAnnotations({ [ANNOTATION.policy]: 'glob' }).problems).toEqual([
      { key: ANNOTATION.pattern, value: '', expected: expect.stringContaining('because the policy is glob') },
    ]);
  });

  it('lists all problems, and no value at more than 100 characters', () => {
    const long = 'x'.repeat(5_000);
    const { problems } = parseAnnotations({ [ANNOTATION.policy]: long, [ANNOTATION.paused]: long });
    expect(problems.map(({ key }) => key)).toEqual([ANNOTATION.policy, ANNOTATION.paused]);
    expect(problems.map(({ value }) => value)).toEqual([`${'x'.repeat(100)}…`, `${'x'.repeat(100)}…`]);
  });

  it('never throws and never takes a value that it cannot read for another one', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(ANNOTATION)), fc.string(), (key, value) => {
        const { settings, problems } = parseAnnotations({ [key]: value });
        const kept = { ...DEFAULTS, eventSource: settings.eventSource, paused: settings.paused };
        fc.pre(problems.length > 0);
        expect(settings).toEqual(kept);
      }),
    );
  });
});
