import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;

describe('Artifactory', () => {
  const aPush = (data: object = {}, rest: object = {}) => ({
    domain: 'docker',
    event_type: 'pushed',
    data: { repo_key: 'docker-local', image_name: 'team/app', tag: '1.0', ...data },
    jpd_origin: 'https://example.jfrog.io/',
    ...rest,
  });
  const unknown = ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="jfrog=<host>"'];

  webhookTable('jfrog', [
    ['a push', aPush(), ['image example.jfrog.io/docker-local/team/app:1.0']],
    ['an empty jpd_origin', aPush({}, { jpd_origin: '' }), [], unknown],
    ['no jpd_origin', aPush({}, { jpd_origin: undefined }), [], unknown],
    [
      'image and tag in the path only',
      aPush({ image_name: undefined, tag: undefined, path: 'team/app/1.1/manifest.json' }),
      ['image example.jfrog.io/docker-local/team/app:1.1'],
    ],
    [
      'a child of a multi-arch image',
      aPush({ tag: `sha256__${'4afff550708506c5'.repeat(4)}` }),
      [],
      ['a push by digest, without a tag of its own'],
    ],
    ['a digest as tag', aPush({ tag: DIGEST }), []],
    [
      'a delete',
      aPush({}, { event_type: 'deleted' }),
      [],
      ['an event "deleted" of "docker", not a push of a Docker tag'],
    ],
    ['a promotion', aPush({}, { event_type: 'promoted' }), []],
    ['another domain', aPush({}, { domain: 'artifact', event_type: 'deployed' }), []],
    [
      'no wrapper around the data, as documentation shows',
      {
        event_type: 'pushed',
        repo_key: 'docker-local',
        image_name: 'app',
        tag: '1.0',
        jpd_origin: 'https://example.jfrog.io',
      },
      ['image example.jfrog.io/docker-local/app:1.0'],
    ],
    ['no repo_key', aPush({ repo_key: undefined }), 'data.repo_key must be a string'],
    ['no image', aPush({ image_name: undefined }), 'data.image_name must be a string'],
    ['no event_type', {}, 'event_type must be a string'],
  ]);
  webhookTable(
    'jfrog',
    [
      [
        'no jpd_origin, a host configured',
        aPush({}, { jpd_origin: '' }),
        ['image registry.example.com/docker-local/team/app:1.0'],
      ],
    ],
    {
      hosts: { jfrog: 'registry.example.com' },
    },
  );
});
