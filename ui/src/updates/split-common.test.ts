import { expect, it } from 'vitest';
import { splitCommon } from './split-common.ts';

it.each([
  ['1.25.0', '1.26.0', ['1.', '25.0', '26.0']],
  ['1.2.9', '1.2.10', ['1.2.', '9', '10']],
  ['v1.2.3-alpine', 'v1.2.4-alpine', ['v1.2.', '3-alpine', '4-alpine']],
  ['1.2.3', '1.2.3', ['1.2.3', '', '']],
  ['latest', '2.0', ['', 'latest', '2.0']],
  ['', '2.0', ['', '', '2.0']],
])('%s and %s', (from, to, parts) => {
  expect(splitCommon(from, to)).toEqual(parts);
});
