import { expect, it } from 'vitest';
import { exactTime, relativeTime } from './relative-time.ts';

const NOW = Date.parse('2026-01-10T12:00:00Z');

it.each([
  ['2026-01-10T11:59:30Z', 'just now'],
  ['2026-01-10T12:00:30Z', 'in a moment'],
  ['2026-01-10T11:59:10Z', '1 min ago'],
  ['2026-01-10T11:15:00Z', '45 min ago'],
  ['2026-01-10T09:40:00Z', '2 h ago'],
  ['2026-01-10T14:00:00Z', 'in 2 h'],
  ['2026-01-01T12:00:00Z', '9 d ago'],
  ['rubbish', 'at an unknown time'],
])('%s is %s', (at, text) => {
  expect(relativeTime(Date.parse(at), NOW)).toBe(text);
});

it('a moment is exact to the minute, and names the day where it is another one', () => {
  const nowMs = new Date(2026, 0, 10, 12).getTime();
  expect(exactTime(new Date(2026, 0, 10, 14, 5).getTime(), nowMs, 'en-GB')).toBe('at 14:05');
  expect(exactTime(new Date(2026, 1, 3, 9, 0).getTime(), nowMs, 'en-GB')).toBe('on 3 Feb, 09:00');
  expect(exactTime(Number.NaN, nowMs)).toBe('');
});
