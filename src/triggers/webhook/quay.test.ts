import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

describe('Quay', () => {
  const aPush = (tags: unknown, rest: object = {}) => ({
    repository: 'team/app',
    docker_url: 'quay.example.com/team/app',
    updated_tags: tags,
    ...rest,
  });

  webhookTable('quay', [
    [
      'several tags',
      aPush(['1.0', 'latest']),
      ['image quay.example.com/team/app:1.0', 'image quay.example.com/team/app:latest'],
    ],
    [
      'tags as keys, in old versions',
      aPush({ '1.0': 'f6fd', latest: 'f6fd' }),
      ['image quay.example.com/team/app:1.0', 'image quay.example.com/team/app:latest'],
    ],
    ['no tags', aPush([]), [], ['a push without a tag']],
    [
      'a mirror, build or scan event',
      aPush(undefined, { message: 'sync succeeded' }),
      [],
      ['a Quay event without updated_tags, so not a push'],
    ],
    ['tags that are none', aPush([1]), 'updated_tags[0] must be a string'],
    ['a signature', aPush(['sha256-4afff550.sig']), []],
    [
      'no host',
      aPush(['1.0'], { docker_url: undefined }),
      [],
      ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="quay=<host>"'],
    ],
  ]);
  webhookTable(
    'quay',
    [
      [
        'no host in the body, one configured',
        aPush(['1.0'], { docker_url: undefined }),
        ['image quay.io/team/app:1.0'],
      ],
    ],
    {
      hosts: { quay: 'quay.io' },
    },
  );
});
