import { z } from 'zod';
import type { Repository } from '../../core/image-reference.ts';
import { fail, type Result } from '../../core/result.ts';
import { type CloudEvent, cloudEventIdsOf, cloudEventsOf } from './cloud-event.ts';
import { authorization, secretHeader } from './proof.ts';
import {
  ignored,
  isChart,
  locateUnder,
  malformed,
  nothing,
  pushedTag,
  quote,
  readEach,
  type Entry,
  type WebhookSender,
} from './sender.ts';
import { isRecord, member, optionalText as text, textAt } from './shape.ts';

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
const Detail = z.object({
  'repository-name': z.string(),
  'image-tag': z.string().nullish(),
  'image-digest': text,
  'artifact-media-type': text,
  'manifest-media-type': text,
});

// What an EventBridge input transformer makes of it, in the shape that the Argo CD image updater documents.
const Data = z.object({
  repositoryName: text,
  imageTag: z.string().nullish(),
  imageDigest: text,
});

const PUSH_TYPE = 'com.amazon.ecr.image.push';
const SOURCE = /^urn:aws:ecr:([^:]*):([^:]*):repository\/(.+)$/s;
const REGION = /^[a-z]{2}(?:-[a-z]+)+-[0-9]+$/;

/** Amazon ECR, through EventBridge as it is or transformed to a CloudEvent. */
export const ecr: WebhookSender = {
  name: 'ecr',
  expects:
    '{"source":"aws.ecr","account":"123456789012","region":"eu-west-1","detail-type":"ECR Image Action","detail":{"action-type":"PUSH","result":"SUCCESS","repository-name":"app","image-tag":"1.2.3"}} (EventBridge)',
  proofs: [authorization, secretHeader],
  deliveryIds: cloudEventIdsOf,
  recognises: (message) =>
    (textAt(message.body, 'detail-type') !== undefined && isRecord(member(message.body, 'detail'))) ||
    cloudEventsOf(message)?.some((event) => isEcr(event)) === true,
  parse(message, { hostOf }) {
    const configured = hostOf('ecr');
    const events = cloudEventsOf(message);
    if (events !== undefined) return readEach(events, (event) => readCloudEvent(event, configured));
    const { body } = message;
    const detailType = textAt(body, 'detail-type');
    if (detailType === undefined) return fail('detail-type must be a string');
    if (textAt(body, 'source') !== 'aws.ecr' || detailType !== 'ECR Image Action')
      return nothing(`an event ${quote(detailType)}, not "ECR Image Action" of aws.ecr`);
    return readEach([body], (event) => readEventBridge(event, configured));
  },
};

function isEcr({ type, source }: CloudEvent): boolean {
  return type.startsWith('com.amazon.ecr.') || source.startsWith('urn:aws:ecr:');
}

function readEventBridge(event: unknown, configured: string | undefined): Entry {
  const [action, result] = [textAt(event, 'detail', 'action-type'), textAt(event, 'detail', 'result')];
  if (action !== 'PUSH' || result !== 'SUCCESS')
    return ignored(`a ${quote(action ?? '')} with result ${quote(result ?? '')}, not a successful push`);
  const detail = Detail.safeParse(member(event, 'detail'));
  if (!detail.success)
    return malformed('detail.repository-name must be a string, and detail.image-tag too where there is one');
  const host = configured ?? hostOfAccount(textAt(event, 'account'), textAt(event, 'region'));
  const mediaTypes = [detail.data['artifact-media-type'], detail.data['manifest-media-type']];
  return pushedTag({
    sender: 'ecr',
    type: isChart(mediaTypes) ? 'chart' : 'image',
    repository: locateUnder(host, detail.data['repository-name']),
    tag: detail.data['image-tag'],
    digest: detail.data['image-digest'],
  });
}

function readCloudEvent({ type, source, subject, data }: CloudEvent, configured: string | undefined): Entry {
  if (type.toLowerCase() !== PUSH_TYPE) return ignored(`an event ${quote(type)}, not ${PUSH_TYPE}`);
  const read = Data.safeParse(data ?? {});
  if (!read.success) return malformed('data.imageTag must be a string');
  const [, region, account, sourced] = SOURCE.exec(source) ?? [];
  const name = read.data.repositoryName || sourced;
  if (!name) return malformed('data.repositoryName must be a string');
  const repository: Result<Repository> | undefined = locateUnder(
    configured ?? hostOfAccount(account, region),
    name,
  );
  const fromSubject = subject.startsWith(`${name}:`) ? subject.slice(name.length + 1) : undefined;
  const { imageTag: tag = fromSubject, imageDigest: digest } = read.data;
  return pushedTag({ sender: 'ecr', type: 'image', repository, tag, digest });
}

/** The host of a private registry; undefined for partitions with domains of their own, where it has to be configured. */
function hostOfAccount(account: string | undefined, region: string | undefined): string | undefined {
  if (!/^[0-9]{12}$/.test(account ?? '') || !region || !REGION.test(region)) return undefined;
  if (/^(?:us|eu)-iso/.test(region)) return undefined;
  return `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
