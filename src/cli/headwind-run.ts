import type { Environment } from '../config/problem.ts';
import type { ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface HeadwindRun {
  /** Without the paths of Node and of the program. */
  readonly args: readonly string[];
  readonly env: Environment;
  readonly terminal: Terminal;
}

export interface HeadwindOutcome {
  readonly code: ExitCode;
  /** Whether nothing is left to do, so that the process may exit even if something keeps it alive. */
  readonly isFinal: boolean;
}
