import { Command } from 'commander';
import { chooseFromList, type Choice, type TagVerdict } from '../core/newest-tag.ts';
import { compilePattern, type Pattern } from '../core/pattern.ts';
import { compareForPolicy, judgePushed, POLICIES, type PolicyRule } from '../core/policy.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { EXIT, UsageError, type ExitCode } from './exit.ts';
import { formatTable } from './table.ts';

/** The options as they come from the command line. */
export interface PolicyTestOptions {
  readonly policy?: string | undefined;
  readonly current?: string | undefined;
  /** Each entry one value of `--tags`; `-` stands for the standard input. */
  readonly tags?: readonly string[] | undefined;
  readonly pushed?: string | undefined;
  readonly pattern?: string | undefined;
  readonly prerelease?: boolean | undefined;
  readonly output?: string | undefined;
}

export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly stdout: string;
  /** Without a line end. */
  readonly stderr: string;
}

/** What the command needs of the process. */
export interface PolicyTestIo {
  readonly readInput: () => Promise<string>;
  readonly write: (text: string) => Promise<void>;
}

/** `headwind policy test`: answers offline which tag a policy would take, and why not the others. */
export function policyTestCommand(io: PolicyTestIo = processIo()): Command {
  return new Command('test')
    .description('say which tag a policy would take, and why not the others; asks no cluster and no registry')
    .option('--policy <policy>', `one of ${POLICIES.join(', ')}`)
    .option('--current <tag>', 'the tag that is running')
    .option(
      '--tags <tags>',
      'choose from a list as polling does: tags separated by commas, repeatable, - reads them from the standard input',
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option('--pushed <tag>', 'judge one tag that was just pushed, as a webhook does')
    .option('--pattern <pattern>', 'a glob, or regex: and an RE2 expression (headwind.sh/pattern)')
    .option('--prerelease', 'admit pre-releases when the running tag is none (headwind.sh/prerelease)')
    .option('-o, --output <format>', `one of ${OUTPUTS.join(', ')}`, 'table')
    .addHelpText('after', EXAMPLES)
    .action(async (options: PolicyTestOptions) => {
      const input = options.tags?.includes(STANDARD_INPUT) === true ? await io.readInput() : '';
      const result = testPolicy(options, input);
      if (result.exitCode === EXIT.badUsage) throw new UsageError(result.stderr);
      await io.write(result.stdout);
    });
}

/** The whole command as a function: options and what stood on the standard input in, exit code and texts out. */
export function testPolicy(options: PolicyTestOptions, input: string): CommandResult {
  const question = readQuestion(options, input);
  if (!question.ok) return { exitCode: EXIT.badUsage, stdout: '', stderr: question.error };
  const { selected, tags } = answer(question.value);
  const stdout =
    question.value.output === 'json'
      ? JSON.stringify({ selected: selected ?? null, tags }, undefined, 2)
      : formatAnswer(selected, tags);
  return { exitCode: EXIT.done, stdout: `${stdout}\n`, stderr: '' };
}

const STANDARD_INPUT = '-';
const MAX_INPUT_CHARACTERS = 16 * 1024 * 1024;
const MAX_TAGS = 100_000;
const OUTPUTS = ['table', 'json'] as const;
/** Chart versions may hold a +, tags may not; both can be asked about. */
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}$/;
const TAG_FORM = 'a tag has 1 to 128 of the characters A-Z a-z 0-9 . _ - +, and does not begin with . - or +';
const EXAMPLES = `
Examples:
  headwind policy test --policy minor --current 1.2.0-alpine --tags 1.2.1,1.3.0-alpine
  headwind policy test --policy glob --pattern 'main-*' --current main-1 --pushed main-2 -o json
  skopeo list-tags docker://docker.io/library/nginx | jq -r '.Tags[]' |
    headwind policy test --policy minor --current 1.25.3-alpine --tags -

The exit code is 0 whether or not a tag is selected, and 2 when the question is not well put.`;

interface Question {
  readonly rule: PolicyRule;
  readonly current: string;
  readonly tags: readonly string[];
  readonly pushed: string | undefined;
  readonly output: (typeof OUTPUTS)[number];
}

/** All that is wrong is told at once, one line each. */
function readQuestion(options: PolicyTestOptions, input: string): Result<Question> {
  const output = oneOf('--output', options.output ?? 'table', OUTPUTS);
  const policy = oneOf('--policy', options.policy, POLICIES);
  const pattern = readPattern(options.pattern);
  const current = readTag('--current', options.current);
  const pushed = options.pushed === undefined ? ok(undefined) : readTag('--pushed', options.pushed);
  const tags = readTags(options, input);
  if (output.ok && policy.ok && pattern.ok && current.ok && pushed.ok && tags.ok) {
    if (policy.value === 'glob' && pattern.value === undefined) {
      return fail('--pattern is missing: policy glob needs one, such as --pattern "v1.*"');
    }
    return ok({
      rule: { policy: policy.value, pattern: pattern.value, prerelease: options.prerelease === true },
      current: current.value,
      tags: tags.value,
      pushed: pushed.value,
      output: output.value,
    });
  }
  const all = [policy, current, tags, pushed, pattern, output];
  return fail(all.flatMap((read) => (read.ok ? [] : [read.error])).join('\n'));
}

function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
): Result<T> {
  const found = allowed.find((name) => name === value?.trim().toLowerCase());
  if (found !== undefined) return ok(found);
  const what = value === undefined ? 'is missing' : `cannot be "${value}"`;
  return fail(`${option} ${what}: give one of ${allowed.join(', ')}`);
}

function readPattern(text: string | undefined): Result<Pattern | undefined> {
  if (text === undefined) return ok(undefined);
  const pattern = compilePattern(text);
  return pattern.ok
    ? pattern
    : fail(`--pattern cannot be "${text}": ${pattern.error}; give a glob, or regex: and an RE2 expression`);
}

function readTag(option: string, value: string | undefined): Result<string> {
  if (value === undefined) return fail(`${option} is missing: give a tag, such as ${option} 1.2.3`);
  return TAG.test(value) ? ok(value) : fail(`${option} cannot be "${value}": ${TAG_FORM}`);
}

function readTags({ tags: values, pushed }: PolicyTestOptions, input: string): Result<readonly string[]> {
  if (values === undefined) {
    return pushed === undefined
      ? fail('--tags and --pushed are both missing: give a list, such as --tags 1.2.4,1.3.0, or a pushed tag')
      : ok([]);
  }
  const text = values.map((value) => (value === STANDARD_INPUT ? input : value)).join('\n');
  if (text.length > MAX_INPUT_CHARACTERS) {
    return fail(`--tags cannot be longer than ${MAX_INPUT_CHARACTERS} characters: give fewer tags`);
  }
  const tags = text.split(/[\s,]+/).filter((tag) => tag !== '');
  const wrong = tags.find((tag) => !TAG.test(tag));
  if (tags.length > MAX_TAGS) return fail(`--tags cannot hold ${tags.length} tags: give at most ${MAX_TAGS}`);
  return wrong === undefined ? ok(tags) : fail(`--tags cannot hold "${wrong}": ${TAG_FORM}`);
}

/** With a list and a pushed tag the pushed one is judged as pushed, and the newer of both answers is selected. */
function answer({ rule, current, tags, pushed }: Question): Choice {
  const list = tags.filter((tag) => tag !== pushed);
  const choice = chooseFromList(rule, current, list);
  if (pushed === undefined) return choice;
  const verdict = judgePushed(rule, current, pushed);
  const { selected } = choice;
  const loses = selected !== undefined && (compareForPolicy(pushed, selected, rule.policy) ?? 1) < 0;
  const wins = verdict.admitted && !loses;
  const entry: TagVerdict = {
    tag: pushed,
    verdict: wins ? 'selected' : verdict.admitted ? 'admitted' : 'refused',
    reason: verdict.reason,
  };
  if (!wins) return { selected, tags: [...choice.tags, entry] };
  const others = choice.tags.map((other) =>
    other.verdict === 'selected' ? { ...other, verdict: 'admitted' as const } : other,
  );
  return { selected: pushed, tags: [...others, entry] };
}

function formatAnswer(selected: string | undefined, tags: readonly TagVerdict[]): string {
  const summary = `Selected: ${selected ?? 'none'}`;
  if (tags.length === 0) return summary;
  const rows = tags.map(({ tag, verdict, reason }) => [tag, verdict, reason]);
  return [...formatTable(['TAG', 'VERDICT', 'REASON'], rows), '', summary].join('\n');
}

function processIo(): PolicyTestIo {
  return {
    readInput: async () => {
      let text = '';
      process.stdin.setEncoding('utf8');
      for await (const chunk of process.stdin) {
        text += String(chunk);
        if (text.length > MAX_INPUT_CHARACTERS) break;
      }
      return text;
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        // A reader that went away (`headwind … | head`) has read what it wanted.
        process.stdout.once('error', (error: NodeJS.ErrnoException) => {
          if (error.code === 'EPIPE') resolve();
          else reject(error);
        });
        process.stdout.write(text, () => resolve());
      }),
  };
}
