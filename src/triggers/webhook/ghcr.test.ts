import { describe, expect, it } from 'vitest';
import { readAs, recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;
const HELM_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

describe('GHCR', () => {
  const aPackage = (version: object, rest: object = {}, action = 'published') => ({
    action,
    package: {
      name: 'app',
      owner: { login: 'Team' },
      package_type: 'CONTAINER',
      ...rest,
      package_version: version,
    },
  });
  const tagged = (tag: unknown, manifest: object = {}) => ({
    container_metadata: { tag: { name: tag, digest: DIGEST }, manifest },
    package_url: 'ghcr.io/Team/App:1.0',
  });
  const signal = `image ghcr.io/team/app:1.0@${DIGEST}`;

  webhookTable('ghcr', [
    ['names are lower-cased', aPackage(tagged('1.0')), [signal]],
    ['updated counts like published', aPackage(tagged('1.0'), {}, 'updated'), [signal]],
    ['deleted', aPackage(tagged('1.0'), {}, 'deleted'), [], ['the package was "deleted", not pushed']],
    ['an untagged child of a multi-arch image', aPackage(tagged('')), [], ['a push without a tag']],
    ['a digest as tag', aPackage(tagged(DIGEST)), []],
    [
      'a container that calls itself npm, as in the sample of GitHub',
      aPackage(tagged('1.0'), { package_type: 'npm', ecosystem: 'docker' }),
      [signal],
    ],
    [
      'the type in any case',
      aPackage({ package_url: 'ghcr.io/team/app:1.0' }, { package_type: 'Container' }),
      ['image ghcr.io/team/app:1.0'],
    ],
    [
      'a package that is none',
      aPackage({ version: '1.0.0', package_url: 'https://npm.pkg.github.com/app' }, { package_type: 'npm' }),
      [],
      ['a package that is no container'],
    ],
    [
      'a chart, told by its config',
      aPackage(tagged('1.0', { config: { media_type: HELM_CONFIG } })),
      [`chart ghcr.io/team/app:1.0@${DIGEST}`],
    ],
    [
      'the older shape with several tags',
      aPackage({
        docker_metadata: [{ tags: ['1.0', 'latest'] }],
        package_url: 'docker.pkg.github.com/team/repo/app:1.0',
      }),
      ['image docker.pkg.github.com/team/repo/app:1.0', 'image docker.pkg.github.com/team/repo/app:latest'],
    ],
    [
      'no package_url: owner and name',
      aPackage({ container_metadata: { tag: { name: '1.0' } } }),
      ['image ghcr.io/team/app:1.0'],
    ],
    [
      'a manifest that is a string',
      aPackage({ ...tagged('1.0'), container_metadata: { tag: { name: '1.0' }, manifest: '' } }),
      ['image ghcr.io/team/app:1.0'],
    ],
    ['no package', { action: 'published' }, 'package.package_version must be an object'],
    [
      'a package without a version',
      { action: 'published', package: {} },
      'package.package_version must be an object',
    ],
    [
      'a ping told by its body',
      { zen: 'Keep it logically awesome.', hook_id: 1 },
      [],
      ['a GitHub event "ping", not a package'],
    ],
  ]);

  it.each([
    ['ping', { zen: 'Design for failure.', hook_id: 1, hook: {} }],
    ['push', { ref: 'refs/heads/main', repository: {} }],
    ['workflow_run', { action: 'completed' }],
  ])('a %s event is answered and nothing more', (event, body) => {
    const headers = { 'x-github-event': event };

    expect(recognisedBy({ headers, body })[0]).toBe('ghcr');
    expect(readAs('ghcr', { headers, body }).signals).toEqual([]);
  });
});
