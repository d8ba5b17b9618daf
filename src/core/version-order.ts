import { calendarKind } from './calendar.ts';
import { compareDigits, compareNaturally, naturalPieces } from './natural-order.ts';
import type { PreRelease } from './version-suffix.ts';
import type { Version } from './version.ts';

/** How far a version is from another one: the highest part that differs. */
export type ChangeLevel = 'major' | 'minor' | 'patch' | 'prerelease' | 'build';

/**
 * Orders two versions: negative when `a` is older, 0 when they are the same version (build metadata aside), positive
 * when `a` is newer, undefined when they cannot be compared.
 */
export function compareVersions(a: Version, b: Version): number | undefined {
  if (!areRelated(a, b)) return undefined;
  const order = compareRelated(a, b);
  return order === 0 && a.suffix.commit !== b.suffix.commit ? undefined : order;
}

/** Orders two versions that both can be compared with a third one; 0 also where they differ in a hash alone. */
export function compareRelated(a: Version, b: Version): number {
  return (
    compareNumbers(a.numbers, b.numbers) ||
    comparePreReleases(a.suffix.prerelease, b.suffix.prerelease) ||
    compareVariants(a, b)
  );
}

/** Orders two versions that `compareVersions` calls the same by their build metadata; hashes have no order. */
export function compareBuilds(a: Version, b: Version): number | undefined {
  if (a.suffix.build === b.suffix.build) return 0;
  if (a.suffix.build === undefined) return -1;
  if (b.suffix.build === undefined) return 1;
  return looksLikeHash(a.suffix.build) || looksLikeHash(b.suffix.build)
    ? undefined
    : compareBuildText(a.suffix.build, b.suffix.build);
}

/** An order of build metadata that always answers, for choosing between versions that are equally new. */
export function compareBuildText(a = '', b = ''): number {
  return compareNaturally(naturalPieces(a), naturalPieces(b));
}

/** The level of the change between two versions that can be compared; the variant's numbers count like the main ones. */
export function levelOfChange(from: Version, to: Version): ChangeLevel {
  let highest = firstDifference(from.numbers, to.numbers);
  for (const [index, numbers] of from.suffix.variantNumbers.entries()) {
    highest = Math.min(highest, firstDifference(numbers, to.suffix.variantNumbers[index] ?? []));
  }
  if (highest === 0) return 'major';
  if (highest === 1) return 'minor';
  if (highest < Infinity) return 'patch';
  return comparePreReleases(from.suffix.prerelease, to.suffix.prerelease) === 0 ? 'build' : 'prerelease';
}

/** Why `candidate` and `running` are not versions of the same thing, as a sentence; undefined when they are. */
export function explainUnrelated(running: Version, candidate: Version): string | undefined {
  if (areRelated(running, candidate)) return undefined;
  const other = `the running ${running.text}`;
  if (foldPrefix(running.prefix) !== foldPrefix(candidate.prefix)) {
    return `${candidate.text} has ${describe('prefix', candidate.prefix)}, ${other} has ${running.prefix || 'none'}`;
  }
  if (running.suffix.variantShape !== candidate.suffix.variantShape) {
    return `${candidate.text} has ${describe('variant', candidate.suffix.variant)}, ${other} has ${running.suffix.variant || 'none'}`;
  }
  if (running.numbers.length !== candidate.numbers.length) {
    return `${candidate.text} has ${count(candidate)}, ${other} has ${running.numbers.length}`;
  }
  if (running.form !== candidate.form) {
    return `${candidate.text} writes its numbers otherwise than ${other}`;
  }
  if ((running.suffix.commit === undefined) !== (candidate.suffix.commit === undefined)) {
    return candidate.suffix.commit === undefined
      ? `${candidate.text} names no commit, ${other} does`
      : `${candidate.text} names a commit, ${other} does not`;
  }
  return `${candidate.text} and ${other} count differently (one looks like a date or a time stamp)`;
}

/** Only versions of the same family are ever compared: same prefix, form of numbers, variant and scheme. */
function areRelated(a: Version, b: Version): boolean {
  return (
    a.numbers.length === b.numbers.length &&
    a.form === b.form &&
    a.suffix.variantShape === b.suffix.variantShape &&
    (a.suffix.commit === undefined) === (b.suffix.commit === undefined) &&
    (a.prefix === b.prefix || foldPrefix(a.prefix) === foldPrefix(b.prefix)) &&
    sameScheme(a.numbers[0] ?? '', b.numbers[0] ?? '')
  );
}

/** A bare `v` may come or go. */
function foldPrefix(prefix: string): string {
  return prefix === 'v' || prefix === 'V' ? '' : prefix;
}

/**
 * A number that looks like a year or a date is compared only with numbers of the same length, so that `2024` never
 * beats `18`, while a counter may still run past 1999.
 */
function sameScheme(a: string, b: string): boolean {
  return a.length === b.length || (calendarKind(a) === undefined && calendarKind(b) === undefined);
}

function compareNumbers(a: readonly string[], b: readonly string[]): number {
  const index = firstDifference(a, b);
  return index === Infinity ? 0 : compareDigits(a[index] ?? '', b[index] ?? '');
}

function compareVariants(a: Version, b: Version): number {
  for (const [index, numbers] of a.suffix.variantNumbers.entries()) {
    const order = compareNumbers(numbers, b.suffix.variantNumbers[index] ?? []);
    if (order !== 0) return order;
  }
  return 0;
}

/** A release is above its pre-releases. */
function comparePreReleases(a: PreRelease | undefined, b: PreRelease | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return a.stage - b.stage || compareNaturally(a.pieces, b.pieces);
}

/** Both lists have the same length; Infinity when they are equal. */
function firstDifference(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return index;
  }
  return Infinity;
}

function looksLikeHash(build: string): boolean {
  return /^(?:sha[-.])?g?(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}$/.test(build);
}

function describe(what: string, value: string): string {
  return value === '' ? `no ${what}` : `the ${what} ${value}`;
}

function count(version: Version): string {
  return version.numbers.length === 1 ? '1 number' : `${version.numbers.length} numbers`;
}
