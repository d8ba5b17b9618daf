import { describe, expect, it } from 'vitest';
import { aptSources, parseDownloads } from '../../../tools/image/apt-sources.ts';

const urisOf = (text: string): readonly string[] =>
  [...text.matchAll(/^URIs: (.*)$/gm)].map(([, uri]) => uri ?? '');

describe('where packages come from', () => {
  it.each([
    [
      'the mirrors of this machine, as deb822 has them',
      [
        'URIs: http://mirror.local/debian\nSuites: bookworm\n',
        'URIs: http://mirror.local/debian-security/\n',
      ],
      ['http://mirror.local/debian', 'http://mirror.local/debian-security'],
    ],
    [
      'the mirrors of this machine, as lines have them',
      [
        'deb [arch=amd64] http://mirror.local/debian bookworm main\ndeb https://other.local/debian-security x main',
      ],
      ['http://mirror.local/debian', 'https://other.local/debian-security'],
    ],
    [
      "what debootstrap knows, where the machine's are of others",
      [
        '# deb http://old.local/debian x main\ndeb http://archive.local/ubuntu noble main',
        'DEF_MIRROR="http://known.local/debian"\nDEF_HTTPS_MIRROR="https://known.local/debian"',
      ],
      ['http://known.local/debian', 'http://known.local/debian-security'],
    ],
  ])('is %s', (_, machine, expected) => {
    expect(urisOf(aptSources(machine))).toEqual(expected);
  });

  it('is one release with its updates, signed by Debian', () => {
    const sources = aptSources(['deb http://mirror.local/debian bookworm main']);
    expect(sources).toContain('Suites: trixie trixie-updates\n');
    expect(sources).toContain('Suites: trixie-security\n');
    expect(sources.match(/^Signed-By: .*debian-archive-keyring/gm)).toHaveLength(2);
  });
});

it('is said to be missing where nothing names a mirror', () => {
  expect(() => aptSources(['deb http://archive.local/ubuntu noble main'])).toThrow(/no mirror of Debian/);
});

describe('what apt would fetch', () => {
  const line = `'http://m/debian/pool/main/g/glibc/libc6_2.41-12%2bdeb13u4_arm64.deb' libc6_2.41-12+deb13u4_arm64.deb 2483572 SHA256:8784`;

  it('is read with version, architecture and sum', () => {
    const epoch = `'http://m/x.deb' zlib1g_1%3a1.3.1-1_all.deb 12 SHA256:ab`;
    expect(parseDownloads(`${line}\n${epoch}\n`)).toEqual([
      {
        name: 'libc6',
        version: '2.41-12+deb13u4',
        architecture: 'arm64',
        file: 'libc6_2.41-12+deb13u4_arm64.deb',
        sha256: '8784',
      },
      {
        name: 'zlib1g',
        version: '1:1.3.1-1',
        architecture: 'all',
        file: 'zlib1g_1%3a1.3.1-1_all.deb',
        sha256: 'ab',
      },
    ]);
  });

  it('must have a sum', () => {
    expect(() => parseDownloads(line.replace('SHA256:8784', 'MD5Sum:8784'))).toThrow('is not understood');
  });
});
