import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { Clock } from '../../core/clock.ts';
import type { Connection } from '../../kubernetes/connection.ts';
import type { Person } from '../../kubernetes/exec-plugin.ts';
import { FailedError } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import { programVersion } from '../version.ts';
import type { Backend } from './backend.ts';
import type { FormatOptions } from './format.ts';
import { readOptions, type PluginOptions } from './options.ts';

/** What the plugin needs of the process. */
export interface PluginRun {
  /** Without the paths of Node and of the program. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Who can be asked for a password and the like; nobody unless told. */
  readonly person?: Person | undefined;
  /** All that stands on the standard input; the process's own unless told. */
  readonly readInput?: () => Promise<string>;
}

/** One command that acts somewhere. */
export interface Session {
  readonly backend: Backend;
  readonly options: PluginOptions;
  /** Where a command without `--namespace` acts. */
  readonly namespace: string;
  /** What is listed: undefined for all namespaces. */
  readonly scope: string | undefined;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly format: FormatOptions;
}

/** Where a command is declared. */
export interface CommandHome {
  readonly run: PluginRun;
  readonly program: Command;
}

/** Reads the options that were given to `command`, opens what it acts on, and closes that in the end. */
export async function withSession(
  { run, program }: CommandHome,
  command: string,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const options = readOptions(program.opts(), command, run.env);
  const { terminal, clock } = run;
  const { backend, namespace, approver } = await openBackend(run, options);
  const { allNamespaces, output, headers } = options;
  const format = {
    output,
    headers,
    nowMs: clock.now(),
    withNamespace: allNamespaces,
    colours: terminal.colours,
  };
  try {
    const scope = allNamespaces ? undefined : namespace;
    await act({ backend, options: { ...options, approver }, namespace, scope, terminal, clock, format });
  } finally {
    backend.close();
  }
}

/** The connection that kubectl would use, signed in. Throws what `loadConnection` and credentials throw. */
export async function connect(
  run: Pick<PluginRun, 'env' | 'clock' | 'person'>,
  options: Pick<PluginOptions, 'kubeconfig' | 'context' | 'impersonate'>,
): Promise<Connection> {
  const connection = await findConnection(run, options);
  // Calls have little time, and people take theirs to answer a credential plugin.
  if (run.person !== undefined) await connection.token();
  return connection;
}

async function findConnection(
  { env, clock, person }: Pick<PluginRun, 'env' | 'clock' | 'person'>,
  { kubeconfig, context, impersonate }: Pick<PluginOptions, 'kubeconfig' | 'context' | 'impersonate'>,
): Promise<Connection> {
  const { loadConnection } = await import('../../kubernetes/connection.ts');
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  return loadConnection({ env, clock, kubeconfig, context, impersonate, person, readFile: read });
}

export interface Opened extends Pick<Session, 'backend' | 'namespace'> {
  /** Who acts, as far as the backend cannot find that out. */
  readonly approver: string | undefined;
}

/** Opens what `options` say to act on. Throws FailedError where that is not known. */
export async function openBackend(run: PluginRun, options: PluginOptions): Promise<Opened> {
  return options.apiUrl === undefined ? openCluster(run, options) : openApi(run, options, options.apiUrl);
}

/** The kubeconfig still says in which namespace to act, and as whom where nobody is authenticated; it need not be there. */
async function openApi(run: PluginRun, options: PluginOptions, apiUrl: string): Promise<Opened> {
  const [connection, { createApiBackend }] = await Promise.all([
    findConnection(run, options).catch(() => undefined),
    import('./api-backend.ts'),
  ]);
  return {
    backend: createApiBackend(apiUrl, { token: options.apiToken }),
    namespace: options.namespace ?? connection?.namespace ?? 'default',
    approver: options.approver ?? connection?.impersonate?.user ?? connection?.userName,
  };
}

async function openCluster(run: PluginRun, options: PluginOptions): Promise<Opened> {
  const [connection, { createKubernetesClient }, { createClusterBackend }] = await Promise.all([
    connect(run, options).catch((error: unknown) => {
      throw new FailedError(error instanceof Error ? error.message : String(error), { cause: error });
    }),
    import('../../kubernetes/client.ts'),
    import('./cluster-backend.ts'),
  ]);
  const client = createKubernetesClient({ connection, version: programVersion() });
  const userName = connection.impersonate?.user ?? connection.userName;
  return {
    backend: createClusterBackend({ client, clock: run.clock, userName, service: options.apiService }),
    namespace: options.namespace ?? connection.namespace ?? 'default',
    approver: options.approver,
  };
}
