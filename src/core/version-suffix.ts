import { naturalPieces, withoutLeadingZeros } from './natural-order.ts';

/** A pre-release, ordered by stage first: `dev` below `alpha` below `beta` below `rc`, whatever the letters say. */
export interface PreRelease {
  readonly stage: number;
  /** The word and what follows it, e.g. `rc`, `10`; short words are spelled out. */
  readonly pieces: readonly string[];
}

/** What follows the numbers of a version. */
export interface Suffix {
  readonly prerelease: PreRelease | undefined;
  /** As written, e.g. `-alpine3.19`; empty when there is none. */
  readonly variant: string;
  /** The variant with its dotted numbers blanked (`-alpine#.#`): what a candidate must have in common. */
  readonly variantShape: string;
  /** The variant's dotted numbers, in order, without leading zeros. */
  readonly variantNumbers: readonly (readonly string[])[];
  /** A commit hash: it names a build of the same version and has no order of its own. */
  readonly commit: string | undefined;
  /** Build metadata without its sign. */
  readonly build: string | undefined;
}

export const NO_SUFFIX: Suffix = {
  prerelease: undefined,
  variant: '',
  variantShape: '',
  variantNumbers: [],
  commit: undefined,
  build: undefined,
};

/**
 * A commit hash between separators. It has letters and digits: a word without a digit and a number without a letter
 * are something else.
 */
export const COMMIT_HASH = /(?:^|[-_.])(g?(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64})(?=$|[-_.+])/;

const STAGES: ReadonlyMap<string, { readonly stage: number; readonly word: string }> = new Map([
  ['dev', { stage: 0, word: 'dev' }],
  ['snapshot', { stage: 0, word: 'snapshot' }],
  ['nightly', { stage: 0, word: 'nightly' }],
  ['canary', { stage: 0, word: 'canary' }],
  ['a', { stage: 1, word: 'alpha' }],
  ['alpha', { stage: 1, word: 'alpha' }],
  ['b', { stage: 2, word: 'beta' }],
  ['beta', { stage: 2, word: 'beta' }],
  ['m', { stage: 3, word: 'milestone' }],
  ['milestone', { stage: 3, word: 'milestone' }],
  ['pre', { stage: 4, word: 'pre' }],
  ['preview', { stage: 4, word: 'preview' }],
  ['rc', { stage: 5, word: 'rc' }],
]);

const TAIL = String.raw`\d*(?:[-_]\d+(?![0-9A-Za-z.]))*(?:\.[0-9A-Za-z]+)*(?=$|[-_])`;
const PRERELEASE_FIRST = new RegExp(
  `^[-_.]?(alpha|beta|rc|preview|pre|dev|snapshot|nightly|canary|milestone|m|a|b)(?![A-Za-z])(${TAIL})`,
  'i',
);
/** Behind a variant (`-alpine-rc1`) only words that mean nothing else are believed. */
const PRERELEASE_LATER = new RegExp(
  `[-_](alpha|beta|rc|preview|snapshot|nightly|canary|milestone)(?![A-Za-z])(${TAIL})`,
  'i',
);
/** `17.0.9_9-jdk`: a tag cannot hold a `+`, so `_` stands in its place. */
const UNDERSCORE_BUILD = /^_(\d+)(?![0-9A-Za-z.])/;
const DOTTED_NUMBER = /\d+(?:\.\d+)+/g;

/** Reads what follows the numbers; undefined when letters that mean nothing here are glued to them. */
export function readSuffix(rest: string): Suffix | undefined {
  if (rest === '') return NO_SUFFIX;
  const { build, remaining: versionPart } = cutBuild(rest);
  const { prerelease, remaining: variantPart } = cutPreRelease(versionPart);
  if (variantPart === '') return { ...NO_SUFFIX, prerelease, build };
  const commit = COMMIT_HASH.exec(variantPart);
  const variant = commit == null ? variantPart : without(variantPart, commit);
  if (/^[0-9A-Za-z]/.test(variant)) return undefined;
  return {
    prerelease,
    variant,
    variantShape: variant.replaceAll(DOTTED_NUMBER, (number) => number.replaceAll(/\d+/g, '#')),
    variantNumbers: (variant.match(DOTTED_NUMBER) ?? []).map((number) =>
      number.split('.').map(withoutLeadingZeros),
    ),
    commit: commit?.[1],
    build,
  };
}

function cutBuild(rest: string): { readonly build: string | undefined; readonly remaining: string } {
  const plus = rest.indexOf('+');
  if (plus >= 0) return { build: rest.slice(plus + 1), remaining: rest.slice(0, plus) };
  const match = UNDERSCORE_BUILD.exec(rest);
  return match == null
    ? { build: undefined, remaining: rest }
    : { build: match[1], remaining: rest.slice(match[0].length) };
}

function cutPreRelease(rest: string): Pick<Suffix, 'prerelease'> & { readonly remaining: string } {
  const match = rest === '' ? undefined : (PRERELEASE_FIRST.exec(rest) ?? PRERELEASE_LATER.exec(rest));
  if (match == null) return { prerelease: undefined, remaining: rest };
  const word = (match[1] ?? '').toLowerCase();
  const known = STAGES.get(word);
  return {
    prerelease: {
      stage: known?.stage ?? 0,
      pieces: [known?.word ?? word, ...naturalPieces(match[2] ?? '')],
    },
    remaining: without(rest, match),
  };
}

function without(text: string, match: RegExpExecArray): string {
  return text.slice(0, match.index) + text.slice(match.index + match[0].length);
}
