import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  allBlocks,
  commandsWithoutFence,
  DATA_LANGUAGES,
  documents,
  PLAIN_LANGUAGES,
  readBlocks,
  SHELL_MARKS,
  type Block,
} from '../documented/blocks.ts';
import { misusesIn, simpleCommands } from '../documented/commands.ts';
import { wrongInYaml } from '../documented/data.ts';

const BLOCKS = allBlocks();
const of = (...languages: readonly string[]): (readonly [string, Block])[] =>
  BLOCKS.filter(({ language }) => languages.includes(language)).map((block) => [
    `${block.file}:${block.line}`,
    block,
  ]);

/** What a program says of a text that it only reads; empty where it has nothing to say. */
function complaintOf(command: string, args: readonly string[], input: string): string {
  const { error, stderr } = spawnSync(command, args, { input, encoding: 'utf8', timeout: 20_000 });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT')
    return `${command} is missing: apt-get install ${command}`;
  return error === undefined ? stderr : error.message;
}

describe('a block of the documents', () => {
  it.each(documents())('of %s says what it is', (file) => {
    const content = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const unknown = readBlocks(file, content).filter(({ language, marks }) => {
      if (language === 'sh')
        return marks.length > 1 || !SHELL_MARKS.some((mark) => mark === (marks[0] ?? ''));
      return ![...DATA_LANGUAGES, ...PLAIN_LANGUAGES].some((known) => known === language);
    });
    expect(
      unknown.map(({ line, language, marks }) => `${file}:${line}: ${[language, ...marks].join(' ')}`),
    ).toEqual([]);
    expect(commandsWithoutFence(file, content)).toEqual([]);
  });

  it.each(of('sh'))(
    '%s is understood by a shell, and names commands and options that there are',
    async (_, block) => {
      expect(complaintOf('bash', ['-n'], block.text.replaceAll(/<([a-z -]+)>/g, 'some-name'))).toBe('');
      expect(await misusesIn(block.text.replaceAll(/<([a-z -]+)>/g, 'some-name'))).toEqual([]);
    },
  );

  it.each(of('zsh', 'fish'))('%s names commands and options that there are', async (_, block) => {
    expect(await misusesIn(block.text)).toEqual([]);
  });

  it.each(of('yaml'))('%s is YAML, and means to Headwind what it is meant to', async (_, { text }) => {
    expect(await wrongInYaml(text)).toEqual([]);
  });

  it.each(of('json'))('%s is JSON', (_, { text }) => {
    expect(() => JSON.parse(text)).not.toThrow();
  });

  it.each(of('python'))('%s is Python', (_, { text }) => {
    const check = 'import ast, sys; ast.parse(sys.stdin.read())';
    expect(complaintOf('python3', ['-c', check], text)).toBe('');
  });
});

describe('what looks at the blocks', () => {
  it('takes commands apart as a shell does', () => {
    const text = `TOKEN=$(kubectl create token ann) # a comment | with a pipe
curl -H "a: $TOKEN" 'http://x?a=b&c' \\
  --more > file.json 2>&1 | jq . && echo done &
source <(kubectl headwind completion bash)`;
    expect(simpleCommands(text)).toEqual([
      ['TOKEN='],
      ['kubectl', 'create', 'token', 'ann'],
      ['curl', '-H', 'a: $TOKEN', 'http://x?a=b&c', '--more'],
      ['jq', '.'],
      ['echo', 'done'],
      ['source'],
      ['kubectl', 'headwind', 'completion', 'bash'],
    ]);
  });

  it.each([
    ['kubectl headwind aprove x', /unknown command|no such command|aprove/],
    ['kubectl headwind list --phases all', /--phases/],
    ['echo x | xargs kubectl-headwind approve -n shop --wat', /--wat/],
    ['bin/headwind policy test --polciy minor', /--polciy/],
    ['headwind run', /no such command/],
    ['headwind demo --uiport 1', /--uiport/],
  ])('sees what is wrong with %s', async (command, problem) => {
    expect((await misusesIn(command)).join('\n')).toMatch(problem);
  });

  it.each([
    ['metadata: { annotations: { headwind.sh/policy: sometimes } }', /sometimes/],
    ['metadata: { annotations: { headwind.sh/policy: minor, headwind.sh/paused: true } }', /no text/],
    ['env: [{ name: HEADWIND_POLLING_INTERVL, value: "300" }]', /HEADWIND_POLLING_INTERVL/],
    ['HEADWIND_UI_AUTH_MODE: open', /HEADWIND_UI_AUTH_MODE/],
    ['hosts: { docker.io: { mirors: [] } }', /mirors/],
    ['harbor: { secrts: [a] }', /secrts/],
    ['polling: { enabld: true }', /enabld/],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: headwind-config }\ndata: { polling.interval: often }',
      /often/,
    ],
    [
      'apiVersion: headwind.sh/v1alpha1\nkind: UpdateRequest\nmetadata: { name: a, namespace: b }\nspec: {}',
      /spec/,
    ],
  ])('sees what is wrong with %s', async (text, problem) => {
    expect((await wrongInYaml(text)).join('\n')).toMatch(problem);
  });
});
