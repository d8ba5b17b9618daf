import { describe, expect, it } from 'vitest';
import { readAs, recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { webhookTable, type WebhookRow } from '../../../test/parts/webhook-table.ts';

const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

describe('Azure Container Registry', () => {
  const aPush = (target: object = {}, rest: object = {}) => ({
    action: 'push',
    target: {
      repository: 'team/app',
      tag: '1.0',
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...target,
    },
    request: { host: 'myregistry.azurecr.io' },
    ...rest,
  });
  const onGrid = (data: unknown, eventType = 'Microsoft.ContainerRegistry.ImagePushed') => ({
    topic: '/subscriptions/s/providers/Microsoft.ContainerRegistry/registries/MyRegistry',
    eventType,
    data,
  });
  const signal = 'image myregistry.azurecr.io/team/app:1.0';

  webhookTable('acr', [
    ['a push', aPush(), [signal]],
    ['without a tag', aPush({ tag: undefined }), [], ['a push without a tag']],
    ['an OCI chart', aPush({ mediaType: HELM_CONFIG }), ['chart myregistry.azurecr.io/team/app:1.0']],
    [
      'a chart told by artifact type',
      aPush({ artifactType: HELM_CONFIG }),
      ['chart myregistry.azurecr.io/team/app:1.0'],
    ],
    [
      'a chart of the older Helm repository',
      {
        ...aPush({ repository: 'repo', tag: 'wordpress-5.4.0.tgz', name: 'wordpress', version: '5.4.0.tgz' }),
        action: 'chart_push',
      },
      ['chart myregistry.azurecr.io/repo/wordpress:5.4.0'],
    ],
    ...['delete', 'quarantine', 'chart_delete', 'ping'].map((action): WebhookRow => [
      action,
      aPush({}, { action }),
      [],
      [`a "${action}", not a push`],
    ]),
    [
      'no host',
      aPush({}, { request: undefined }),
      [],
      ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="acr=<host>"'],
    ],
    [
      'no target',
      { action: 'push' },
      'target.repository must be a string, and target.tag too where there is one',
    ],
    ['no action', { target: {} }, 'action must be a string'],
    [
      'several Event Grid events',
      [onGrid(aPush()), onGrid(aPush({ tag: '1.1' }))],
      [signal, 'image myregistry.azurecr.io/team/app:1.1'],
    ],
    ['Event Grid: the host from the topic', [onGrid(aPush({}, { request: { id: '1' } }))], [signal]],
    [
      'Event Grid: the login server',
      [onGrid(aPush({}, { request: {}, loginServer: 'other.azurecr.cn' }))],
      ['image other.azurecr.cn/team/app:1.0'],
    ],
    [
      'Event Grid: a chart',
      [onGrid({ ...aPush(), action: 'chart_push' }, 'Microsoft.ContainerRegistry.ChartPushed')],
      ['chart myregistry.azurecr.io/team/app:1.0'],
    ],
    [
      'Event Grid: deletes and events of others',
      [
        onGrid(aPush({}, { action: 'delete' }), 'Microsoft.ContainerRegistry.ImageDeleted'),
        onGrid({}, 'Microsoft.Storage.BlobCreated'),
      ],
      [],
      [
        'an Event Grid event "Microsoft.ContainerRegistry.ImageDeleted", not a push',
        'an Event Grid event "Microsoft.Storage.BlobCreated", not a push',
      ],
    ],
    [
      'Event Grid: entries that are no objects',
      [onGrid(aPush()), 7],
      'every Event Grid event must be an object',
    ],
  ]);

  it('echoes the code of a validation, and calls nobody', () => {
    const body = [
      {
        eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
        data: { validationCode: 'abc-123', validationUrl: 'https://attacker.example.com/' },
      },
    ];

    expect(recognisedBy({ body })[0]).toBe('acr');
    expect(readAs('acr', { body })).toEqual({
      signals: [],
      ignored: ['a validation of the subscription'],
      reply: { validationResponse: 'abc-123' },
    });
  });

  it.each([
    ['no code', {}],
    ['a code that is no string', { validationCode: 7 }],
    ['a code longer than any', { validationCode: 'x'.repeat(513) }],
  ])('does not reply to a validation with %s', (_name, data) => {
    const body = [{ eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent', data }];

    expect(readAs('acr', { body })).toMatchObject({ signals: [], reply: undefined });
  });
});
