import { FailedError } from '../exit.ts';
import { programVersion } from '../version.ts';
import type { PauseReport, WorkloadName } from './backend.ts';
import { formatObject, isForPeople } from './format.ts';
import { formatWorkloadName, readWorkloadName } from './names.ts';
import { withSession, type CommandHome, type Session } from './session.ts';

/** Declares what is asked about workloads, and done with them. */
export function declareWorkloadCommands(home: CommandHome): void {
  const { program } = home;
  program
    .command('explain [workload...]')
    .description('say why workloads do not update; those that are named in detail')
    .action((texts: readonly string[]) =>
      withSession(home, 'explain', async (session) => {
        const { explain } = await import('./explain.ts');
        await explain(session, namesOf(texts, session));
      }),
    );
  program
    .command('pause <workload...>')
    .description('freeze workloads (headwind.sh/paused): nothing updates them')
    .action((texts: readonly string[]) =>
      withSession(home, 'pause', (session) => setPaused(session, namesOf(texts, session), true)),
    );
  program
    .command('resume <workload...>')
    .description('let paused workloads go on')
    .action((texts: readonly string[]) =>
      withSession(home, 'resume', (session) => setPaused(session, namesOf(texts, session), false)),
    );
  program
    .command('simulate [workload...]')
    .description('say what would happen now, in the cluster or with a manifest; nothing is changed')
    .action(async (texts: readonly string[]) => {
      const { simulateCommand } = await import('./simulate.ts');
      await simulateCommand(home, texts);
    });
  program
    .command('version')
    .description('print the versions of this program and of the running Headwind')
    .action(() => withSession(home, 'version', showVersion));
}

function namesOf(
  texts: readonly string[],
  { namespace, options }: Pick<Session, 'namespace' | 'options'>,
): readonly WorkloadName[] {
  return texts.map((text) => ({ namespace, ...readWorkloadName(text, options.kind) }));
}

/** One after the other. Throws FailedError if any is refused; the others are dealt with all the same. */
async function setPaused(
  { backend, terminal, options }: Session,
  names: readonly WorkloadName[],
  paused: boolean,
): Promise<void> {
  const reports: PauseReport[] = [];
  const failures: string[] = [];
  for (const name of names) {
    try {
      const report = await backend.setPaused(name, paused, options.approver);
      reports.push(report);
      if (isForPeople(options.output)) terminal.out(sentenceOf(report));
    } catch (error) {
      if (!(error instanceof FailedError)) throw error;
      failures.push(error.message);
    }
  }
  const [first, ...others] = reports;
  const value = first !== undefined && others.length === 0 ? first : reports;
  const text = formatObject(value, () => reports.map(formatWorkloadName), options.output);
  if (text !== undefined && text !== '') terminal.out(text);
  if (failures.length > 0) throw new FailedError(failures.join('\n'));
}

function sentenceOf(report: PauseReport): string {
  const word = report.paused ? 'paused' : 'resumed';
  if (report.changed) return `${formatWorkloadName(report)} ${word}`;
  return `${formatWorkloadName(report)} ${report.paused ? 'is paused already' : 'is not paused'}`;
}

async function showVersion({ backend, terminal, options }: Session): Promise<void> {
  const client = programVersion();
  const server = options.client ? undefined : await backend.serverVersion();
  const known = server?.ok === true ? server.value : undefined;
  const value = { client, ...(known === undefined ? {} : { server: known }) };
  const text = formatObject(value, () => [client], options.output);
  if (text !== undefined) {
    terminal.out(text);
    return;
  }
  terminal.out(`kubectl-headwind ${client}`);
  if (known !== undefined) terminal.out(`headwind ${known}`);
  else if (server?.ok === false)
    terminal.err(`The version of the running Headwind is not known: ${server.error}.`);
}
