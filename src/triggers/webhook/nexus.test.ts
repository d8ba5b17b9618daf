import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;

describe('Nexus', () => {
  const anEvent = (component: unknown = {}, action = 'CREATED') => ({
    repositoryName: 'docker-hosted',
    action,
    component: { format: 'docker', name: 'team/app', version: '1.0', ...Object(component) },
  });
  const signal = 'image docker.example.com:8443/team/app:1.0';

  webhookTable('nexus', [
    ['created', anEvent(), [signal]],
    ['updated', anEvent({}, 'UPDATED'), [signal]],
    ['an action in lower case', anEvent({}, 'created'), [signal]],
    ['deleted', anEvent({}, 'DELETED'), [], ['the component was "DELETED", not pushed']],
    ['another format', anEvent({ format: 'maven2' }), [], ['a component of format "maven2", not docker']],
    ['a digest as version', anEvent({ version: DIGEST }), []],
    ['no version', anEvent({ version: null }), [], ['a push without a tag']],
    [
      'an asset, which has no tag',
      {
        repositoryName: 'r',
        action: 'CREATED',
        asset: { format: 'docker', name: 'v2/team/app/manifests/1.0' },
      },
      [],
      ['an event of an asset, not rm:repository:component'],
    ],
    [
      'no component',
      { repositoryName: 'r', action: 'CREATED' },
      'component.format and component.name must be strings',
    ],
    ['no action', {}, 'action must be a string'],
  ]);
  webhookTable(
    'nexus',
    [
      [
        'no host configured',
        anEvent(),
        [],
        ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="nexus=<host>"'],
      ],
    ],
    { hosts: {} },
  );
  webhookTable(
    'nexus',
    [
      [
        'a host with the start of the path configured',
        anEvent(),
        ['image nexus.example.com/docker-hosted/team/app:1.0'],
      ],
    ],
    {
      hosts: { nexus: 'nexus.example.com/docker-hosted' },
    },
  );
  webhookTable('nexus', [['an asset event told by its header', { action: 'CREATED' }, []]], {
    headers: { 'x-nexus-webhook-id': 'rm:repository:asset' },
  });
});
