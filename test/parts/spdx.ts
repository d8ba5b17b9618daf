import { z } from 'zod';

const Id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/);
const Supplier = z.union([z.literal('NOASSERTION'), z.string().regex(/^(Organization|Person): .+/)]);
const LICENSE_WORD = '[A-Za-z0-9.+-]+';
/** An expression of licences, as far as packages here use them. */
export const SpdxLicense = z
  .string()
  .regex(
    new RegExp(
      `^\\(?${LICENSE_WORD}(?: WITH ${LICENSE_WORD})?(?: (?:AND|OR) ${LICENSE_WORD}(?: WITH ${LICENSE_WORD})?)*\\)?$`,
    ),
  );
/** A document of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/): what must be there, and how it must look. */
export const SpdxDocument = z.strictObject({
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
      licenseConcluded: SpdxLicense,
      licenseDeclared: SpdxLicense,
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
export type SpdxDocument = z.infer<typeof SpdxDocument>;

/** What in a document leads nowhere: ids that are there twice, that nothing has, or that nothing tells of. */
export function looseEnds({
  packages,
  relationships,
  documentDescribes,
  SPDXID,
}: SpdxDocument): readonly string[] {
  const ids = packages.map((one) => one.SPDXID);
  const told = new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement));
  const named = relationships.flatMap(({ spdxElementId, relatedSpdxElement }) => [
    spdxElementId,
    relatedSpdxElement,
  ]);
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index),
    ...[...named, ...documentDescribes].filter((id) => id !== SPDXID && !ids.includes(id)),
    ...ids.filter((id) => !told.has(id)),
  ];
}
