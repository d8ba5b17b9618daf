import { describe } from 'vitest';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

describe('Amazon ECR', () => {
  const anEvent = (detail: object = {}, rest: object = {}) => ({
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: '123456789012',
    region: 'eu-central-1',
    detail: {
      result: 'SUCCESS',
      'action-type': 'PUSH',
      'repository-name': 'team/app',
      'image-tag': '1.0',
      ...detail,
    },
    ...rest,
  });
  const host = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
  const unknown = ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="ecr=<host>"'];

  webhookTable('ecr', [
    ['a push', anEvent({ 'image-digest': DIGEST }), [`image ${host}/team/app:1.0@${DIGEST}`]],
    [
      'in China',
      anEvent({}, { region: 'cn-north-1' }),
      ['image 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app:1.0'],
    ],
    [
      'for a government',
      anEvent({}, { region: 'us-gov-west-1' }),
      ['image 123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/team/app:1.0'],
    ],
    ['in a partition with a domain of its own', anEvent({}, { region: 'us-iso-east-1' }), [], unknown],
    ['without a tag', anEvent({ 'image-tag': undefined }), [], ['a push without a tag']],
    ['a chart', anEvent({ 'artifact-media-type': HELM_CONFIG }), [`chart ${host}/team/app:1.0`]],
    [
      'a push that failed',
      anEvent({ result: 'FAILURE' }),
      [],
      ['a "PUSH" with result "FAILURE", not a successful push'],
    ],
    [
      'a delete',
      anEvent({ 'action-type': 'DELETE' }),
      [],
      ['a "DELETE" with result "SUCCESS", not a successful push'],
    ],
    [
      'a scan',
      anEvent({}, { 'detail-type': 'ECR Image Scan' }),
      [],
      ['an event "ECR Image Scan", not "ECR Image Action" of aws.ecr'],
    ],
    ['a pull through a cache', anEvent({}, { 'detail-type': 'ECR Pull Through Cache Action' }), []],
    ['another service', anEvent({}, { source: 'aws.s3' }), []],
    ['no account', anEvent({}, { account: undefined }), [], unknown],
    ['an account that is a path', anEvent({}, { account: '../123456789' }), [], unknown],
    ['a region that is a host', anEvent({}, { region: 'x.attacker.example.com/' }), [], unknown],
    [
      'no repository',
      anEvent({ 'repository-name': 5 }),
      'detail.repository-name must be a string, and detail.image-tag too where there is one',
    ],
    ['no detail-type', {}, 'detail-type must be a string'],
  ]);
  webhookTable(
    'ecr',
    [['a configured host goes before the derived one', anEvent(), ['image mirror.example.com/team/app:1.0']]],
    {
      hosts: { ecr: 'mirror.example.com' },
    },
  );

  const aCloudEvent = (data: object, rest: object = {}) => ({
    specversion: '1.0',
    type: 'com.amazon.ecr.image.push',
    source: 'urn:aws:ecr:eu-central-1:123456789012:repository/team/app',
    data,
    ...rest,
  });
  const data = { repositoryName: 'team/app', imageTag: '1.0', imageDigest: DIGEST };

  webhookTable('ecr', [
    ['CloudEvents: a push', aCloudEvent(data), [`image ${host}/team/app:1.0@${DIGEST}`]],
    [
      'CloudEvents: a batch',
      [aCloudEvent(data), aCloudEvent({ ...data, imageTag: '1.1' })],
      [`image ${host}/team/app:1.0@${DIGEST}`, `image ${host}/team/app:1.1@${DIGEST}`],
    ],
    [
      'CloudEvents: a tag that the template left empty',
      aCloudEvent({ ...data, imageTag: '' }),
      [],
      ['a push without a tag'],
    ],
    [
      'CloudEvents: the tag in the subject only',
      aCloudEvent({ repositoryName: 'team/app' }, { subject: 'team/app:1.0' }),
      [`image ${host}/team/app:1.0`],
    ],
    [
      'CloudEvents: the repository in the source only',
      aCloudEvent({ imageTag: '1.0' }),
      [`image ${host}/team/app:1.0`],
    ],
    [
      'CloudEvents: another type',
      aCloudEvent(data, { type: 'com.amazon.ecr.image.delete' }),
      [],
      ['an event "com.amazon.ecr.image.delete", not com.amazon.ecr.image.push'],
    ],
    [
      'CloudEvents: a source that is something else',
      aCloudEvent(data, { source: 'https://example.com' }),
      [],
      unknown,
    ],
  ]);
});
