import type { Clock } from '../../core/clock.ts';
import { isFinished } from '../../core/request-machine.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { visible } from '../../core/visible.ts';
import { FailedError } from '../exit.ts';
import type { Terminal } from '../terminal.ts';
import type { Backend, RequestName } from './backend.ts';
import { describeUpdate, formatNamed, isForPeople, type Output } from './format.ts';

export interface ActOptions {
  readonly backend: Backend;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly output: Output;
  /** Who acts; undefined lets the backend find out. */
  readonly by: string | undefined;
}

type WaitOptions = Pick<ActOptions, 'backend' | 'clock'> & {
  readonly target: RequestName;
  readonly timeoutMs: number;
};

/** An update is mostly applied at once: looked for soon, and then ever more seldom. */
const FIRST_LOOK_MS = 50;
const LOOK_EVERY_MS = 500;

/**
 * Approves one request after the other and waits up to `timeoutMs` each (0: not at all) until the update is applied,
 * printing how it ends. Throws FailedError if any is refused, fails, or is not applied in time; the others are dealt
 * with all the same.
 */
export async function approve(
  options: ActOptions & { readonly targets: readonly RequestName[]; readonly timeoutMs: number },
): Promise<void> {
  const { terminal, output, targets } = options;
  const ended: UpdateRequest[] = [];
  const failures: FailedError[] = [];
  for (const target of targets) {
    try {
      const last = await approveOne({ ...options, target });
      ended.push(last);
      const sentence = judge(last, options);
      if (isForPeople(output)) terminal.out(sentence);
    } catch (error) {
      if (!(error instanceof FailedError)) throw error;
      failures.push(error);
    }
  }
  const text = formatNamed(ended, output);
  if (text !== undefined) terminal.out(text);
  if (failures.length === 0) return;
  const [first] = failures;
  throw new FailedError(failures.map(({ message }) => message).join('\n'), { cause: first?.cause });
}

async function approveOne(options: ActOptions & WaitOptions): Promise<UpdateRequest> {
  const { backend, terminal, output, target } = options;
  const approved = await backend.approve(target, options.by);
  if (isForPeople(output)) {
    terminal.out(`${target.name} approved by ${visible(approved.status.approvedBy ?? 'unknown')}`);
    terminal.out(describeUpdate(approved));
  }
  return waitUntilFinished(options, approved);
}

/**
 * Waits up to `timeoutMs` (0: not at all) until an approved request is finished, and prints how it ends: as `format`
 * has it, or as a sentence. Throws FailedError if it fails, or is not applied in time.
 */
export async function finish(
  options: WaitOptions & Pick<ActOptions, 'terminal'>,
  approved: UpdateRequest,
  format: (last: UpdateRequest) => string | undefined,
): Promise<void> {
  const last = await waitUntilFinished(options, approved);
  const text = format(last);
  if (text !== undefined) options.terminal.out(text);
  const sentence = judge(last, options);
  if (text === undefined) options.terminal.out(sentence);
}

/** Rejects it; the version is then held back. Throws FailedError if that is refused. */
export async function reject(
  options: ActOptions & { readonly target: RequestName; readonly reason: string | undefined },
): Promise<void> {
  const { backend, terminal, output, target } = options;
  const rejected = await backend.reject(target, options.by, options.reason);
  const text = formatNamed([rejected], output);
  terminal.out(text ?? `${target.name} rejected by ${visible(rejected.status.rejectedBy ?? 'unknown')}`);
  if (text === undefined) terminal.out(describeUpdate(rejected));
}

/** How it ended, in a sentence. Throws FailedError where that is not what was asked for. */
function judge(last: UpdateRequest, { timeoutMs }: Pick<WaitOptions, 'timeoutMs'>): string {
  const { phase } = last.status;
  const { name } = last.metadata;
  if (phase === 'Completed' || (timeoutMs === 0 && phase === 'Approved')) return `${phase}${messageOf(last)}`;
  if (phase === 'Approved')
    throw new FailedError(`${name} is approved, but not applied yet${waitingReason(last)}`);
  throw new FailedError(`${name} ended as ${phase}${messageOf(last)}`);
}

/** The request when it is finished, or as it was last seen when the time is up. */
async function waitUntilFinished(options: WaitOptions, approved: UpdateRequest): Promise<UpdateRequest> {
  const { backend, clock, target, timeoutMs } = options;
  const endMs = clock.elapsed() + timeoutMs;
  let last = approved;
  let pauseMs = FIRST_LOOK_MS;
  while (!isFinished(last.status.phase) && clock.elapsed() < endMs) {
    await new Promise<void>((resolve) => {
      clock.after(Math.min(pauseMs, Math.max(1, endMs - clock.elapsed())), resolve);
    });
    pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS);
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
