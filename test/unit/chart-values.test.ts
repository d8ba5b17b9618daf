import { describe, expect, it } from 'vitest';
import { chartValues } from '../../tools/chart-values.ts';

describe('the values of a chart', () => {
  it.each([
    ['a value with a comment', '# How many\nreplicas: 1\n', [['replicas', 'How many', 1]]],
    [
      'a comment of two lines',
      '# How many,\n# at most\nreplicas: 1\n',
      [['replicas', 'How many, at most', 1]],
    ],
    ['no comment across an empty line', '# A title\n\nreplicas: 1\n', [['replicas', undefined, 1]]],
    [
      'the inner values of one that has no comment itself',
      'image:\n  # Where\n  name: a\n  # Which\n  tag: ""\n',
      [
        ['image.name', 'Where', 'a'],
        ['image.tag', 'Which', ''],
      ],
    ],
    [
      'a map with a comment as one value',
      '# Limits\nlimits:\n  memory: 1\n',
      [['limits', 'Limits', { memory: 1 }]],
    ],
    [
      'a list with a comment as one value',
      '# Hosts\nhosts:\n  - host: a\n    path: /\n',
      [['hosts', 'Hosts', [{ host: 'a', path: '/' }]]],
    ],
    [
      'what follows deeper ones at its own place',
      'a:\n  b:\n    # C\n    c: 1\n# D\nd: 2\n',
      [
        ['a.b.c', 'C', 1],
        ['d', 'D', 2],
      ],
    ],
  ])('tell of %s', (_name, text, expected) => {
    expect(chartValues(text).map(({ path, comment, value }) => [path, comment, value])).toEqual(expected);
  });
});
