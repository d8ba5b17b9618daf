import type { WebhookSample } from './webhook-sample.ts';

const HEX = '4afff550708506c5b8b7384ad10d401a02b29ed587cb2730cb02753095b5178d';
const DIGEST = `sha256:${HEX}`;
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const ACR_PUSH = {
  id: 'cb8c3971-9adc-488b-bdd8-43cbb4974ff5',
  timestamp: '2017-11-17T16:52:01.343145347Z',
  action: 'push',
  target: {
    mediaType: MANIFEST,
    size: 524,
    digest: 'sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d',
    length: 524,
    repository: 'hello-world',
    tag: 'v1',
  },
  request: { id: '3cbb6949', host: 'myregistry.azurecr.io', method: 'PUT', useragent: 'docker/17.09.0-ce' },
};
const ACR_SIGNAL =
  'image myregistry.azurecr.io/hello-world:v1@sha256:80f0d5c8786bb9e621a45ece0db56d11cdc624ad20da9fe62e9d25490f331d7d';

const GAR_INSERT = {
  action: 'INSERT',
  digest: 'us-east1-docker.pkg.dev/my-project/my-repo/hello-world@sha256:6ec128e26cd5...',
  tag: 'us-east1-docker.pkg.dev/my-project/my-repo/hello-world:1.1',
};

/** Wraps a registry's notification as Pub/Sub pushes it. */
export function anEnvelope(notification: unknown): object {
  return {
    message: {
      attributes: {},
      data: Buffer.from(JSON.stringify(notification)).toString('base64'),
      messageId: '2070443601311540',
      message_id: '2070443601311540',
      publishTime: '2021-02-26T19:13:55.749Z',
      publish_time: '2021-02-26T19:13:55.749Z',
    },
    subscription: 'projects/myproject/subscriptions/mysubscription',
  };
}

/** The clouds' registries, and CloudEvents. */
export const CLOUD_SAMPLES: readonly WebhookSample[] = [
  { name: 'ACR: push', sender: 'acr', body: ACR_PUSH, signals: [ACR_SIGNAL] },
  {
    name: 'ACR: ping',
    sender: 'acr',
    body: { action: 'ping' },
    signals: [],
    ignored: ['a "ping", not a push'],
  },
  {
    name: 'ACR: Event Grid',
    sender: 'acr',
    headers: { 'aeg-event-type': 'Notification' },
    body: [
      {
        id: '831e1650-001e-001b-66ab-eeb76e069631',
        topic:
          '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/MyRegistry',
        subject: 'hello-world:v1',
        eventType: 'Microsoft.ContainerRegistry.ImagePushed',
        eventTime: '2018-04-25T21:39:47.6549614Z',
        data: ACR_PUSH,
        dataVersion: '1.0',
        metadataVersion: '1',
      },
    ],
    signals: [ACR_SIGNAL],
  },
  {
    name: 'ACR: Event Grid as CloudEvents',
    sender: 'acr',
    body: {
      id: '831e1650-001e-001b-66ab-eeb76e069631',
      source: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/MyRegistry',
      subject: 'hello-world:v1',
      type: 'Microsoft.ContainerRegistry.ImagePushed',
      time: '2018-04-25T21:39:47.6549614Z',
      data: { ...ACR_PUSH, request: { id: '7c66f28b' } },
      specversion: '1.0',
    },
    signals: [ACR_SIGNAL],
  },
  {
    name: 'ACR: Event Grid validation',
    sender: 'acr',
    headers: { 'aeg-event-type': 'SubscriptionValidation' },
    body: [
      {
        id: '2d1781af-3a4c-4d7c-bd0c-e34b19da4e66',
        topic: '/subscriptions/xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
        subject: '',
        data: {
          validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
          validationUrl: 'https://rp-eastus2.eventgrid.azure.net:553/eventsubscriptions/validate?id=512d38b6',
        },
        eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
        eventTime: '2022-10-28T04:23:35.1981776Z',
        metadataVersion: '1',
        dataVersion: '1',
      },
    ],
    signals: [],
    ignored: ['a validation of the subscription'],
  },
  {
    name: 'ECR: EventBridge',
    sender: 'ecr',
    body: {
      version: '0',
      id: '13cde686-328b-6117-af20-0e5566167482',
      'detail-type': 'ECR Image Action',
      source: 'aws.ecr',
      account: '123456789012',
      time: '2019-11-16T01:54:34Z',
      region: 'us-west-2',
      resources: [],
      detail: {
        result: 'SUCCESS',
        'repository-name': 'my-repository-name',
        'image-digest': 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234EXAMPLE',
        'action-type': 'PUSH',
        'image-tag': 'latest',
      },
    },
    signals: ['image 123456789012.dkr.ecr.us-west-2.amazonaws.com/my-repository-name:latest'],
  },
  {
    name: 'ECR: CloudEvents',
    sender: 'ecr',
    body: {
      specversion: '1.0',
      id: '12345678-1234-1234-1234-123456789012',
      type: 'com.amazon.ecr.image.push',
      source: 'urn:aws:ecr:us-east-1:123456789012:repository/team/my-repo',
      subject: 'team/my-repo:v1.0.0',
      time: '2025-11-27T10:00:00Z',
      datacontenttype: 'application/json',
      data: {
        repositoryName: 'team/my-repo',
        imageDigest: 'sha256:abcdef1234567890',
        imageTag: 'v1.0.0',
        registryId: '123456789012',
      },
    },
    signals: ['image 123456789012.dkr.ecr.us-east-1.amazonaws.com/team/my-repo:v1.0.0'],
  },
  {
    name: 'CloudEvents: generic',
    sender: 'cloudevents',
    body: {
      specversion: '1.0',
      id: 'event-123',
      type: 'com.example.container.push',
      source: 'https://registry.example.com',
      subject: 'myapp:v1.2.3',
      time: '2025-11-27T10:00:00Z',
      datacontenttype: 'application/json',
      data: {
        repository: 'myapp',
        tag: 'v1.2.3',
        digest: 'sha256:abc123',
        registryUrl: 'registry.example.com',
      },
    },
    signals: ['image registry.example.com/myapp:v1.2.3'],
  },
  {
    name: 'Artifact Registry: unwrapped',
    sender: 'gar',
    body: GAR_INSERT,
    signals: ['image us-east1-docker.pkg.dev/my-project/my-repo/hello-world:1.1'],
  },
  {
    name: 'Artifact Registry: Pub/Sub push',
    sender: 'gar',
    body: anEnvelope(GAR_INSERT),
    signals: ['image us-east1-docker.pkg.dev/my-project/my-repo/hello-world:1.1'],
  },
  {
    name: 'Alibaba Cloud: push',
    sender: 'aliyun',
    body: {
      push_data: { digest: `sha256:${HEX}`, pushed_at: '2016-11-29 12:25:46', tag: 'latest' },
      repository: {
        date_created: '2016-10-28 21:31:42',
        name: 'repoTest',
        namespace: 'namespace',
        region: 'cn-hangzhou',
        repo_authentication_type: 'NO_CERTIFIED',
        repo_full_name: 'namespace/repoTest',
        repo_origin_type: 'NO_CERTIFIED',
        repo_type: 'PUBLIC',
      },
    },
    signals: [`image registry.cn-hangzhou.aliyuncs.com/namespace/repotest:latest@${DIGEST}`],
  },
];
