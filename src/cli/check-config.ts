import { Command } from 'commander';
import { describeEnvironment } from '../config/documentation.ts';
import { formatProblems, type Environment } from '../config/problem.ts';
import { readConfigWarnings, readSettings } from '../config/settings.ts';
import { visible } from '../core/visible.ts';
import { UsageError } from './exit.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** `headwind check-config`: all settings with what they are and what for, and all that is wrong with them. */
export function checkConfigCommand(env: Environment, terminal: Terminal): Command {
  return new Command('check-config')
    .description('show all settings and check them; exits with 2 if the operator would not start with them')
    .option('-q, --quiet', 'show problems only')
    .action(({ quiet }: { quiet?: true }) => {
      if (quiet !== true) printSettings(env, terminal);
      const warnings = formatProblems(readConfigWarnings(env));
      for (const line of warnings) terminal.err(`warning: ${visible(line)}`);
      const settings = readSettings(env);
      if (!settings.ok) throw new UsageError(formatConfigError(formatProblems(settings.error)));
      if (quiet !== true) terminal.out('\nThe configuration can be used.');
    });
}

/** All problems as one message for a person. */
export function formatConfigError(problems: readonly string[]): string {
  const count = problems.length === 1 ? '1 setting cannot' : `${problems.length} settings cannot`;
  return [`${count} be used:`, ...problems.map((problem) => `  ${visible(problem)}`)].join('\n');
}

function printSettings(env: Environment, terminal: Terminal): void {
  const rows = describeEnvironment(env).map(({ variable, value, isSet, description }) => [
    variable,
    value === '' ? '-' : visible(value),
    isSet ? 'set' : 'default',
    description.replaceAll('`', ''),
  ]);
  for (const line of formatTable(['VARIABLE', 'VALUE', 'FROM', 'MEANING'], rows)) terminal.out(line);
}
