import { describe, expect, it } from 'vitest';
import { readAs, recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

describe('zot', () => {
  const anImage = (rest: object = {}) => ({ name: 'team/app', reference: '1.0', digest: DIGEST, ...rest });
  const updated = { headers: { 'ce-type': 'zotregistry.image.updated', 'ce-source': 'zotregistry.dev' } };
  const signal = `image zot.example.com/team/app:1.0@${DIGEST}`;
  const manifest = JSON.stringify({ config: { mediaType: HELM_CONFIG } });

  webhookTable(
    'zot',
    [
      ['a tag', anImage(), [signal]],
      [
        'a digest as reference',
        anImage({ reference: DIGEST }),
        [],
        ['a push by digest, without a tag of its own'],
      ],
      [
        'a chart, told by the config in its manifest',
        anImage({ manifest }),
        [`chart zot.example.com/team/app:1.0@${DIGEST}`],
      ],
      [
        'a manifest that is no text',
        anImage({ manifest: JSON.parse(manifest) }),
        [`chart zot.example.com/team/app:1.0@${DIGEST}`],
      ],
      ['a manifest that is no JSON', anImage({ manifest: '{' }), [signal]],
      [
        'an image that only mentions charts',
        anImage({ manifest: JSON.stringify({ annotations: { a: HELM_CONFIG } }) }),
        [signal],
      ],
      ['a manifest longer than any', anImage({ manifest: `${' '.repeat(70_000)}${manifest}` }), [signal]],
      ['no reference', { name: 'team/app' }, 'name and reference must be strings'],
    ],
    updated,
  );
  it.each(['image.deleted', 'image.lint_failed', 'repository.created'])('%s', (type) => {
    const sent = { headers: { 'ce-type': `zotregistry.${type}` }, body: anImage() };

    expect(recognisedBy(sent)[0]).toBe('zot');
    expect(readAs('zot', sent)).toMatchObject({
      signals: [],
      ignored: [`an event "zotregistry.${type}", not a push`],
    });
  });

  const structured = { specversion: '1.0', type: 'zotregistry.image.updated', source: 'zotregistry.dev' };
  webhookTable('zot', [
    ['structured mode', { ...structured, data: anImage() }, [signal]],
    [
      'structured mode, data in base64',
      { ...structured, data_base64: Buffer.from(JSON.stringify(anImage())).toString('base64') },
      [signal],
    ],
    ['no header', anImage(), 'the header ce-type is missing'],
  ]);
  webhookTable(
    'zot',
    [
      [
        'a source that is its URL',
        { ...structured, source: 'https://zot.example.com:5000', data: anImage({ digest: undefined }) },
        ['image zot.example.com:5000/team/app:1.0'],
      ],
    ],
    { hosts: {} },
  );
  webhookTable(
    'zot',
    [
      [
        'no host at all',
        { ...structured, data: anImage() },
        [],
        ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="zot=<host>"'],
      ],
    ],
    { hosts: {} },
  );
});
