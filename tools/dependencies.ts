import { z } from 'zod';

/** Licences that what is shipped may have: they ask for no more than to be named. */
const ALLOWED_LICENSES: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Packages that may be there in two major versions at once, each with why that cannot be helped. */
const ALLOWED_TWICE: Readonly<Record<string, string>> = {};

const LockedPackage = z.object({
  version: z.string().default(''),
  license: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  link: z.boolean().default(false),
  dev: z.boolean().default(false),
  devOptional: z.boolean().default(false),
  hasInstallScript: z.boolean().default(false),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});
type LockedPackage = z.infer<typeof LockedPackage>;

/** As much of package-lock.json (version 3) as is looked at; `''` is the project itself. */
export const PackageLock = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(z.string(), LockedPackage),
});
export type PackageLock = z.infer<typeof PackageLock>;

export interface AuditOptions {
  readonly lock: PackageLock;
  /** Packages that are shipped though only the build needs them: those that the dashboard is made of. */
  readonly bundled: readonly string[];
  /** What an installed package itself says of its licence, by its place such as `node_modules/zod`; undefined where it is not installed. */
  readonly installedLicense: (place: string) => string | undefined;
  /** In place of the lists above. */
  readonly allowedTwice?: Readonly<Record<string, string>>;
}

/**
 * Checks what is shipped: the tree of production packages, and those that the dashboard is made of. Licences of the list, no
 * scripts at installation, no package in two major versions, and everything fixed by its checksum. The answer is one line for each
 * violation; nothing outside is asked.
 */
export function auditDependencies(options: AuditOptions): readonly string[] {
  const { lock, installedLicense, allowedTwice = ALLOWED_TWICE } = options;
  const shipped = shippedPackages(options);
  return [
    ...looseVersions(lock),
    ...shipped.flatMap((place) => auditPackage(place, lock.packages[place], installedLicense(place))),
    ...auditVersions(shipped, lock, allowedTwice),
  ];
}

/** The places of all packages that are shipped, sorted. Throws where one is bundled that the lock does not know. */
export function shippedPackages({
  lock,
  bundled,
}: Pick<AuditOptions, 'lock' | 'bundled'>): readonly string[] {
  const found = new Set<string>();
  for (const [place, { dev, devOptional }] of Object.entries(lock.packages))
    if (place !== '' && !dev && !devOptional) found.add(place);
  const add = (place: string): void => {
    if (found.has(place)) return;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = lock.packages[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const next = findPlace(lock, place, name);
      if (next !== undefined) add(next);
    }
  };
  for (const name of bundled) {
    const place = findPlace(lock, '', name);
    if (place === undefined) throw new Error(`${name} is bundled, and package-lock.json does not know it`);
    add(place);
  }
  return [...found].toSorted();
}

/** Where Node finds a package that is asked for from a place: the nearest `node_modules` upwards. */
function findPlace({ packages }: PackageLock, from: string, name: string): string | undefined {
  for (const above of [from, ...placesAbove(from), '']) {
    const place = above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`;
    if (packages[place] !== undefined) return place;
  }
  return undefined;
}

/** Of `node_modules/a/node_modules/b`: `node_modules/a`. */
function placesAbove(place: string): readonly string[] {
  const end = place.lastIndexOf('/node_modules/');
  return end < 0 ? [] : [place.slice(0, end), ...placesAbove(place.slice(0, end))];
}

function auditPackage(
  place: string,
  entry: LockedPackage | undefined,
  installed: string | undefined,
): readonly string[] {
  if (entry === undefined) return [`${place}: is not in package-lock.json`];
  const { version, license, integrity, resolved, link, hasInstallScript } = entry;
  const name = `${nameOf(place)}@${version}`;
  const violations: string[] = [];
  if (license === undefined) violations.push(`${name}: has no licence`);
  else if (!isAllowed(license)) violations.push(`${name}: its licence ${license} is not allowed`);
  if (installed !== undefined && license !== undefined && installed !== license)
    violations.push(`${name}: package-lock.json says ${license}, the package itself ${installed}`);
  if (hasInstallScript) violations.push(`${name}: runs a script when it is installed`);
  if (link || integrity === undefined) violations.push(`${name}: has no checksum`);
  if (resolved !== undefined) violations.push(`${name}: names an address it is downloaded from`);
  return violations;
}

/**
 * Whether an SPDX expression leaves a way that is allowed (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/).
 * One with parentheses inside others is not understood, and so not allowed.
 */
export function isAllowed(expression: string): boolean {
  const plain = expression.replace(/^\((.*)\)$/, '$1');
  return plain
    .split(' OR ')
    .some((way) => way.split(' AND ').every((license) => ALLOWED_LICENSES.has(license.trim())));
}

function auditVersions(
  shipped: readonly string[],
  lock: PackageLock,
  allowedTwice: Readonly<Record<string, string>>,
): readonly string[] {
  const majors = new Map<string, Set<string>>();
  for (const place of shipped) {
    const name = nameOf(place);
    const known = majors.get(name) ?? new Set<string>();
    majors.set(name, known.add(majorOf(lock.packages[place]?.version ?? '')));
  }
  const twice = [...majors].filter(([, versions]) => versions.size > 1);
  const violations = twice
    .filter(([name]) => allowedTwice[name] === undefined)
    .map(([name, versions]) => `${name}: is shipped in several major versions: ${[...versions].join(', ')}`);
  const idle = Object.keys(allowedTwice)
    .filter((name) => !twice.some(([one]) => one === name))
    .map((name) => `${name}: is shipped once; take it off the list in tools/dependencies.ts`);
  return [...violations, ...idle];
}

/** What may break: before 1.0.0 any minor version, before 0.1.0 any at all (https://semver.org/#spec-item-4). */
function majorOf(version: string): string {
  return /^(?:0\.0\.\d+|0\.\d+|\d+)/.exec(version)?.[0] ?? version;
}

/** What the project itself asks for is one version, not a range. */
function looseVersions({ packages }: PackageLock): readonly string[] {
  const { dependencies = {}, optionalDependencies = {} } = packages[''] ?? {};
  return Object.entries({ ...dependencies, ...optionalDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version))
    .map(([name, version]) => `${name}: package.json asks for ${version}, which is not one version`);
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
