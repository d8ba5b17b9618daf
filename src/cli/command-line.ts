import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { UsageError } from './exit.ts';
import type { HeadwindOutcome, HeadwindRun } from './headwind-run.ts';
import { runCommand } from './run-command.ts';
import { programVersion } from './version.ts';

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

/** Does what the arguments say: a sub-command, or the operator where they name none. */
export async function runCommandLine(run: HeadwindRun): Promise<HeadwindOutcome> {
  const { args, terminal } = run;
  let operated: HeadwindOutcome | undefined;
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
      operated = await (await import('./operate.ts')).operate(run);
    });
  for (const command of COMMANDS) {
    program.addCommand(
      args.includes(command.name)
        ? await command.load(run)
        : new Command(command.name).description(command.description),
    );
  }
  const code = await runCommand(program, args, terminal);
  return operated ?? { code, isFinal: false };
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8');
}
