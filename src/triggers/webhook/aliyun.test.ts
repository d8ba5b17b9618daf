import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

describe('Alibaba Cloud', () => {
  const aPush = (repository: object, tag: unknown = '1.0') => ({ push_data: { tag }, repository });

  webhookTable('aliyun', [
    [
      'host from the region',
      aPush({ region: 'cn-beijing', repo_full_name: 'team/app' }),
      ['image registry.cn-beijing.aliyuncs.com/team/app:1.0'],
    ],
    [
      'namespace and name',
      aPush({ region: 'eu-central-1', namespace: 'team', name: 'app' }),
      ['image registry.eu-central-1.aliyuncs.com/team/app:1.0'],
    ],
    [
      'no region',
      aPush({ repo_full_name: 'team/app' }),
      [],
      ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="aliyun=<host>"'],
    ],
    ['a region that is a host', aPush({ region: 'x.attacker.example.com/', repo_full_name: 'team/app' }), []],
    ['no name', aPush({ region: 'cn-beijing' }), 'repository.repo_full_name is missing'],
    [
      'no tag',
      aPush({ region: 'cn-beijing', repo_full_name: 'team/app' }, null),
      'push_data.tag must be a string and repository an object',
    ],
  ]);
  webhookTable(
    'aliyun',
    [
      [
        'an instance of the Enterprise Edition',
        aPush({ region: 'cn-beijing', repo_full_name: 'team/app' }),
        ['image team-registry.cn-beijing.cr.aliyuncs.com/team/app:1.0'],
      ],
    ],
    {
      hosts: { aliyun: 'team-registry.cn-beijing.cr.aliyuncs.com' },
    },
  );
});
