import { CommanderError, type Command } from 'commander';
import { EXIT, type ExitCode } from './exit.ts';
import { tellFailure } from './failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * Runs a command line (without the program's own path) and answers the exit code: 0 done, 1 refused or failed, 2 bad
 * usage. Never throws and never exits by itself. An action may have set `process.exitCode`; that is for the caller.
 */
export async function runCommand(
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  prepare(command, terminal);
  try {
    await command.parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has written the message by itself. Help that was asked for is no failure.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badUsage;
    return tellFailure(error, { program: command.name(), terminal });
  }
}

/** Lets no command of the tree exit the process or write past the terminal. */
function prepare(command: Command, terminal: Terminal): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => terminal.out(text.replace(/\n$/, '')),
    writeErr: (text) => terminal.err(text.replace(/\n$/, '')),
    getOutHasColors: () => terminal.colours,
    getErrHasColors: () => false,
  });
  for (const child of command.commands) prepare(child, terminal);
}
