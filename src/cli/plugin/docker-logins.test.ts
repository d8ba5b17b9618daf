import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credential } from '../../core/credential.ts';
import { parseRepository } from '../../core/image-reference.ts';
import { readDockerLogins } from './docker-logins.ts';

const directory = mkdtempSync(join(tmpdir(), 'headwind-docker-'));

beforeAll(() => {
  const helper = join(directory, 'docker-credential-keys');
  // As the real ones: the host comes on the standard input, unknown ones fail.
  writeFileSync(
    helper,
    `#!/bin/sh
read host
case "$1 $host" in
  "get ghcr.io") echo '{"ServerURL":"ghcr.io","Username":"ann","Secret":"kept"}' ;;
  "get https://index.docker.io/v1/") echo '{"Username":"<token>","Secret":"identity"}' ;;
  "get odd.example") echo 'not JSON' ;;
  *) echo "credentials not found in native keychain"; exit 1 ;;
esac
`,
  );
  chmodSync(helper, 0o755);
});

afterAll(() => rmSync(directory, { recursive: true }));

async function logins(config: object | undefined, image: string): Promise<readonly Credential[]> {
  const env = { HOME: '/home/ann', PATH: `${directory}:/usr/bin:/bin` };
  const of = await readDockerLogins({
    env,
    readFile: (path) => {
      expect(path).toBe('/home/ann/.docker/config.json');
      if (config !== undefined) return Promise.resolve(JSON.stringify(config));
      return Promise.reject(Object.assign(new Error(path), { code: 'ENOENT' }));
    },
  });
  const repository = parseRepository(image);
  if (!repository.ok) throw new Error(repository.error);
  return of(repository.value);
}

const AUTHS = { auths: { 'ghcr.io': { auth: Buffer.from('bob:written').toString('base64') } } };
const WRITTEN = { username: 'bob', password: 'written' };
const KEPT = { username: 'ann', password: 'kept' };

describe("docker's logins", () => {
  it.each<[string, object | undefined, string, readonly Credential[]]>([
    ['there is no configuration', undefined, 'ghcr.io/a/b', []],
    ['one is written down', AUTHS, 'ghcr.io/a/b', [WRITTEN]],
    ['it is for another registry', AUTHS, 'quay.io/a/b', []],
    ['a store has it', { credsStore: 'keys' }, 'ghcr.io/a/b', [KEPT]],
    [
      'a helper for the registry has it',
      { ...AUTHS, credHelpers: { 'ghcr.io': 'keys' } },
      'ghcr.io/a/b',
      [KEPT, WRITTEN],
    ],
    [
      'it is an identity token of Docker Hub',
      { credsStore: 'keys' },
      'nginx',
      [{ identityToken: 'identity' }],
    ],
    ['the store does not know it', { credsStore: 'keys' }, 'quay.io/a/b', []],
    ['the store answers nonsense', { credsStore: 'keys' }, 'odd.example/a/b', []],
    ['there is no such helper', { credsStore: 'gone' }, 'ghcr.io/a/b', []],
    ['the helper is none that can be', { credsStore: '../../bin/sh' }, 'ghcr.io/a/b', []],
  ])('where %s', async (_name, config, image, expected) => {
    expect(await logins(config, image)).toEqual(expected);
  });
});
