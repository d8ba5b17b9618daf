import { RE2JS } from 're2js';
import { fail, ok, type Result } from './result.ts';

/** A pattern of `headwind.sh/pattern`, compiled. Patterns come from tenants: matching takes linear time. */
export interface Pattern {
  /** As written. */
  readonly text: string;
  /** Whether a tag matches; a tag longer than 512 characters never does. */
  matches(tag: string): boolean;
}

const REGEX_PREFIX = 'regex:';
const MAX_PATTERN_LENGTH = 256;
const MAX_SUBJECT_LENGTH = 512;
/** Instructions of a compiled pattern: matching costs at most this times the length of the tag. */
const MAX_PROGRAM_SIZE = 2_000;
const HAS_NO_MORE_THAN_STARS = /^[^?[\\]*$/;

/**
 * Compiles a glob that must match the whole tag, or after `regex:` an RE2 expression that is searched for in it
 * (anchor it with `^` and `$` to match the whole). The error says what is wrong with the pattern.
 */
export function compilePattern(text: string): Result<Pattern> {
  return text.startsWith(REGEX_PREFIX) ? compile(text, text.slice(REGEX_PREFIX.length)) : compileGlob(text);
}

/**
 * Compiles a glob: `*` stands for any characters, `?` for one, `[a-z]` and `[!a-z]` for one of a set or none of it, `\`
 * takes the next character literally. It must match the whole text, case-sensitively.
 */
export function compileGlob(text: string): Result<Pattern> {
  const expression = translateGlob(text);
  if (!expression.ok) return expression;
  return HAS_NO_MORE_THAN_STARS.test(text)
    ? ok({ text, matches: starMatcher(text) })
    : compile(text, expression.value);
}

/** The same for a glob without anything but stars: most are, and looking for their pieces costs a tenth. */
function starMatcher(glob: string): Pattern['matches'] {
  const [start = '', ...others] = glob.split('*');
  const end = others.pop();
  if (end === undefined) return (tag) => tag === glob;
  const pieces = others.filter((piece) => piece !== '');
  return (tag) => {
    const last = tag.length - end.length;
    if (tag.length > MAX_SUBJECT_LENGTH || last < start.length) return false;
    if (!tag.startsWith(start) || !tag.endsWith(end)) return false;
    let from = start.length;
    for (const piece of pieces) {
      // The first place where it stands leaves most room for what follows.
      const at = tag.indexOf(piece, from);
      if (at < 0) return false;
      from = at + piece.length;
    }
    return from <= last;
  };
}

function compile(text: string, expression: string): Result<Pattern> {
  if (expression === '') return fail('the pattern is empty');
  if (text.length > MAX_PATTERN_LENGTH) {
    return fail(`the pattern has ${text.length} characters, at most ${MAX_PATTERN_LENGTH} are allowed`);
  }
  const compiled = compileExpression(expression);
  if (!compiled.ok) return compiled;
  const program = compiled.value;
  if (program.programSize() > MAX_PROGRAM_SIZE) return fail('the pattern is too complex: use fewer repeats');
  return ok({
    text,
    matches: (tag) => tag.length <= MAX_SUBJECT_LENGTH && program.test(tag),
  });
}

function compileExpression(expression: string): Result<RE2JS> {
  try {
    return ok(RE2JS.compile(expression, RE2JS.DOTALL));
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'the pattern cannot be compiled');
  }
}

function translateGlob(glob: string): Result<string> {
  if (glob === '') return fail('the pattern is empty');
  if (glob.length > MAX_PATTERN_LENGTH) {
    return fail(`the pattern has ${glob.length} characters, at most ${MAX_PATTERN_LENGTH} are allowed`);
  }
  let expression = '^';
  for (let rest = glob; rest !== '';) {
    const token = nextToken(rest);
    if (!token.ok) return token;
    expression += token.value.expression;
    rest = rest.slice(token.value.length);
  }
  return ok(`${expression}$`);
}

interface Token {
  readonly expression: string;
  /** How many characters of the glob it stands for. */
  readonly length: number;
}

function nextToken(rest: string): Result<Token> {
  const first = rest.charAt(0);
  if (first === '*') return ok({ expression: '.*', length: /^\*+/.exec(rest)?.[0].length ?? 1 });
  if (first === '?') return ok({ expression: '.', length: 1 });
  if (first === '[') return readClass(rest);
  if (first !== '\\') return ok({ expression: RE2JS.quote(first), length: 1 });
  if (rest.length === 1) return fail('a \\ at the end of a pattern escapes nothing');
  return ok({ expression: RE2JS.quote(rest.charAt(1)), length: 2 });
}

/** `]` right after the opening is a member, as in POSIX. */
function readClass(rest: string): Result<Token> {
  const match = /^\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]/s.exec(rest);
  if (match == null || match[2] === '') {
    return fail('a [ in a pattern needs members and a ] (write \\[ for the character itself)');
  }
  const members = (match[2] ?? '').replaceAll(/\\.|[^\\]/gs, (member) => {
    const character = member.length === 2 ? member.charAt(1) : member;
    if (member === '-') return '-';
    return /[0-9A-Za-z_.]/.test(character) ? character : `\\${character}`;
  });
  return ok({ expression: `[${match[1] === '' ? '' : '^'}${members}]`, length: match[0].length });
}
