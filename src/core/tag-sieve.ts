import { admitsPreReleases, type PolicyRule } from './policy.ts';
import type { Version } from './version.ts';

/** Longer numbers, and more of them, are left to the real comparison. */
const MAX_DIGITS = 20;
const MAX_NUMBERS = 6;

/**
 * A sieve for the tags of a long list: what it does not let through, the rule does not take from a list while `running`
 * runs, or it is older than `bar`, a version of the same family. What it lets through has still to be judged. It costs a
 * hundredth of reading a tag, also before it has ever been used.
 */
export function createTagSieve(rule: PolicyRule, running: Version, bar: Version = running): RegExp {
  const separators = running.form === '' ? '.'.repeat(running.numbers.length - 1) : running.form;
  const context = { numbers: bar.numbers, separators, pinned: pinnedNumbers(rule) };
  const behind = separators.slice(running.numbers.length - 1);
  const end = running.form === '' ? '(?!\\.?\\d)' : '(?!\\d)';
  return new RegExp(
    `^${prefixOf(running)}${numbersAtLeast(context, 0)}${literally(behind)}${end}${restOf(rule, running)}`,
  );
}

/** How many of the first numbers a candidate has in common with the running version. */
function pinnedNumbers({ policy }: PolicyRule): number {
  if (policy === 'patch') return 2;
  return policy === 'minor' ? 1 : 0;
}

/** A bare `v` may come or go. */
function prefixOf({ prefix }: Version): string {
  return prefix === '' || prefix === 'v' || prefix === 'V' ? '[vV]?' : literally(prefix);
}

interface Bar {
  /** Without leading zeros. */
  readonly numbers: readonly string[];
  /** One character behind each number; none or one behind the last. */
  readonly separators: string;
  readonly pinned: number;
}

/** What matches the numbers from this one on, in digits, if they are not below those of the bar. */
function numbersAtLeast(bar: Bar, index: number): string {
  const { numbers, separators, pinned } = bar;
  const number = numbers[index];
  if (number === undefined) return '';
  if (index >= MAX_NUMBERS || number.length > MAX_DIGITS) return anyNumbers(bar, index);
  const isLast = index === numbers.length - 1;
  const separator = isLast ? '' : literally(separators.charAt(index));
  const same = `${number}${isLast ? '(?!\\d)' : separator}${numbersAtLeast(bar, index + 1)}`;
  if (index < pinned) return `0*${same}`;
  return `0*(?:${same}|(?:${above(number)})${separator}${anyNumbers(bar, index + 1)})`;
}

function anyNumbers({ numbers, separators }: Bar, from: number): string {
  const rest = numbers.slice(from);
  return rest
    .map((_, at) => (at === rest.length - 1 ? '\\d+' : `\\d+${literally(separators.charAt(from + at))}`))
    .join('');
}

/** What matches a whole number, without leading zeros, that is greater. */
function above(number: string): string {
  const alternatives = [`[1-9]\\d{${number.length},}`];
  for (const [index, digit] of Array.from(number).entries()) {
    if (digit === '9') continue;
    const rest = number.length - index - 1;
    alternatives.push(`${number.slice(0, index)}[${Number(digit) + 1}-9]${rest > 0 ? `\\d{${rest}}` : ''}`);
  }
  return alternatives.join('|');
}

/** What follows the numbers, where that is known beforehand: neither a pre-release nor a commit, and the same variant. */
function restOf(rule: PolicyRule, running: Version): string {
  const { commit, variantShape } = running.suffix;
  if (commit !== undefined || admitsPreReleases(rule, running)) return '';
  return `(?:_\\d+)?${literally(variantShape).replaceAll('\\#', '\\d+')}(?:\\+|$)`;
}

function literally(text: string): string {
  return text.replaceAll(/[^0-9A-Za-z]/g, (character) => `\\${character}`);
}
