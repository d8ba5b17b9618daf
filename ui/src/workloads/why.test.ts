import { describe, expect, it } from 'vitest';
import { BLOCKER_CODES } from '../../../src/core/blocker.ts';
import { mainReason, shortName, titleOf } from './why.ts';

const artifact = (name: string, ...codes: readonly string[]) => ({
  name,
  blockers: codes.map((code) => ({ code, message: code })),
});

it.each(BLOCKER_CODES)('%s has a name for people', (code) => {
  expect(titleOf(code)).not.toBe(code);
});

it('what is not known goes by its own name', () => {
  expect(titleOf('from-the-future')).toBe('from-the-future');
});

describe('the reason that says most', () => {
  it.each([
    ['what keeps a version away', [artifact('app', 'up-to-date', 'registry-auth')], 'app registry-auth'],
    [
      'that of another container',
      [artifact('proxy', 'not-selected'), artifact('app', 'policy')],
      'app policy',
    ],
    ['that all is well, where it is', [artifact('app', 'up-to-date')], 'app up-to-date'],
    ['nothing, where there is none', [artifact('app')], undefined],
  ])('is %s', (_, artifacts, expected) => {
    const main = mainReason(artifacts);
    expect(main && `${main.artifact} ${main.blocker.code}`).toBe(expected);
  });
});

it.each([
  ['registry.example.com/team/web', 'web'],
  ['nginx', 'nginx'],
])('%s is called %s', (image, name) => {
  expect(shortName(image)).toBe(name);
});
