import { describe, expect, it } from 'vitest';
import { recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { anEnvelope } from '../../../test/parts/webhook-samples-cloud.ts';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;

describe('Artifact Registry', () => {
  const tag = 'europe-docker.pkg.dev/project/repository/app:1.0';
  const digest = `europe-docker.pkg.dev/project/repository/app@${DIGEST}`;
  const data = (text: string) => ({ message: { data: text, messageId: '1' }, subscription: 's' });

  webhookTable('gar', [
    [
      'a tag',
      { action: 'INSERT', digest, tag },
      [`image europe-docker.pkg.dev/project/repository/app:1.0@${DIGEST}`],
    ],
    [
      'Container Registry',
      { action: 'INSERT', tag: 'gcr.io/project/app:1.0' },
      ['image gcr.io/project/app:1.0'],
    ],
    ['a digest only', { action: 'INSERT', digest }, [], ['a push by digest, without a tag of its own']],
    ['a delete', { action: 'DELETE', tag }, [], ['a "DELETE", not a push']],
    [
      'a tag without a host',
      { action: 'INSERT', tag: 'team/app:1.0' },
      [],
      ['"team/app:1.0" does not name its registry'],
    ],
    ['a tag that is none', { action: 'INSERT', tag: 'gcr.io/Project/app:1.0' }, []],
    ['wrapped: a delete', anEnvelope({ action: 'DELETE', tag }), [], ['a "DELETE", not a push']],
    [
      'wrapped: something else',
      anEnvelope({ hello: 1 }),
      [],
      ['the message is not a notification of a registry'],
    ],
    [
      'wrapped: not JSON',
      data(Buffer.from('hello').toString('base64')),
      [],
      ['the message is not a notification of a registry'],
    ],
    ['wrapped: not base64', data('\u0000\u0001'), []],
    [
      'wrapped: no data, as with attributes only',
      { message: { attributes: { a: '1' }, messageId: '1' } },
      [],
    ],
    ['wrapped: far more than any notification', data('A'.repeat(100_000)), []],
    ['nothing of it', { hello: 1 }, 'message must be an object, or action a string'],
  ]);

  it('is recognised by the headers of an unwrapped message, whatever is in it', () => {
    expect(recognisedBy({ headers: { 'x-goog-pubsub-message-id': '1' }, body: {} })).toEqual(['gar']);
  });
});
