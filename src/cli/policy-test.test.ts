import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { policyTestCommand, testPolicy, type PolicyTestOptions } from './policy-test.ts';
import { runCommand } from './run-command.ts';

const Answer = z.strictObject({
  selected: z.string().nullable(),
  tags: z.array(
    z.strictObject({
      tag: z.string(),
      verdict: z.enum(['selected', 'admitted', 'refused']),
      reason: z.string(),
    }),
  ),
});

function ask(options: PolicyTestOptions, input = ''): z.infer<typeof Answer> {
  const result = testPolicy({ output: 'json', ...options }, input);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return Answer.parse(JSON.parse(result.stdout));
}

async function run(args: readonly string[], input = '') {
  const [out, err]: [string[], string[]] = [[], []];
  const command = new Command('headwind').addCommand(
    new Command('policy').addCommand(
      policyTestCommand({
        readInput: () => Promise.resolve(input),
        write: (text) => {
          out.push(text);
          return Promise.resolve();
        },
      }),
    ),
  );
  const exitCode = await runCommand(command, ['policy', 'test', ...args], {
    out: (line) => out.push(`${line}\n`),
    err: (line) => err.push(`${line}\n`),
    isInteractive: false,
    colours: false,
    flush: () => {},
  });
  return { exitCode, stdout: out.join(''), stderr: err.join('') };
}

describe('the answer', () => {
  it('to the example of the design is what the design says', () => {
    expect(ask({ policy: 'minor', current: '1.2.0-alpine', tags: ['1.2.1,1.3.0-alpine'] })).toEqual({
      selected: '1.3.0-alpine',
      tags: [
        {
          tag: '1.2.1',
          verdict: 'refused',
          reason: '1.2.1 has no variant, the running 1.2.0-alpine has -alpine',
        },
        {
          tag: '1.3.0-alpine',
          verdict: 'selected',
          reason: '1.3.0-alpine is newer than the running 1.2.0-alpine (minor)',
        },
      ],
    });
  });

  it.each<[string, PolicyTestOptions, string | null, string?]>([
    ['a list in which nothing is newer', { policy: 'all', current: '2.0.0', tags: ['1.0.0'] }, null],
    ['an empty list', { policy: 'all', current: '2.0.0', tags: [''] }, null],
    ['a repeated option', { policy: 'all', current: '1.0.0', tags: ['1.0.1', '1.0.2,1.0.3'] }, '1.0.3'],
    ['tags from the input', { policy: 'all', current: '1.0.0', tags: ['-'] }, '1.2.0', '1.1.0\n1.2.0\r\n'],
    ['both', { policy: 'all', current: '1.0.0', tags: ['1.3.0', '-'] }, '1.3.0', '1.1.0, 1.2.0'],
    ['an input without tags', { policy: 'all', current: '1.0.0', tags: ['-'] }, null, '\n'],
    ['a pushed tag', { policy: 'patch', current: '1.0.0', pushed: '1.0.1' }, '1.0.1'],
    ['a pushed tag that is refused', { policy: 'patch', current: '1.0.0', pushed: '1.1.0' }, null],
    ['a pushed downgrade', { policy: 'all', current: '2.0.0', pushed: '1.9.9' }, null],
    ['a pushed word', { policy: 'all', current: 'invalid', pushed: '1.0.0' }, '1.0.0'],
    ['the same word in a list', { policy: 'all', current: 'invalid', tags: ['1.0.0'] }, null],
    ['the same tag by force', { policy: 'force', current: '1.0.0', pushed: '1.0.0' }, '1.0.0'],
    ['build metadata', { policy: 'all', current: '1.0.0+build1', pushed: '1.0.0+build2' }, '1.0.0+build2'],
    ['a policy in capitals', { policy: 'MINOR', current: '1.0.0', pushed: '1.1.0' }, '1.1.0'],
    [
      'a pattern',
      { policy: 'glob', pattern: 'v1.*', current: 'v1.0.0', tags: ['v1.1.0', 'v2.0.0'] },
      'v1.1.0',
    ],
    [
      'pre-releases',
      { policy: 'major', prerelease: true, current: '1.0.0', tags: ['2.0.0-rc1'] },
      '2.0.0-rc1',
    ],
    ['no pre-releases', { policy: 'major', current: '1.0.0', tags: ['2.0.0-rc1'] }, null],
    [
      'a list with the pushed tag in it',
      { policy: 'all', current: 'a', tags: ['1.0.0'], pushed: '1.0.0' },
      '1.0.0',
    ],
    [
      'a list with a newer tag than the pushed',
      { policy: 'all', current: '1.0', tags: ['1.2'], pushed: '1.1' },
      '1.2',
    ],
    [
      'a list with an older tag than the pushed',
      { policy: 'all', current: '1.0', tags: ['1.1'], pushed: '1.2' },
      '1.2',
    ],
  ])('to %s', (...[, options, selected, input]) => {
    const answer = ask(options, input);
    expect(answer.selected).toBe(selected);
    const marked = answer.tags.filter(({ verdict }) => verdict === 'selected').map(({ tag }) => tag);
    expect(marked).toEqual(selected == null ? [] : [selected]);
  });

  it('is a table without -o json', () => {
    const { stdout } = testPolicy({ policy: 'minor', current: '1.0.0', tags: ['1.1.0', '2.0.0'] }, '');
    expect(stdout.split('\n')).toEqual([
      'TAG     VERDICT    REASON',
      '1.1.0   selected   1.1.0 is newer than the running 1.0.0 (minor)',
      '2.0.0   refused    2.0.0 is a major change, policy minor admits less',
      '',
      'Selected: 1.1.0',
      '',
    ]);
    expect(testPolicy({ policy: 'minor', current: '1.0.0', tags: [''] }, '').stdout).toBe('Selected: none\n');
  });
});

describe('bad usage', () => {
  const good = { policy: 'minor', current: '1.0.0', tags: ['1.1.0'] };
  it.each<[string, PolicyTestOptions, string[]]>([
    ['no policy', { ...good, policy: undefined }, ['--policy is missing', 'none, patch, minor']],
    ['an unknown policy', { ...good, policy: 'minro' }, ['--policy cannot be "minro"', 'none, patch, minor']],
    ['no running tag', { ...good, current: undefined }, ['--current is missing', '--current 1.2.3']],
    ['an empty running tag', { ...good, current: '' }, ['--current cannot be ""', '1 to 128']],
    ['an image instead of a tag', { ...good, current: 'nginx:1' }, ['--current cannot be "nginx:1"']],
    ['a pushed image', { ...good, pushed: 'nginx:1' }, ['--pushed cannot be "nginx:1"', '1 to 128']],
    ['nothing to judge', { ...good, tags: undefined }, ['--tags and --pushed are both missing']],
    ['a list of images', { ...good, tags: ['1.0,nginx:1'] }, ['--tags cannot hold "nginx:1"', '1 to 128']],
    ['a glob without pattern', { ...good, policy: 'glob' }, ['--pattern is missing', 'policy glob']],
    ['a bad pattern', { ...good, pattern: 'v[' }, ['--pattern cannot be "v["', 'give a glob']],
    ['a bad output', { ...good, output: 'yaml' }, ['--output cannot be "yaml"', 'table, json']],
    ['too many tags', { ...good, tags: ['1,'.repeat(100_001)] }, ['--tags', 'at most 100000']],
    ['everything at once', { output: 'x' }, ['--policy', '--current', '--tags', '--output']],
  ])('of %s exits with 2 and says what would be right', (_, options, parts) => {
    const result = testPolicy(options, '');
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(parts.filter((part) => !result.stderr.includes(part))).toEqual([]);
  });
});

describe('headwind policy test', () => {
  it('answers as JSON', async () => {
    const args = [
      '--policy',
      'minor',
      '--current',
      '1.2.0-alpine',
      '--tags',
      '1.2.1,1.3.0-alpine',
      '-o',
      'json',
    ];
    const { exitCode, stdout, stderr } = await run(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(Answer.parse(JSON.parse(stdout)).selected).toBe('1.3.0-alpine');
  });

  it('reads the tags from the standard input', async () => {
    const { stdout } = await run(
      ['--policy=major', '--current=1.0', '--tags', '-', '--tags=1.5'],
      '1.1\n2.0\n',
    );
    expect(stdout).toContain('Selected: 2.0');
  });

  it.each([
    [['--polcy', 'minor'], 'unknown option'],
    [['--policy'], 'argument missing'],
    [['--policy', 'minor', '--current', '1.0', 'surplus'], 'too many arguments'],
    [['--policy', 'x', '--current', '1.0', '--tags', '1.1'], '--policy cannot be "x"'],
  ])('%j exits with 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('explains itself', async () => {
    const { exitCode, stdout } = await run(['--help']);
    expect(exitCode).toBe(0);
    expect(
      ['--policy', '--current', '--tags', '--pushed', 'Examples:'].filter((x) => !stdout.includes(x)),
    ).toEqual([]);
  });
});
