import { Option, type Command } from 'commander';
import { PHASES } from '../../core/update-request.ts';
import { KINDS } from '../../core/workload-kind-name.ts';
import { ended, type Ending } from './complete-values.ts';
import { OUTPUTS } from './format.ts';
import { isFor, OPTIONS, type OptionRow } from './option-table.ts';
import type { CommandHome } from './session.ts';

/** Words are all there is (4), or files may stand there too (0): as cobra's programs say it, which kubectl understands. */
const NO_FILES = ':4';
const FILES = ':0';

/** What the values of options are, as far as that is a short list or can be asked for. */
const VALUES: Readonly<Record<string, readonly string[] | Ending>> = {
  '--output': OUTPUTS,
  '--phase': [...PHASES, 'all'],
  '--kind': KINDS,
  '--timeout': ['0', '30s', '1m', '5m'],
  '--namespace': 'namespace',
  '--context': 'context',
};
const FILE_OPTIONS: ReadonlySet<string> = new Set(['--filename', '--kubeconfig']);

/** What the arguments of commands are: one for each place, the last for all that follow. */
const ARGUMENTS: Readonly<Record<string, readonly (readonly string[] | Ending)[]>> = {
  get: ['request'],
  approve: ['pending'],
  reject: ['pending', []],
  history: ['workload', []],
  rollback: ['workload', []],
  'holds release': ['held'],
  explain: ['workload'],
  pause: ['workload'],
  resume: ['workload'],
  simulate: ['workload'],
  completion: [['bash', 'zsh', 'fish', 'kubectl'], []],
};

/** What has been written so far, the last word apart. */
interface Written {
  readonly commands: readonly string[];
  readonly command: Command;
  /** Arguments behind the command. */
  readonly places: number;
  /** The option whose value comes next. */
  readonly awaiting: OptionRow | undefined;
}

/**
 * The words that may stand in the place of the last of `words`, one a line, with a tab and a description where there is
 * one; the last line is a directive as cobra defines it. Never fails: what cannot be found out is left out.
 */
export async function complete(home: CommandHome, words: readonly string[]): Promise<readonly string[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const written = readWords(home.program, before);
  const [, flag, start] = /^(--[a-z-]+)=(.*)$/s.exec(last) ?? [];
  if (flag !== undefined && start !== undefined) {
    const found = await valuesOf(home, flag, before, start);
    return answer(
      found.map((value) => `${flag}=${value}`),
      last,
      FILE_OPTIONS.has(flag),
    );
  }
  if (written.awaiting !== undefined) {
    const name = longOf(written.awaiting);
    return answer(await valuesOf(home, name, before, last), last, FILE_OPTIONS.has(name));
  }
  if (last.startsWith('-')) return answer(optionsFor(written), last, false);
  const children = written.places === 0 ? written.command.commands : [];
  const names = children.map((child) => `${child.name()}\t${child.description()}`);
  return answer([...names, ...(await argumentsFor(home, written, before, last))], last, false);
}

function answer(candidates: readonly string[], start: string, files: boolean): readonly string[] {
  return [...candidates.filter((candidate) => candidate.startsWith(start)), files ? FILES : NO_FILES];
}

/** Follows the words to the command that they name; an option's value is none of them. */
function readWords(program: Command, words: readonly string[]): Written {
  let command = program;
  let places = 0;
  let awaiting: OptionRow | undefined;
  const commands: string[] = [];
  for (const word of words) {
    if (awaiting !== undefined) {
      awaiting = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      awaiting = OPTIONS.find((row) => takesValue(row) && namesOf(row).includes(word));
      continue;
    }
    const child = places > 0 ? undefined : command.commands.find((known) => isNamed(known, word));
    if (child === undefined) places += 1;
    else {
      command = child;
      commands.push(child.name());
    }
  }
  return { commands, command, places, awaiting };
}

function isNamed(command: Command, word: string): boolean {
  return command.name() === word || command.aliases().includes(word);
}

function optionsFor({ commands }: Written): readonly string[] {
  const command = commands.join(' ');
  return OPTIONS.filter((row) => command === '' || isFor(row, command))
    .map((row) => `${longOf(row)}\t${row.description}`)
    .concat(['--help\tprint help']);
}

async function valuesOf(
  home: CommandHome,
  option: string,
  before: readonly string[],
  start: string,
): Promise<readonly string[]> {
  const values = VALUES[option];
  if (values === undefined) return [];
  return typeof values === 'string' ? ended(home, { ending: values, before, start }) : values;
}

async function argumentsFor(
  home: CommandHome,
  { commands, places }: Written,
  before: readonly string[],
  start: string,
): Promise<readonly string[]> {
  const known = ARGUMENTS[commands.join(' ')] ?? [];
  const here = known[Math.min(places, known.length - 1)] ?? [];
  return typeof here === 'string' ? ended(home, { ending: here, before, start }) : here;
}

function takesValue({ flags }: OptionRow): boolean {
  return flags.includes('<');
}

function namesOf({ flags }: OptionRow): readonly string[] {
  const { short, long } = new Option(flags);
  return [short, long].filter((name) => name != null);
}

function longOf({ flags }: OptionRow): string {
  return new Option(flags).long ?? '';
}
