import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { Command } from 'commander';
import { checkConfigCommand } from '../../src/cli/check-config.ts';
import { demoCommand } from '../../src/cli/demo.ts';
import { notifyCommand } from '../../src/cli/notify.ts';
import { runPlugin } from '../../src/cli/plugin/program.ts';
import { policyTestCommand } from '../../src/cli/policy-test.ts';
import type { Clock } from '../../src/core/clock.ts';
import { kubeconfig } from '../parts/control-plane-access.ts';
import { createRecordingTerminal } from '../parts/recording-terminal.ts';

const NOT_TO_BE_HAD = (path: string): Promise<string> => Promise.reject(new Error(`there is no ${path}`));
const BAD_USAGE = 2;
const NOBODY_THERE = kubeconfig('https://127.0.0.1:1', rootCertificates[0] ?? '', 'a-token');

/** The simple commands of a text for a shell, each as its words, without what is done with their output. */
export function simpleCommands(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  const next = (): void => void (commands.at(-1)?.length !== 0 && commands.push([]));
  const token =
    /(\\\n)|#[^\n]*|(\d?[<>]+&?\s*[^\s()]*)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\|&;()<>])+)|([\n|&;()])/g;
  for (const [, joined, redirection, word, end] of text.replaceAll(/\$\(/g, ' ( ').matchAll(token)) {
    if (end !== undefined) next();
    else if (word !== undefined && joined === undefined && redirection === undefined)
      commands.at(-1)?.push(unquoted(word));
  }
  return commands.filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replaceAll(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, single, double, escaped) =>
    String(single ?? double ?? escaped),
  );
}

/** What is wrong with those commands of a text that are ours, one line each: commands and options that there are not. */
export async function misusesIn(text: string): Promise<readonly string[]> {
  const found = await Promise.all(
    simpleCommands(text).map(async (words) => {
      const problem = await misuseOf(withoutBefore(words));
      return problem === undefined ? [] : [`${words.join(' ')}: ${problem}`];
    }),
  );
  return found.flat();
}

/** Without assignments, `sudo` and what `xargs` reads. */
function withoutBefore(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  if (/^[A-Za-z_]+=/.test(first) || ['sudo', 'source', 'exec', 'time'].includes(first))
    return withoutBefore(rest);
  if (first === 'xargs') return [...withoutBefore(rest), 'some-name'];
  return words;
}

async function misuseOf([program = '', ...words]: readonly string[]): Promise<string | undefined> {
  const name = program.replace(/^.*\//, '');
  if (name === 'kubectl-headwind') return misuseOfPlugin(words);
  if (name === 'kubectl' && words[0] === 'headwind') return misuseOfPlugin(words.slice(1));
  if (/^headwind(?:-linux-x64)?$/.test(name)) return misuseOfProgram(words);
  return undefined;
}

/** Whatever the cluster says, and there is none here: bad usage is told before. */
async function misuseOfPlugin(words: readonly string[]): Promise<string | undefined> {
  const terminal = createRecordingTerminal();
  const args = words.filter((word) => word !== '--registry');
  const directory = await mkdtemp(join(tmpdir(), 'headwind-no-cluster-'));
  try {
    const file = join(directory, 'kubeconfig');
    await writeFile(file, NOBODY_THERE);
    const env = { KUBECONFIG: file, HEADWIND_APPROVER: 'somebody' };
    const clock: Clock = {
      now: () => 0,
      elapsed: () => 0,
      after: (_, then) => (setImmediate(then), () => {}),
    };
    const code = await runPlugin({ args, env, terminal, clock, readInput: () => Promise.resolve('') });
    return code === BAD_USAGE ? terminal.errLines.join(' ') : undefined;
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function misuseOfProgram(words: readonly string[]): Promise<string | undefined> {
  const [first = '', second = '', ...rest] = words;
  if (words.length === 0 || ['--version', '--help', '-V', '-h'].includes(first)) return undefined;
  const terminal = createRecordingTerminal();
  const commands: Readonly<Record<string, () => Command>> = {
    demo: demoCommand,
    'check-config': () => checkConfigCommand({ env: {}, terminal, readFile: NOT_TO_BE_HAD }),
    'policy test': () => policyTestCommand(),
    'notify test': () =>
      testOf(notifyCommand({ env: {}, terminal, readFile: NOT_TO_BE_HAD, clock: AT_REST, version: '0' })),
  };
  const long = commands[`${first} ${second}`];
  const command = long?.() ?? commands[first]?.();
  if (command === undefined) return 'there is no such command';
  return misreadBy(command, long === undefined ? words.slice(1) : rest);
}

const AT_REST: Clock = { now: () => 0, elapsed: () => 0, after: () => () => {} };

function testOf(command: Command): Command {
  return command.commands.find((one) => one.name() === 'test') ?? command;
}

/** Reads options and arguments as the program would, and does nothing with them. */
async function misreadBy(command: Command, args: readonly string[]): Promise<string | undefined> {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  command.action(() => {});
  try {
    await command.parseAsync([...args], { from: 'user' });
    return undefined;
  } catch (error) {
    return error instanceof Error && !error.message.includes('outputHelp') ? error.message : undefined;
  }
}
