/** What the programs' exit codes mean. */
export const EXIT = { done: 0, failed: 1, badUsage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line or the configuration is wrong; ends the program with code 2 and this message. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What was asked for was refused or went wrong; ends the program with code 1 and this message, without a stack. */
export class FailedError extends Error {
  override readonly name = 'FailedError';
}
