import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packArchive } from '../../tools/executable/archive.ts';
import { executableFile, releasedPlatform, RELEASED } from '../../tools/executable/names.ts';

const options = {
  name: 'kubectl-headwind',
  content: Buffer.from('#!/bin/sh\necho "$0" is here\n'),
  license: 'MIT',
  thirdParty: 'of others',
  epoch: 1_767_225_600,
};

describe('an archive', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headwind-archive-'));
  beforeAll(async () => {
    writeFileSync(join(directory, 'made.tar.gz'), await packArchive(options));
    execFileSync('tar', ['-xzf', 'made.tar.gz'], { cwd: directory });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('holds the program, ready to run, and the licences', () => {
    expect(readdirSync(directory).toSorted()).toEqual([
      'LICENSE',
      'THIRD-PARTY-LICENSES',
      'kubectl-headwind',
      'made.tar.gz',
    ]);
    const program = join(directory, 'kubectl-headwind');
    expect(execFileSync(program, { encoding: 'utf8' })).toBe(`${program} is here\n`);
    expect(readFileSync(join(directory, 'LICENSE'), 'utf8')).toBe('MIT');
  });

  it('is the same when it is packed again', async () => {
    expect(await packArchive(options)).toEqual(readFileSync(join(directory, 'made.tar.gz')));
  });
});

describe('the name of an executable', () => {
  it.each([
    [{ platform: 'linux', arch: 'x64' }, 'headwind-linux-x64'],
    [{ platform: 'darwin', arch: 'arm64' }, 'headwind-darwin-arm64'],
    [{ platform: 'win32', arch: 'x64' }, 'headwind-win32-x64.exe'],
  ])('on %j is %s', (platform, name) => {
    expect(executableFile('headwind', platform)).toBe(name);
  });

  it('is known for every platform that is released, and for no other', () => {
    for (const platform of RELEASED) expect(releasedPlatform(platform.node)).toBe(platform);
    expect(releasedPlatform({ platform: 'sunos', arch: 'x64' })).toBeUndefined();
  });
});
