import type { HeadwindOutcome, HeadwindRun } from './headwind-run.ts';

/** The program `headwind`: without arguments the operator, which does not hold in memory what reads them. */
export async function runHeadwind(run: HeadwindRun): Promise<HeadwindOutcome> {
  if (run.args.length === 0) return (await import('./operate.ts')).operate(run);
  return (await import('./command-line.ts')).runCommandLine(run);
}
