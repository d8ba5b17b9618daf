import { expect, it } from 'vitest';
import { conflictText } from './conflict.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ROW = { workload: 'web', updatedAt: '2026-01-01T11:58:00Z', by: 'alice', message: undefined };

it.each([
  ['Approved', {}, 'web: alice approved this 2 min ago.'],
  ['Completed', {}, 'web: alice approved this 2 min ago.'],
  ['Completed', { by: 'policy' }, 'web: this was approved by policy 2 min ago.'],
  ['Rejected', { message: 'too early' }, 'web: alice rejected this 2 min ago: too early.'],
  ['Rejected', { by: undefined }, 'web: somebody rejected this 2 min ago.'],
  [
    'Failed',
    { message: 'no such container' },
    'web: this was approved and failed 2 min ago: no such container.',
  ],
  ['Expired', {}, 'web: this expired 2 min ago.'],
  ['Superseded', {}, 'web: a newer update took its place 2 min ago.'],
  ['RolledBack', {}, 'web: this was applied and rolled back 2 min ago.'],
  ['Pending', {}, 'web: somebody else changed this at the same moment: look again, then decide.'],
] as const)('a request that is %s now', (phase, change, text) => {
  // Members that are not there are left out, as the server does it.
  const { by, message, ...rest } = { ...ROW, ...change, phase };
  const row = { ...rest, ...(by === undefined ? {} : { by }), ...(message === undefined ? {} : { message }) };
  expect(conflictText(row, NOW)).toBe(text);
});
