import { EXIT, FailedError, UsageError, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** Tells on the terminal why a program ends, and answers its exit code. */
export function tellFailure(
  error: unknown,
  { program, terminal }: { readonly program: string; readonly terminal: Terminal },
): ExitCode {
  terminal.err(`${program}: ${messageOf(error)}`);
  if (error instanceof UsageError) return EXIT.badUsage;
  if (!(error instanceof FailedError)) terminal.err(`Details: ${detailsOf(error)}`);
  return EXIT.failed;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function detailsOf(error: unknown): string {
  const names: string[] = [];
  for (let next: unknown = error; next instanceof Error && names.length < 5; next = next.cause) {
    names.push(`${next.name}: ${next.message}`);
  }
  return names.join(' <- ');
}
