import type { RollbackWish } from '../../core/rollback-target.ts';
import { visible } from '../../core/visible.ts';
import { FailedError } from '../exit.ts';
import { finish } from './act.ts';
import type { RequestName, WorkloadName } from './backend.ts';
import { formatObject, isForPeople, nameOf, type Output } from './format.ts';
import { describeRollback, formatHistory, formatHolds, formatRollback } from './rollback-format.ts';
import type { Session } from './session.ts';

/** Prints what a workload was given so far. */
export async function showHistory(
  options: Pick<Session, 'backend' | 'terminal' | 'format'> & {
    readonly workload: WorkloadName;
    readonly container: string | undefined;
  },
): Promise<void> {
  const { backend, terminal, workload, container, format } = options;
  const history = await backend.history(workload);
  for (const line of formatHistory(history, { ...format, container })) terminal.out(line);
}

/**
 * Rolls back and waits up to `timeoutMs` (0: not at all) until that is done, printing how it ends; a dry run only tells
 * what would be done. Throws FailedError if it is refused, fails, or is not done in time.
 */
export async function rollBack(
  options: Pick<Session, 'backend' | 'terminal' | 'clock'> & {
    readonly output: Output;
    readonly workload: WorkloadName;
    readonly container: string | undefined;
    readonly wish: RollbackWish;
    readonly dryRun: boolean;
    readonly by: string | undefined;
    readonly reason: string | undefined;
    readonly timeoutMs: number;
  },
): Promise<void> {
  const { backend, terminal, output, dryRun, timeoutMs } = options;
  const report = await backend.rollBack(options);
  if (isForPeople(output)) {
    terminal.out(dryRun ? 'Would roll back, and changes nothing now:' : 'Rolling back');
    for (const line of describeRollback(report)) terminal.out(line);
  }
  const { request } = report;
  if (request === undefined) {
    const text = formatRollback(report, output, dryRun);
    if (text !== undefined && text !== '') terminal.out(text);
    return;
  }
  const { namespace, name } = request.metadata;
  await finish({ ...options, target: { namespace, name }, timeoutMs }, request, (last) =>
    formatRollback({ ...report, request: last }, output, dryRun),
  );
}

/** Prints which versions are held back. */
export async function showHolds({
  backend,
  terminal,
  scope,
  format,
}: Pick<Session, 'backend' | 'terminal' | 'scope' | 'format'>): Promise<void> {
  const holds = await backend.holds(scope);
  if (holds.length === 0 && isForPeople(format.output)) {
    terminal.err(`Nothing is held back ${scope === undefined ? 'anywhere' : `in namespace "${scope}"`}.`);
    return;
  }
  for (const line of formatHolds(holds, format)) terminal.out(line);
}

/** Lets versions be proposed again, one after the other. Throws FailedError if any is refused. */
export async function releaseHolds(
  options: Pick<Session, 'backend' | 'terminal' | 'format'> & {
    readonly targets: readonly RequestName[];
    readonly by: string | undefined;
    readonly reason: string | undefined;
  },
): Promise<void> {
  const { backend, terminal, targets, by, reason, format } = options;
  const released: { readonly request: string; readonly image: string }[] = [];
  const failures: string[] = [];
  for (const target of targets) {
    try {
      const image = await backend.releaseHold(target, by, reason);
      released.push({ request: target.name, image });
      if (isForPeople(format.output)) terminal.out(`${visible(image)} may be proposed again`);
    } catch (error) {
      if (!(error instanceof FailedError)) throw error;
      failures.push(error.message);
    }
  }
  const names = (): readonly string[] => released.map(({ request: name }) => nameOf({ metadata: { name } }));
  const text = formatObject(released, names, format.output);
  if (text !== undefined && text !== '') terminal.out(text);
  if (failures.length > 0) throw new FailedError(failures.join('\n'));
}
