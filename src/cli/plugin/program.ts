import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Clock } from '../../core/clock.ts';
import { createKubernetesClient } from '../../kubernetes/client.ts';
import { loadConnection, type Connection } from '../../kubernetes/connection.ts';
import { FailedError, UsageError, type ExitCode } from '../exit.ts';
import { runCommand } from '../run-command.ts';
import type { Terminal } from '../terminal.ts';
import { programVersion } from '../version.ts';
import { approve, reject } from './act.ts';
import { createApiBackend } from './api-backend.ts';
import type { Backend } from './backend.ts';
import { createClusterBackend } from './cluster-backend.ts';
import { formatList } from './format.ts';
import {
  declareOptions,
  readOptions,
  readRequestName,
  readWorkloadName,
  type PluginOptions,
} from './options.ts';
import { releaseHold, rollBack, showHistory, showHolds } from './rollback-commands.ts';

export interface PluginRun {
  /** Without the paths of Node and of the program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly clock: Clock;
}

interface Session {
  readonly backend: Backend;
  readonly options: PluginOptions;
  /** Where a command without `--namespace` acts. */
  readonly namespace: string;
}

/** The program `kubectl-headwind`, which kubectl runs for `kubectl headwind`. */
export function runPlugin(run: PluginRun): Promise<ExitCode> {
  const { args, terminal, clock } = run;
  const program = declareOptions(new Command('kubectl-headwind'))
    .usage('<command> [options]')
    .description('Lists, approves and rejects the updates that Headwind proposes, and rolls them back.')
    .version(programVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true });

  program
    .command('list')
    .alias('ls')
    .description('list update requests, newest first')
    .action(async () => {
      await withSession(run, program, 'list', async ({ backend, options, namespace }) => {
        await list({ backend, options, namespace, terminal, clock });
      });
    });
  program
    .command('approve <name>')
    .description('approve an update request and wait until the update is applied')
    .action(async (text: string) => {
      const name = readRequestName(text);
      await withSession(run, program, 'approve', ({ backend, options, namespace }) => {
        const { output, approver: by, timeoutMs } = options;
        return approve({ backend, terminal, clock, output, target: { namespace, name }, by, timeoutMs });
      });
    });
  program
    .command('reject <name> [reason]')
    .description('reject an update request; its version is not proposed again')
    .action(async (text: string, reason: string | undefined) => {
      const name = readRequestName(text);
      await withSession(run, program, 'reject', ({ backend, options, namespace }) => {
        const { output, approver: by } = options;
        const why = reason ?? options.reason;
        return reject({ backend, terminal, clock, output, target: { namespace, name }, by, reason: why });
      });
    });
  declareRollbacks(run, program);
  // Without a command: what there is, and not an error, as the documentation has it.
  return runCommand(program, args.length === 0 ? ['--help'] : args, terminal);
}

function declareRollbacks(run: PluginRun, program: Command): void {
  const { terminal, clock } = run;
  program
    .command('history <workload>')
    .description(
      'show what the containers of a workload were given, newest first; workload may be deploy/web',
    )
    .action(async (text: string) => {
      await withSession(run, program, 'history', ({ backend, options, namespace }) => {
        const workload = { namespace, ...readWorkloadName(text, options.kind) };
        return showHistory({ ...options, backend, terminal, workload });
      });
    });
  program
    .command('rollback <workload> [container]')
    .description('go back to the previous version, or to any of the history, and hold what ran')
    .action(async (text: string, container: string | undefined) => {
      await withSession(run, program, 'rollback', ({ backend, options, namespace }) => {
        const workload = { namespace, ...readWorkloadName(text, options.kind) };
        if (container !== undefined && options.container !== undefined && container !== options.container)
          throw new UsageError(`"${container}" and --container ${options.container} are two containers`);
        const named = container ?? options.container;
        const { approver: by } = options;
        return rollBack({ ...options, backend, terminal, clock, workload, container: named, by });
      });
    });
  const holds = program
    .command('holds')
    .description('list the versions that are held back, since somebody or a failed rollout said no to them')
    .action(async () => {
      await withSession(run, program, 'holds', ({ backend, options, namespace }) => {
        const { output, allNamespaces } = options;
        const where = allNamespaces ? undefined : namespace;
        return showHolds({ backend, terminal, clock, output, namespace: where });
      });
    });
  holds
    .command('release <request>')
    .description('let the version of a hold be proposed again')
    .action(async (text: string) => {
      const name = readRequestName(text);
      await withSession(run, program, 'holds release', ({ backend, options, namespace }) => {
        const { approver: by, reason } = options;
        return releaseHold({ backend, terminal, target: { namespace, name }, by, reason });
      });
    });
}

async function withSession(
  run: PluginRun,
  program: Command,
  command: string,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const options = readOptions(program.opts(), command, run.env);
  const session = await openSession(run, options);
  try {
    await act(session);
  } finally {
    session.backend.close();
  }
}

async function openSession(run: PluginRun, options: PluginOptions): Promise<Session> {
  if (options.apiUrl !== undefined) {
    const connection = await connect(run, options).catch(() => undefined);
    return {
      backend: createApiBackend(options.apiUrl, { token: options.apiToken }),
      options: { ...options, approver: options.approver ?? connection?.userName },
      namespace: options.namespace ?? connection?.namespace ?? 'default',
    };
  }
  const connection = await connect(run, options).catch((error: unknown) => {
    throw new FailedError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const client = createKubernetesClient({ connection, version: programVersion() });
  return {
    backend: createClusterBackend({ client, clock: run.clock, userName: connection.userName }),
    options,
    namespace: options.namespace ?? connection.namespace ?? 'default',
  };
}

function connect({ env, clock }: PluginRun, { kubeconfig, context }: PluginOptions): Promise<Connection> {
  return loadConnection({ env, clock, kubeconfig, context, readFile: (path) => readFile(path, 'utf8') });
}

async function list({
  backend,
  options,
  namespace,
  terminal,
  clock,
}: Session & Pick<PluginRun, 'terminal' | 'clock'>): Promise<void> {
  const { allNamespaces, output, phases } = options;
  const all = await backend.list(allNamespaces ? undefined : namespace);
  const wanted = all
    .filter(({ status }) => phases.includes(status.phase))
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp));
  const isTable = output === 'table' || output === 'wide';
  if (wanted.length === 0 && isTable) {
    const where = allNamespaces ? 'in any namespace' : `in namespace "${namespace}"`;
    const finished = all.length === 0 ? '' : ` (${all.length} in other phases: --phase all)`;
    terminal.err(`No update requests ${where}${finished}.`);
    return;
  }
  const format = { output, nowMs: clock.now(), withNamespace: allNamespaces, colours: terminal.colours };
  for (const line of formatList(wanted, format)) terminal.out(line);
}
