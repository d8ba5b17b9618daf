import { describe, expect, it } from 'vitest';
import { readAs, recognisedBy } from '../../../test/parts/webhook-reading.ts';
import { webhookTable } from '../../../test/parts/webhook-table.ts';

const DIGEST = `sha256:${'4afff550708506c5'.repeat(4)}`;

describe('Gitea and Forgejo', () => {
  const aPackage = (rest: object = {}, action = 'created') => ({
    action,
    package: {
      type: 'container',
      name: 'app',
      version: '1.0',
      owner: { login: 'Team' },
      html_url: 'https://git.example.com:3000/Team/-/packages/container/app/1.0',
      ...rest,
    },
  });

  webhookTable('gitea', [
    ['names are lower-cased, the port is kept', aPackage(), ['image git.example.com:3000/team/app:1.0']],
    [
      'a name with a path',
      aPackage({ name: 'group/app' }),
      ['image git.example.com:3000/team/group/app:1.0'],
    ],
    [
      'a digest as version',
      aPackage({ version: DIGEST }),
      [],
      ['a push by digest, without a tag of its own'],
    ],
    ['deleted', aPackage({}, 'deleted'), [], ['the package was "deleted", not pushed']],
    ['another type', aPackage({ type: 'helm' }), [], ['a package of type "helm", not a container']],
    [
      'an older Gitea, with username and without html_url',
      aPackage({ owner: { username: 'team' }, html_url: undefined }),
      [],
      ['the registry\'s host is not known; configure HEADWIND_WEBHOOK_HOSTS="gitea=<host>"'],
    ],
    ['no owner', aPackage({ owner: {} }), [], ['the package has no owner']],
    ['no action', { package: {} }, 'action must be a string'],
    [
      'no package',
      { action: 'created' },
      'package.type, package.name and package.version must be strings, package.owner an object',
    ],
  ]);
  webhookTable(
    'gitea',
    [['a registry on a host of its own', aPackage(), ['image registry.example.com/team/app:1.0']]],
    {
      hosts: { gitea: 'registry.example.com' },
    },
  );

  it.each([
    ['Gitea', { 'x-gitea-event': 'package', 'x-github-event': 'package' }, 1],
    ['Forgejo', { 'x-forgejo-event': 'package', 'x-gitea-event': 'package', 'x-github-event': 'package' }, 1],
    ['a git push', { 'x-gitea-event': 'push', 'x-github-event': 'push' }, 0],
  ])('is decided before GitHub: %s', (_name, headers, count) => {
    const sent = { headers, body: aPackage() };

    expect(recognisedBy(sent)[0]).toBe('gitea');
    expect(readAs('gitea', sent).signals).toHaveLength(count);
  });
});
