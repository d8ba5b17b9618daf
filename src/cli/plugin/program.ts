import { Command, Help, type Option } from 'commander';
import { EXIT, type ExitCode } from '../exit.ts';
import { runCommand } from '../run-command.ts';
import { programVersion } from '../version.ts';
import { declareCompletion } from './completion-commands.ts';
import { declareOptions, isFor, rowOf } from './option-table.ts';
import { declareRequestCommands } from './request-commands.ts';
import { declareRollbackCommands } from './rollback-declarations.ts';
import type { PluginRun } from './session.ts';
import { declareWorkloadCommands } from './workload-commands.ts';

export type { PluginRun } from './session.ts';

/** The program `kubectl-headwind`, which kubectl runs for `kubectl headwind`. */
export async function runPlugin(run: PluginRun): Promise<ExitCode> {
  const [first, ...words] = run.args;
  // Words on their way to becoming a command line are none yet, so that no rule of one holds for them.
  if (first === COMPLETE) {
    const { complete } = await import('./complete.ts');
    // Nobody is asked anything in the middle of a word.
    const quiet = { ...run, person: undefined };
    for (const line of await complete({ run: quiet, program: pluginProgram(quiet) }, words))
      run.terminal.out(line);
    return EXIT.done;
  }
  // Without a command: what there is, and not an error, as the documentation has it.
  return runCommand(pluginProgram(run), run.args.length === 0 ? ['--help'] : run.args, run.terminal);
}

const AFTERWORD = `
Options may stand before and after the command; <command> --help tells those of one command.
Exit codes: 0 done, 1 refused or failed, 2 bad usage.`;

/** Each command's help has the options that mean something to it; that of the program, those of all commands. */
const HELP = {
  showGlobalOptions: true,
  visibleOptions: (command: Command): Option[] =>
    new Help().visibleOptions(command).filter((option) => rowOf(option)?.only === undefined),
  visibleGlobalOptions: (command: Command): Option[] =>
    optionsAbove(command).filter((option) => {
      const row = rowOf(option);
      return row === undefined || isFor(row, pathOf(command));
    }),
};

function optionsAbove({ parent }: Command): readonly Option[] {
  return parent == null ? [] : [...parent.options, ...optionsAbove(parent)];
}

/** The names of a command and of those above it, without the program's: `holds release`. */
function pathOf(command: Command): string {
  if (command.parent == null) return '';
  return `${pathOf(command.parent)} ${command.name()}`.trimStart();
}

/** What completion scripts call. */
const COMPLETE = '__complete';

function pluginProgram(run: PluginRun): Command {
  const program = declareOptions(new Command('kubectl-headwind'))
    .usage('<command> [options]')
    .description('Lists, approves and rejects the updates that Headwind proposes, and rolls them back.')
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', AFTERWORD)
    .configureHelp(HELP);
  const home = { run, program };
  declareRequestCommands(home);
  declareRollbackCommands(home);
  declareWorkloadCommands(home);
  declareCompletion(home);
  return program;
}
