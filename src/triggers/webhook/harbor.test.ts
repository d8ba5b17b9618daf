import { describe } from 'vitest';
import { webhookTable, type WebhookRow } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;

describe('Harbor', () => {
  const aHarborEvent = (
    resources: unknown,
    type = 'PUSH_ARTIFACT',
    repository: unknown = { repo_full_name: 'team/app' },
  ) => ({
    type,
    event_data: { resources, repository },
  });
  const url = (tag: string) => `harbor.example.com:8443/team/app:${tag}`;

  webhookTable('harbor', [
    [
      'several tags of one push',
      aHarborEvent([
        { tag: '1.0', digest: DIGEST, resource_url: url('1.0') },
        { tag: 'latest', digest: DIGEST, resource_url: url('latest') },
      ]),
      [
        `image harbor.example.com:8443/team/app:1.0@${DIGEST}`,
        `image harbor.example.com:8443/team/app:latest@${DIGEST}`,
      ],
    ],
    [
      'a tag that is the digest',
      aHarborEvent([{ tag: DIGEST, digest: DIGEST, resource_url: `harbor.example.com/team/app@${DIGEST}` }]),
      [],
      ['a push by digest, without a tag of its own'],
    ],
    ['no tag', aHarborEvent([{ digest: DIGEST, resource_url: `harbor.example.com/team/app@${DIGEST}` }]), []],
    [
      'a host without a dot',
      aHarborEvent([{ tag: '1.0', resource_url: 'harbor/team/app:1.0' }]),
      ['image harbor/team/app:1.0'],
    ],
    [
      'a URL',
      aHarborEvent([{ tag: '1.0', resource_url: 'https://harbor.example.com/team/app:1.0' }]),
      ['image harbor.example.com/team/app:1.0'],
    ],
    [
      'the repository only in the URL',
      aHarborEvent([{ tag: '1.0', resource_url: url('1.0') }], 'PUSH_ARTIFACT', null),
      ['image harbor.example.com:8443/team/app:1.0'],
    ],
    [
      'namespace and name',
      aHarborEvent([{ tag: '1.0', resource_url: url('1.0') }], 'pushImage', {
        namespace: 'team',
        name: 'app',
      }),
      ['image harbor.example.com:8443/team/app:1.0'],
    ],
    [
      'no URL',
      aHarborEvent([{ tag: '1.0' }]),
      [],
      ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="harbor=<host>"'],
    ],
    [
      'one bad resource among good ones',
      aHarborEvent([7, { tag: 1 }, { tag: '1.0', resource_url: url('1.0') }]),
      ['image harbor.example.com:8443/team/app:1.0'],
    ],
    ['only bad resources', aHarborEvent([7]), 'resources[0].tag must be a string'],
    ['no resources', aHarborEvent([]), []],
    ['resources that are no list', aHarborEvent({}), 'event_data.resources must be an array'],
    ['no type', { event_data: {} }, 'type must be a string'],
    ...[
      'PULL_ARTIFACT',
      'DELETE_ARTIFACT',
      'SCANNING_COMPLETED',
      'REPLICATION',
      'QUOTA_EXCEED',
      'TAG_RETENTION',
      'pullImage',
      'deleteImage',
      'uploadChart',
      'UPLOAD_CHART',
      'scanningFailed',
    ].map((type): WebhookRow => [
      type,
      aHarborEvent([{ tag: '1.0', resource_url: url('1.0') }], type),
      [],
      [`a Harbor event "${type}", not a push`],
    ]),
    [
      'a CloudEvent of another kind',
      { specversion: '1.0', type: 'harbor.artifact.pulled', data: { resources: [] } },
      [],
      ['a Harbor event "harbor.artifact.pulled", not a push'],
    ],
    [
      'a CloudEvent without data',
      { specversion: '1.0', type: 'harbor.artifact.pushed' },
      'event_data.resources must be an array',
    ],
  ]);
});
