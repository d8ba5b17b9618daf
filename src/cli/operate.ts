import { readFile } from 'node:fs/promises';
import { loadConnection } from '../kubernetes/connection.ts';
import { startOperator } from '../operator.ts';
import { systemClock } from '../system.ts';
import { openDashboardFiles } from './dashboard-files.ts';
import { tellFailure } from './failure.ts';
import type { HeadwindOutcome, HeadwindRun } from './headwind-run.ts';
import { runOperator } from './run-operator.ts';
import { programVersion } from './version.ts';

/** Runs the operator until it is asked to stop; wrong settings are told on the terminal. */
export async function operate({ env, terminal }: HeadwindRun): Promise<HeadwindOutcome> {
  const readText = (path: string): Promise<string> => readFile(path, 'utf8');
  try {
    const code = await runOperator({
      env,
      terminal,
      version: programVersion(),
      clock: systemClock,
      random: Math.random,
      events: process,
      exit: (status) => process.exit(status),
      readFile: readText,
      loadConnection: () => loadConnection({ env, readFile: readText, clock: systemClock }),
      startTracing: async (options) => (await import('../telemetry/tracing-sdk.ts')).startTracing(options),
      startOperator: async (parts) => startOperator({ ...parts, assets: await openDashboardFiles() }),
    });
    return { code, isFinal: true };
  } catch (error) {
    return { code: tellFailure(error, { program: 'headwind', terminal }), isFinal: false };
  }
}
