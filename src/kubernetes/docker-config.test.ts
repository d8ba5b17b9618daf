import { describe, expect, it } from 'vitest';
import type { Repository } from '../core/image-reference.ts';
import { loginsFor, parseDockerConfig } from './docker-config.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The users that a configuration with these keys (each its own user) offers for a repository. */
function usersFor(keys: readonly string[], repository: Repository): string[] {
  const auths = Object.fromEntries(keys.map((key) => [key, { username: key, password: 'p' }]));
  const logins = parseDockerConfig(JSON.stringify({ auths }), 'dockerconfigjson');
  if (!logins.ok) throw new Error(logins.error);
  return loginsFor(repository, logins.value).map(({ credential }) =>
    'username' in credential ? credential.username : '',
  );
}

describe('which logins are for a repository', () => {
  const rows: readonly [string, readonly string[], string, readonly string[]][] = [
    ['the same host', ['ghcr.io'], 'ghcr.io a/b', ['ghcr.io']],
    ['not another host', ['ghcr.io'], 'quay.io a/b', []],
    ['not a host that only ends alike', ['ghcr.io'], 'evilghcr.io a/b', []],
    ['not another port', ['reg:5000'], 'reg:5001 a', []],
    ['not a port where none is written', ['reg.example'], 'reg.example:5000 a', []],
    [
      'the default port is no port',
      ['https://reg.example:443'],
      'reg.example a',
      ['https://reg.example:443'],
    ],
    ['hosts are not case-sensitive', ['GHCR.io'], 'ghcr.io a', ['GHCR.io']],
    [
      'all spellings of Docker Hub',
      ['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io', 'https://index.docker.io/v2/'],
      'docker.io library/nginx',
      ['https://index.docker.io/v1/', 'docker.io', 'registry-1.docker.io', 'https://index.docker.io/v2/'],
    ],
    ['scheme and /v2/ are not part of it', ['https://reg:5000/v2/'], 'reg:5000 a', ['https://reg:5000/v2/']],
    ['a path below its prefix', ['reg/team'], 'reg team/app', ['reg/team']],
    ['the path itself', ['reg/team/app'], 'reg team/app', ['reg/team/app']],
    ['not a path that only begins alike', ['reg/team'], 'reg team-two/app', []],
    [
      'the most specific first',
      ['reg', 'reg/team/app', 'reg/team'],
      'reg team/app',
      ['reg/team/app', 'reg/team', 'reg'],
    ],
    [
      'a path of Docker Hub',
      ['index.docker.io/v1/acme', 'docker.io'],
      'docker.io acme/app',
      ['index.docker.io/v1/acme', 'docker.io'],
    ],
    ['a star is one part of a host', ['*.azurecr.io'], 'acme.azurecr.io a', ['*.azurecr.io']],
    ['a star is not two parts', ['*.azurecr.io'], 'a.b.azurecr.io a', []],
    ['a star is not a port', ['*.example'], 'a.example:5000 a', []],
    [
      'stars within a part',
      ['*.dkr.ecr.eu-*-1.amazonaws.com'],
      '1.dkr.ecr.eu-west-1.amazonaws.com a',
      ['*.dkr.ecr.eu-*-1.amazonaws.com'],
    ],
    ['several stars in one part', ['a*b*c.example'], 'a1b2c.example x', ['a*b*c.example']],
    ['pieces between stars do not overlap', ['ab*bc.example'], 'abc.example x', []],
    [
      'an exact host before a star',
      ['*.example', 'reg.example'],
      'reg.example a',
      ['reg.example', '*.example'],
    ],
    ['a stray key matches nothing', ['', '*', '/'], 'reg.example a', []],
  ];
  it.each(rows)('%s', (_name, keys, repository, expected) => {
    const [host = '', path = ''] = repository.split(' ');
    expect(usersFor(keys, { host, path })).toEqual(expected);
  });
});

describe('reading a Docker configuration', () => {
  const credentials = (
    text: string,
    form: 'dockerconfigjson' | 'dockercfg' = 'dockerconfigjson',
  ): unknown => {
    const parsed = parseDockerConfig(text, form);
    return parsed.ok ? parsed.value.map((login) => login.credential) : parsed.error;
  };
  const withEntry = (entry: unknown): string => JSON.stringify({ auths: { reg: entry } });

  const rows: readonly [string, unknown, readonly unknown[]][] = [
    ['user and password', { username: 'u', password: 'p' }, [{ username: 'u', password: 'p' }]],
    ['both in one', { auth: base64('u:p:with:colons') }, [{ username: 'u', password: 'p:with:colons' }]],
    ['padded by Docker', { auth: base64('u:p\0\0') }, [{ username: 'u', password: 'p' }]],
    [
      'user and password before both in one',
      { username: 'u', password: 'p', auth: base64('x:y') },
      [{ username: 'u', password: 'p' }],
    ],
    [
      'an identity token before all',
      { auth: base64('<token>:'), identitytoken: 'idt' },
      [{ identityToken: 'idt' }],
    ],
    ['nothing', {}, []],
    ['a user alone', { username: 'u' }, []],
    ['rubbish', { auth: '!!!' }, []],
    ['no entry', null, []],
    ['a list', [], []],
    ['wrong types', { username: 1, password: [], auth: base64('u:p') }, [{ username: 'u', password: 'p' }]],
  ];
  it.each(rows)('an entry with %s', (_name, entry, expected) => {
    expect(credentials(withEntry(entry))).toEqual(expected);
  });

  it('the older form is the auths alone', () => {
    expect(credentials(JSON.stringify({ reg: { auth: base64('u:p') } }), 'dockercfg')).toEqual([
      { username: 'u', password: 'p' },
    ]);
  });

  it('one bad entry does not lose the others', () => {
    const text = JSON.stringify({ auths: { a: 'bad', b: { username: 'u', password: 'p' } } });
    expect(credentials(text)).toEqual([{ username: 'u', password: 'p' }]);
  });

  it.each([
    ['hunter2', 'it is not JSON'],
    ['[]', 'it has no "auths" object'],
    ['{"auths":"hunter2"}', 'it has no "auths" object'],
  ])('tells what is wrong with %s without quoting it', (text, error) => {
    expect(credentials(text)).toBe(error);
  });

  it('a configuration without logins is fine', () => {
    expect(credentials('{"credsStore":"desktop"}')).toEqual([]);
  });
});
