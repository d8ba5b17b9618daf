/** The policies that runs use. */
export type Policy = 'patch' | 'minor' | 'major' | 'all';

/** One UpdateRequest for the workload, as it stood when it was looked at; `from` and `to` are tags. */
export interface SeenRequest {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly phase: string;
  readonly message: string | undefined;
  readonly isRollback: boolean;
}

/** All that is known of one workload of a run; versions are tags `x.y.z`. */
export interface Evidence {
  readonly name: string;
  readonly policy: Policy;
  /** What it ran when the run began. */
  readonly first: string;
  /** Pushed, and either acknowledged as a webhook or to be found by a poll. */
  readonly promised: readonly string[];
  /** Everything that was pushed, and may have been heard of. */
  readonly pushed: readonly string[];
  readonly running: string;
  readonly generation: number;
  /** What it ran at each generation, as far as that was seen, oldest first. */
  readonly sights: readonly { readonly generation: number; readonly tag: string }[];
  /** Its own history, oldest first. */
  readonly history: readonly { readonly tag: string; readonly request: string | undefined }[];
  readonly requests: readonly SeenRequest[];
  /** Names of requests whose approval, or rejection, was acknowledged. */
  readonly approved: readonly string[];
  readonly rejected: readonly string[];
  /** Whether a person wants to go back to what it ran at first, once it has moved. */
  readonly mustRollBack: boolean;
}

export interface Verdict {
  /** What must never be, however long one waits. */
  readonly wrong: readonly string[];
  /** What has to come about yet. */
  readonly missing: readonly string[];
}

const OPEN: readonly string[] = ['Pending', 'Approved'];
const ENDS: readonly string[] = [...OPEN, 'Completed', 'Superseded', 'Rejected', 'RolledBack'];
/** How what a person approved may end without being done: something else was faster. */
const MOVED = 'moved on its own';

/**
 * Whether it came to nothing because another request was faster: what a person approved fails with that reason, as the
 * state machine says, and the version is asked for anew. The other one may not have written down yet that it is done.
 */
function wasOvertaken({ phase, message = '' }: SeenRequest, requests: readonly SeenRequest[]): boolean {
  const isMoved = phase === 'Failed' && message.includes(MOVED);
  return isMoved && requests.some((other) => ['Approved', 'Completed', 'RolledBack'].includes(other.phase));
}

/**
 * Whether it was over before it began: asked for on old news, while no watch got through, when another request had done
 * the same.
 */
function wasDoneAlready({ phase, message = '', to }: SeenRequest, history: Evidence['history']): boolean {
  const isSaid = phase === 'Completed' && message.endsWith('already');
  return isSaid && history.some(({ tag }) => tag === to);
}

/** What is wrong with a workload, and what is still missing. */
export function judge(evidence: Evidence): Verdict {
  const wrong = [
    ...stepsIn(evidence),
    ...countsIn(evidence),
    ...recordsIn(evidence),
    ...phasesIn(evidence),
    ...decisionsIn(evidence),
  ];
  const name = (what: string): string => `${evidence.name}: ${what}`;
  return { wrong: wrong.map(name), missing: missingIn(evidence).map(name) };
}

/** Whether the policy lets a workload that runs `current` go to `next`: a rule of its own, not the program's. */
export function admits(policy: Policy, current: string, next: string): boolean {
  if (compare(next, current) <= 0) return false;
  const [major, minor] = numbersOf(current);
  const [nextMajor, nextMinor] = numbersOf(next);
  if (policy === 'patch') return nextMajor === major && nextMinor === minor;
  return policy === 'minor' ? nextMajor === major : true;
}

/** Negative where `a` is the lower version. */
export function compare(a: string, b: string): number {
  const others = numbersOf(b);
  const differences = numbersOf(a).map((number, index) => number - (others[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

function numbersOf(version: string): readonly number[] {
  return version.split('.').map(Number);
}

/** What was said no to, before it was applied or afterwards. */
function heldIn({ requests }: Evidence): readonly string[] {
  return requests.filter(({ phase }) => ['Rejected', 'RolledBack'].includes(phase)).map(({ to }) => to);
}

function missingIn(evidence: Evidence): readonly string[] {
  const { first, policy, promised, running, requests, mustRollBack } = evidence;
  const held = heldIn(evidence);
  const best = promised
    .filter((tag) => admits(policy, first, tag))
    .toSorted(compare)
    .at(-1);
  // A no to this version, or to one above it, says nothing about what else it should come to.
  const isLost =
    best !== undefined && compare(running, best) < 0 && held.every((no) => compare(no, best) < 0);
  const open = requests.filter(({ phase }) => OPEN.includes(phase));
  const isTakenBack = requests.some(({ isRollback }) => isRollback);
  return [
    ...(isLost ? [`runs ${running}, and ${best} is lost`] : []),
    ...open.map(({ name, phase, message }) => `${name} is still ${phase} (${message ?? ''})`),
    ...(mustRollBack && running !== first && !isTakenBack ? ['is not rolled back'] : []),
  ];
}

interface Step {
  readonly from: string;
  readonly to: string;
  readonly isRollback: boolean;
}

function toSteps({ history, requests }: Evidence): readonly Step[] {
  return history.slice(1).map(({ tag, request }, index) => ({
    from: history[index]?.tag ?? '',
    to: tag,
    isRollback: requests.some(({ name, isRollback }) => isRollback && name === request),
  }));
}

/** Every step goes where it may, and none is made twice. */
function stepsIn(evidence: Evidence): readonly string[] {
  const { first, policy, pushed, requests } = evidence;
  const steps = toSteps(evidence);
  const updates = steps.filter(({ isRollback }) => !isRollback);
  const rejected = requests.filter(({ phase }) => phase === 'Rejected').map(({ to }) => to);
  return [
    ...updates.flatMap(({ from, to }) => [
      ...(compare(to, from) <= 0 ? [`went below: from ${from} to ${to}`] : []),
      ...(pushed.includes(to) ? [] : [`went to ${to}, which nobody pushed`]),
      ...(admits(policy, first, to) ? [] : [`went to ${to}, against policy ${policy}`]),
      ...(rejected.includes(to) ? [`went to ${to}, which was rejected`] : []),
    ]),
    ...repeated(updates.map(({ to }) => to)).map((to) => `went to ${to} twice`),
    ...repeated(steps.map(({ from, to }) => `${from} to ${to}`)).map((step) => `went from ${step} twice`),
  ];
}

/** Its history tells of every change, and of what it was seen to run. */
function countsIn({ first, generation, sights, history, running }: Evidence): readonly string[] {
  const changes = generation - 1;
  const told = history.length === 0 ? [first] : history.map(({ tag }) => tag);
  const seen = sights.map(({ tag }) => tag);
  const wrong: string[] = [];
  if (told.length - 1 !== changes)
    wrong.push(`was changed ${changes} times, and its history tells of ${told.length - 1}`);
  if (told[0] !== first) wrong.push(`its history begins with ${told[0]}, and it ran ${first}`);
  if (told.at(-1) !== running) wrong.push(`its history ends with ${told.at(-1)}, and it runs ${running}`);
  // Where the witness had to list anew, generations may lack; then the history alone tells.
  if (sights.length === generation && seen.join() !== told.join())
    wrong.push(`ran ${seen.join(', ')}, and its history tells of ${told.join(', ')}`);
  return wrong;
}

/** History and requests tell the same. */
function recordsIn({ requests, history }: Evidence): readonly string[] {
  const recorded = history.flatMap(({ request }) => (request === undefined ? [] : [request]));
  const applied = requests.filter(
    (one) => ['Completed', 'RolledBack'].includes(one.phase) && !wasDoneAlready(one, history),
  );
  const ended = requests.filter(({ phase }) => !OPEN.includes(phase));
  const known = requests.map(({ name }) => name);
  return [
    ...repeated(recorded).map((name) => `its history names ${name} twice`),
    ...history
      .slice(1)
      .flatMap(({ tag, request }) => (request === undefined ? [`${tag} has no request`] : [])),
    ...recorded.filter((name) => !known.includes(name)).map((name) => `${name} was applied, and is gone`),
    ...applied
      .filter(({ name }) => !recorded.includes(name))
      .map(({ name, phase }) => `${name} is ${phase}, and was never applied`),
    ...ended
      .filter((one) => !applied.includes(one) && recorded.includes(one.name))
      .map(({ name, phase }) => `${name} was applied, and is ${phase}`),
  ];
}

/** Every request ends where it may, with a reason, and there is none twice. */
function phasesIn({ requests, history }: Evidence): readonly string[] {
  const updates = requests.filter(({ isRollback }) => !isRollback);
  return [
    // One that was superseded may be asked for again, as after a rollback to where it started from.
    ...repeated(
      updates
        .filter((one) => one.phase !== 'Superseded' && !wasDoneAlready(one, history))
        .map(({ from, to }) => `${from} to ${to}`),
    ).map((pair) => `has two requests from ${pair}`),
    ...requests.flatMap((request) => {
      const { name, phase, message = '' } = request;
      if (phase === 'Superseded' && message === '') return [`${name} is Superseded without a reason`];
      return ENDS.includes(phase) || wasOvertaken(request, requests)
        ? []
        : [`${name} ended ${phase}: ${message}`];
    }),
    ...updates
      .filter(({ phase }) => phase === 'RolledBack')
      .filter(({ to }) => !requests.some(({ isRollback, from }) => isRollback && compare(from, to) >= 0))
      .map(({ name }) => `${name} is RolledBack, and there is no rollback of it`),
  ];
}

/** What was answered to people counts. */
function decisionsIn({ requests, approved, rejected }: Evidence): readonly string[] {
  const phaseOf = (name: string): string => requests.find((one) => one.name === name)?.phase ?? 'gone';
  const kept = ['Approved', 'Completed', 'Superseded', 'RolledBack'];
  const overtaken = requests.filter((one) => wasOvertaken(one, requests)).map(({ name }) => name);
  return [
    ...approved
      .filter((name) => !kept.includes(phaseOf(name)) && !overtaken.includes(name))
      .map((name) => `${name} was approved, and is ${phaseOf(name)}`),
    ...rejected
      .filter((name) => phaseOf(name) !== 'Rejected')
      .map((name) => `${name} was rejected, and is ${phaseOf(name)}`),
  ];
}

function repeated(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text, index) => texts.indexOf(text) !== index))];
}
