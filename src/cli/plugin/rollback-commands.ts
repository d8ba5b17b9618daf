import type { RollbackWish } from '../../core/rollback-target.ts';
import { visible } from '../../core/visible.ts';
import type { Clock } from '../../core/clock.ts';
import type { Terminal } from '../terminal.ts';
import { finish } from './act.ts';
import type { Backend, RequestName, WorkloadName } from './backend.ts';
import type { Output } from './format.ts';
import { describeRollback, formatHistory, formatHolds, formatRollback } from './rollback-format.ts';

interface CommandOptions {
  readonly backend: Backend;
  readonly terminal: Terminal;
  readonly output: Output;
}

/** Prints what a workload was given so far. */
export async function showHistory(
  options: CommandOptions & { readonly workload: WorkloadName; readonly container: string | undefined },
): Promise<void> {
  const { backend, terminal, workload } = options;
  const history = await backend.history(workload);
  for (const line of formatHistory(history, options)) terminal.out(line);
}

/**
 * Rolls back and waits up to `timeoutMs` (0: not at all) until that is done, printing how it ends; a dry run only tells
 * what would be done. Throws FailedError if it is refused, fails, or is not done in time.
 */
export async function rollBack(
  options: CommandOptions & {
    readonly clock: Clock;
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
  const forPeople = output === 'table' || output === 'wide';
  if (forPeople) {
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
export async function showHolds(
  options: CommandOptions & {
    readonly clock: Clock;
    /** Undefined for all. */
    readonly namespace: string | undefined;
  },
): Promise<void> {
  const { backend, terminal, clock, namespace, output } = options;
  const holds = await backend.holds(namespace);
  if (holds.length === 0 && (output === 'table' || output === 'wide')) {
    terminal.err(
      `Nothing is held back ${namespace === undefined ? 'anywhere' : `in namespace "${namespace}"`}.`,
    );
    return;
  }
  const withNamespace = namespace === undefined;
  const lines = formatHolds(holds, { output, nowMs: clock.now(), withNamespace, colours: terminal.colours });
  for (const line of lines) terminal.out(line);
}

/** Lets a version be proposed again. */
export async function releaseHold(
  options: Pick<CommandOptions, 'backend' | 'terminal'> & {
    readonly target: RequestName;
    readonly by: string | undefined;
    readonly reason: string | undefined;
  },
): Promise<void> {
  const { backend, terminal, target, by, reason } = options;
  const image = await backend.releaseHold(target, by, reason);
  terminal.out(`${visible(image)} may be proposed again`);
}
