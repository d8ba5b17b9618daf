import { expect, test } from 'vitest';
import { firstAtPath } from './json-path.ts';

const object = {
  spec: { replicas: 3, 'a.b': 'dotted' },
  items: [
    { type: 'Ready', status: 'True' },
    { type: 'Other', status: 'False' },
  ],
};

test.each([
  ['.spec.replicas', 3],
  ['{.spec.replicas}', 3],
  ['.spec.a\\.b', 'dotted'],
  [".spec['a.b']", 'dotted'],
  ['.items[1].type', 'Other'],
  ['.items[*].status', 'True'],
  ['.items[?(@.type=="Other")].status', 'False'],
  [".items[?(@.type=='Ready')].status", 'True'],
  ['.items[?(@.type=="Missing")].status', undefined],
  ['.items[9]', undefined],
  ['.nothing.at.all', undefined],
  ['.spec[', undefined],
])('%s', (path, value) => {
  expect(firstAtPath(object, path)).toEqual(value);
});
