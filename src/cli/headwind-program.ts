import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Environment } from '../config/problem.ts';
import { UsageError, type ExitCode } from './exit.ts';
import { runCommand } from './run-command.ts';
import type { Terminal } from './terminal.ts';
import { programVersion } from './version.ts';

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

interface LazyCommand {
  readonly name: string;
  readonly description: string;
  readonly load: (run: HeadwindRun) => Promise<Command>;
}

/** Loaded only when they are named on the command line: each brings much code along. */
const COMMANDS: readonly LazyCommand[] = [
  {
    name: 'demo',
    description: 'everything in one process: a Kubernetes API, a registry, workloads and new versions',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  {
    name: 'policy',
    description: 'try out policies without a cluster',
    load: async () => {
      const { policyTestCommand } = await import('./policy-test.ts');
      return new Command('policy')
        .description('try out policies without a cluster')
        .addCommand(policyTestCommand());
    },
  },
  {
    name: 'notify',
    description: 'try out notifications',
    load: async ({ env, terminal }) => {
      const [{ notifyCommand }, { systemClock }] = await Promise.all([
        import('./notify.ts'),
        import('../system.ts'),
      ]);
      return notifyCommand({
        env,
        terminal,
        readFile: readText,
        clock: systemClock,
        version: programVersion(),
      });
    },
  },
  {
    name: 'check-config',
    description: 'show all settings and check them',
    load: async ({ env, terminal }) =>
      (await import('./check-config.ts')).checkConfigCommand({ env, terminal, readFile: readText }),
  },
];

/** The program `headwind`: without a sub-command the operator. */
export async function runHeadwind(run: HeadwindRun): Promise<HeadwindOutcome> {
  const { args, terminal } = run;
  let operatorCode: ExitCode | undefined;
  const program = new Command('headwind')
    .description('Moves Kubernetes workloads to new container images, by policy and with approvals.')
    .usage('[options] [command]')
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .argument('[command]')
    .addHelpText('after', '\nWithout a command the operator runs. Settings: headwind check-config')
    .configureHelp({ visibleArguments: () => [] })
    .action(async (unknown: string | undefined) => {
      if (unknown !== undefined)
        throw new UsageError(`there is no command "${unknown}"; see headwind --help`);
      operatorCode = await operate(run);
    });
  for (const command of COMMANDS) {
    program.addCommand(
      args.includes(command.name)
        ? await command.load(run)
        : new Command(command.name).description(command.description),
    );
  }
  const code = await runCommand(program, args, terminal);
  return operatorCode === undefined ? { code, isFinal: false } : { code: operatorCode, isFinal: true };
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

async function operate({ env, terminal }: HeadwindRun): Promise<ExitCode> {
  const [{ runOperator }, { startOperator }, { loadConnection }, { systemClock }, { openDashboardFiles }] =
    await Promise.all([
      import('./run-operator.ts'),
      import('../operator.ts'),
      import('../kubernetes/connection.ts'),
      import('../system.ts'),
      import('./dashboard-files.ts'),
    ]);
  return runOperator({
    env,
    terminal,
    version: programVersion(),
    clock: systemClock,
    random: Math.random,
    events: process,
    exit: (code) => process.exit(code),
    readFile: readText,
    loadConnection: () => loadConnection({ env, readFile: readText, clock: systemClock }),
    startTracing: async (options) => (await import('../telemetry/tracing-sdk.ts')).startTracing(options),
    startOperator: async (parts) => startOperator({ ...parts, assets: await openDashboardFiles() }),
  });
}
