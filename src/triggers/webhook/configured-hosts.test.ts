import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

describe('Docker Hub, distribution and the flat form with a host configured', () => {
  webhookTable(
    'dockerhub',
    [
      [
        'a mirror',
        { push_data: { tag: '1.0' }, repository: { repo_name: 'team/app' } },
        ['image mirror.example.com/team/app:1.0'],
      ],
    ],
    { hosts: { dockerhub: 'mirror.example.com' } },
  );
  webhookTable('dockerhub', [
    [
      'callback_url is not even read',
      {
        callback_url: { a: 1 },
        push_data: { tag: '1.0', pushed_at: 1.5e9 + 0.25 },
        repository: { repo_name: 'team/app' },
      },
      ['image docker.io/team/app:1.0'],
    ],
  ]);
  webhookTable(
    'distribution',
    [
      [
        'an envelope without a host',
        { events: [{ action: 'push', target: { repository: 'team/app', tag: '1.0' } }] },
        ['image reg.example.com/team/app:1.0'],
      ],
      [
        'an envelope with a host',
        {
          events: [
            {
              action: 'push',
              target: { repository: 'team/app', tag: '1.0' },
              request: { host: 'own.example.com' },
            },
          ],
        },
        ['image own.example.com/team/app:1.0'],
      ],
    ],
    { hosts: { distribution: 'reg.example.com' } },
  );
  webhookTable(
    'generic',
    [
      [
        'a repository without a host',
        { repository: 'team/app', tag: '1.0' },
        ['image reg.example.com/team/app:1.0'],
      ],
      [
        'a repository with a host',
        { repository: 'ghcr.io/team/app', tag: '1.0' },
        ['image ghcr.io/team/app:1.0'],
      ],
    ],
    { hosts: { generic: 'reg.example.com' } },
  );
});
