import { DEBIAN, LABELS, NODE_VERSION, timestampOf, type Architecture, type Source } from './config.ts';
import { ARCHITECTURES } from './config.ts';
import type { Download } from './apt-sources.ts';
import type { NpmPackage } from './npm-packages.ts';

export interface SbomOptions {
  readonly architecture: Architecture;
  /** Of the image's manifest for that architecture. */
  readonly digest: string;
  readonly source: Source;
  readonly npm: readonly NpmPackage[];
  readonly debian: readonly Download[];
}

interface Component {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly supplier: string;
  readonly purl: string;
  readonly checksum?: { readonly algorithm: 'SHA256' | 'SHA512'; readonly checksumValue: string };
  readonly purpose: 'APPLICATION' | 'LIBRARY' | 'CONTAINER';
  readonly cpe?: string;
}

/** What is in the image, in the form of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/), to be written as JSON. */
export function sbom(options: SbomOptions): object {
  const { architecture, digest, source } = options;
  const image = imageComponent(options);
  const headwind: Component = {
    id: idOf('headwind', source.version),
    name: 'headwind',
    version: source.version,
    license: 'MIT',
    supplier: 'Organization: Headwind',
    purl: `pkg:github/headwind-sh/headwind@${source.version}`,
    purpose: 'APPLICATION',
  };
  const node = nodeComponent(architecture);
  const npm = options.npm.map(npmComponent);
  const debian = options.debian.map(debianComponent);
  const components = [image, headwind, node, ...npm, ...debian];
  const relate = (from: string, relationshipType: string, to: string): object => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `headwind-${source.version}-${architecture}`,
    // Unique for each image, and the same wherever it is built again.
    documentNamespace: `https://headwind.sh/spdx/headwind-${source.version}-${architecture}-${digest.replace(':', '-')}`,
    creationInfo: {
      created: timestampOf(source.epoch),
      creators: [`Tool: headwind-image-${source.version}`],
    },
    documentDescribes: [image.id],
    packages: components.map(spdxPackage),
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', image.id),
      ...[headwind, node, ...debian].map(({ id }) => relate(image.id, 'CONTAINS', id)),
      ...npm.map(({ id }) => relate(headwind.id, 'CONTAINS', id)),
      relate(headwind.id, 'DEPENDS_ON', node.id),
    ],
  };
}

function imageComponent({ architecture, digest, source }: SbomOptions): Component {
  const [algorithm, value = ''] = digest.split(':');
  if (algorithm !== 'sha256') throw new Error(`${digest} is no sha256`);
  return {
    id: idOf('image', architecture),
    name: 'ghcr.io/headwind-sh/headwind',
    version: source.version,
    license: LABELS['org.opencontainers.image.licenses'],
    supplier: 'Organization: Headwind',
    purl: `pkg:oci/headwind@${encodeURIComponent(digest)}?arch=${architecture}&repository_url=ghcr.io%2Fheadwind-sh%2Fheadwind&tag=${source.version}`,
    checksum: { algorithm: 'SHA256', checksumValue: value },
    purpose: 'CONTAINER',
  };
}

function nodeComponent(architecture: Architecture): Component {
  const { package: name, integrity } = ARCHITECTURES[architecture].node;
  return {
    id: idOf('node', NODE_VERSION),
    name: 'node',
    version: NODE_VERSION,
    license: 'MIT',
    supplier: 'Organization: OpenJS Foundation',
    // The program lies in this package of npm; its symbols are taken off.
    purl: `pkg:npm/${name}@${NODE_VERSION}`,
    checksum: sha512(integrity),
    purpose: 'APPLICATION',
    cpe: `cpe:2.3:a:nodejs:node.js:${NODE_VERSION}:*:*:*:*:*:*:*`,
  };
}

function npmComponent({ name, version, license, integrity }: NpmPackage): Component {
  return {
    id: idOf('npm', name, version),
    name,
    version,
    license,
    supplier: 'NOASSERTION',
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    checksum: sha512(integrity),
    purpose: 'LIBRARY',
  };
}

function debianComponent({ name, version, architecture, sha256 }: Download): Component {
  const licenses: Readonly<Record<string, string>> = DEBIAN.packages;
  return {
    id: idOf('deb', name, version),
    name,
    version,
    license: licenses[name] ?? 'NOASSERTION',
    supplier: 'Organization: Debian',
    purl: `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${DEBIAN.release}`,
    checksum: { algorithm: 'SHA256', checksumValue: sha256 },
    purpose: 'LIBRARY',
  };
}

function spdxPackage({
  id,
  name,
  version,
  license,
  supplier,
  purl,
  checksum,
  purpose,
  cpe,
}: Component): object {
  const reference = (referenceCategory: string, referenceType: string, referenceLocator: string): object => ({
    referenceCategory,
    referenceType,
    referenceLocator,
  });
  return {
    SPDXID: id,
    name,
    versionInfo: version,
    supplier,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: license,
    copyrightText: 'NOASSERTION',
    primaryPackagePurpose: purpose,
    ...(checksum === undefined ? {} : { checksums: [checksum] }),
    externalRefs: [
      reference('PACKAGE-MANAGER', 'purl', purl),
      ...(cpe === undefined ? [] : [reference('SECURITY', 'cpe23Type', cpe)]),
    ],
  };
}

/** Letters, digits, dots and hyphens are all that is allowed in there. */
function idOf(...words: readonly string[]): string {
  return `SPDXRef-${words.map((word) => word.replaceAll(/[^A-Za-z0-9.-]+/g, '-')).join('-')}`;
}

function sha512(integrity: string): NonNullable<Component['checksum']> {
  const value = integrity.replace(/^sha512-/, '');
  if (value === integrity) throw new Error(`${integrity} is no sha512`);
  return { algorithm: 'SHA512', checksumValue: Buffer.from(value, 'base64').toString('hex') };
}
