import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

describe('CloudEvents', () => {
  const anEvent = (data: unknown, rest: object = {}) => ({
    specversion: '1.0',
    id: '1',
    type: 'com.example.image.pushed',
    source: '/pipelines/7',
    data,
    ...rest,
  });
  const unknown = [
    'the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="cloudevents=<host>"',
  ];

  webhookTable('cloudevents', [
    [
      'registry, repository and tag',
      anEvent({ registry: 'reg.example.com', repository: 'team/app', tag: '1.0', digest: DIGEST }),
      [`image reg.example.com/team/app:1.0@${DIGEST}`],
    ],
    [
      'the host in the repository',
      anEvent({ repository: 'reg.example.com:5000/team/app', tag: '1.0' }),
      ['image reg.example.com:5000/team/app:1.0'],
    ],
    [
      'one reference in data',
      anEvent({ image: 'reg.example.com/team/app:1.0' }),
      ['image reg.example.com/team/app:1.0'],
    ],
    [
      'one reference as subject',
      anEvent(undefined, { subject: 'reg.example.com/team/app:1.0' }),
      ['image reg.example.com/team/app:1.0'],
    ],
    [
      'the host from the source',
      anEvent({ repository: 'team/app', tag: '1.0' }, { source: 'https://reg.example.com/v2/' }),
      ['image reg.example.com/team/app:1.0'],
    ],
    ['no host: never taken for Docker Hub', anEvent({ repository: 'team/app', tag: '1.0' }), [], unknown],
    [
      'a chart',
      anEvent({ repository: 'reg.example.com/app', tag: '1.0', mediaType: HELM_CONFIG }),
      ['chart reg.example.com/app:1.0'],
    ],
    ['no tag', anEvent({ repository: 'reg.example.com/app' }), [], ['a push without a tag']],
    [
      'a delete',
      anEvent({ repository: 'reg.example.com/app', tag: '1.0' }, { type: 'com.example.image.deleted' }),
      [],
      ['an event "com.example.image.deleted", not a push'],
    ],
    [
      'data in base64',
      anEvent(undefined, {
        data_base64: Buffer.from('{"repository":"reg.example.com/app","tag":"1.0"}').toString('base64'),
      }),
      ['image reg.example.com/app:1.0'],
    ],
    [
      'a batch',
      [
        anEvent({ repository: 'reg.example.com/a', tag: '1.0' }),
        anEvent({ repository: 'reg.example.com/b', tag: '1.0' }),
      ],
      ['image reg.example.com/a:1.0', 'image reg.example.com/b:1.0'],
    ],
    ['no repository', anEvent({ tag: '1.0' }), 'event 0: data.repository must be a string'],
    [
      'no type',
      { specversion: '1.0' },
      'specversion and type must be strings, in the body or as ce- headers',
    ],
    [
      'a sender with a meaning of its own is understood here too',
      {
        specversion: '1.0',
        type: 'harbor.artifact.pushed',
        data: {
          resources: [{ tag: '1.0', resource_url: 'harbor.example.com/team/app:1.0' }],
          repository: {},
        },
      },
      ['image harbor.example.com/team/app:1.0'],
    ],
  ]);
  webhookTable(
    'cloudevents',
    [['binary mode', { repository: 'reg.example.com/app', tag: '1.0' }, ['image reg.example.com/app:1.0']]],
    {
      headers: { 'ce-type': 'com.example.image.pushed', 'ce-specversion': '1.0' },
    },
  );
  webhookTable(
    'cloudevents',
    [
      [
        'a host configured',
        anEvent({ repository: 'team/app', tag: '1.0' }),
        ['image reg.example.com/team/app:1.0'],
      ],
    ],
    {
      hosts: { cloudevents: 'reg.example.com' },
    },
  );
});
