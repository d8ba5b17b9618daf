import type { Clock } from '../../core/clock.ts';
import { isFinished } from '../../core/request-machine.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { visible } from '../../core/visible.ts';
import { FailedError } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import type { Backend, RequestName } from './backend.ts';
import { describeUpdate, formatOne, type Output } from './format.ts';

export interface ActOptions {
  readonly backend: Backend;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly output: Output;
  readonly target: RequestName;
  /** Who acts; undefined lets the backend find out. */
  readonly by: string | undefined;
}

type FinishOptions = Pick<ActOptions, 'backend' | 'terminal' | 'clock' | 'target'> & {
  readonly timeoutMs: number;
};

const LOOK_EVERY_MS = 500;

/**
 * Approves and waits up to `timeoutMs` (0: not at all) until the update is applied, printing how it ends. Throws
 * FailedError if it is refused, fails, or is not applied in time.
 */
export async function approve(options: ActOptions & { readonly timeoutMs: number }): Promise<void> {
  const { backend, terminal, output, target } = options;
  const approved = await backend.approve(target, options.by);
  if (output === 'table' || output === 'wide') {
    terminal.out(`${target.name} approved by ${visible(approved.status.approvedBy ?? 'unknown')}`);
    terminal.out(describeUpdate(approved));
  }
  await finish(options, approved, (last) => formatOne(last, output));
}

/**
 * Waits up to `timeoutMs` (0: not at all) until an approved request is finished, and prints how it ends: as `format`
 * has it, or as a sentence. Throws FailedError if it fails, or is not applied in time.
 */
export async function finish(
  options: FinishOptions,
  approved: UpdateRequest,
  format: (last: UpdateRequest) => string | undefined,
): Promise<void> {
  const { terminal, target, timeoutMs } = options;
  const last = timeoutMs === 0 ? approved : await waitUntilFinished(options, approved);
  const text = format(last);
  if (text !== undefined) terminal.out(text);
  if (last.status.phase === 'Completed' || (timeoutMs === 0 && last.status.phase === 'Approved')) {
    if (text === undefined) terminal.out(`${last.status.phase}${messageOf(last)}`);
    return;
  }
  if (last.status.phase === 'Approved')
    throw new FailedError(`${target.name} is approved, but not applied yet${waitingReason(last)}`);
  throw new FailedError(`${target.name} ended as ${last.status.phase}${messageOf(last)}`);
}

/** Rejects it; the version is then held back. Throws FailedError if that is refused. */
export async function reject(options: ActOptions & { readonly reason: string | undefined }): Promise<void> {
  const { backend, terminal, output, target } = options;
  const rejected = await backend.reject(target, options.by, options.reason);
  const text = formatOne(rejected, output);
  terminal.out(text ?? `${target.name} rejected by ${visible(rejected.status.rejectedBy ?? 'unknown')}`);
  if (text === undefined) terminal.out(describeUpdate(rejected));
}

/** The request when it is finished, or as it was last seen when the time is up. */
async function waitUntilFinished(options: FinishOptions, approved: UpdateRequest): Promise<UpdateRequest> {
  const { backend, clock, target, timeoutMs } = options;
  const endMs = clock.now() + timeoutMs;
  let last = approved;
  while (!isFinished(last.status.phase) && clock.now() < endMs) {
    await new Promise<void>((resolve) => {
      clock.after(Math.min(LOOK_EVERY_MS, Math.max(1, endMs - clock.now())), resolve);
    });
    const request = await backend.get(target);
    if (request === undefined) throw new FailedError(`${target.name} was deleted before it was applied`);
    last = request;
  }
  return last;
}

function messageOf({ status }: UpdateRequest): string {
  return status.message === undefined ? '' : `: ${visible(status.message)}`;
}

/** Why an approved request waits stands in its condition `Applied`. */
function waitingReason({ status }: UpdateRequest): string {
  const applied = status.conditions?.find(({ type }) => type === 'Applied');
  return applied === undefined ? '; is the operator running?' : `: ${visible(applied.message)}`;
}
