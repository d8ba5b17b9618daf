import { UsageError } from '../exit.ts';
import { readRequestName, readWorkloadName } from './names.ts';
import { releaseHolds, rollBack, showHistory, showHolds } from './rollback-commands.ts';
import { withSession, type CommandHome } from './session.ts';

/** Declares histories, rollbacks and holds. */
export function declareRollbackCommands(home: CommandHome): void {
  const { program } = home;
  program
    .command('history <workload>')
    .description(
      'show what the containers of a workload were given, newest first; workload may be deploy/web',
    )
    .action((text: string) =>
      withSession(home, 'history', (session) => {
        const { options, namespace, format } = session;
        const workload = { namespace, ...readWorkloadName(text, options.kind) };
        return showHistory({ ...session, format, workload, container: options.container });
      }),
    );
  program
    .command('rollback <workload> [container]')
    .description('go back to the previous version, or to any of the history, and hold what ran')
    .action((text: string, container: string | undefined) =>
      withSession(home, 'rollback', (session) => {
        const { options, namespace } = session;
        const workload = { namespace, ...readWorkloadName(text, options.kind) };
        if (container !== undefined && options.container !== undefined && container !== options.container)
          throw new UsageError(`"${container}" and --container ${options.container} are two containers`);
        const named = container ?? options.container;
        return rollBack({ ...session, ...options, workload, container: named, by: options.approver });
      }),
    );
  const holds = program
    .command('holds')
    .description('list the versions that are held back, since somebody or a failed rollout said no to them')
    .action(() => withSession(home, 'holds', showHolds));
  holds
    .command('release <request...>')
    .description('let the versions of holds be proposed again')
    .action((texts: readonly string[]) => {
      const names = texts.map(readRequestName);
      return withSession(home, 'holds release', (session) => {
        const { options, namespace } = session;
        const targets = names.map((name) => ({ namespace, name }));
        return releaseHolds({ ...session, targets, by: options.approver, reason: options.reason });
      });
    });
}
