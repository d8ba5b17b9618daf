import type { NumberedEntry, RollbackRefusal, RollbackWish } from '../core/rollback-target.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { parseKind, KIND_EXPECTED } from '../core/workload-kind-name.ts';
import type { WorkloadKind } from '../core/workload.ts';
import { refusedAction, type Access, type Acted, type Actor } from './access.ts';
import { describeIssues } from './api-shapes.ts';
import { canBeNamed, said, targetOf, type ActionOutcome, type Target } from './approval-actions.ts';
import { readOptionalJson } from './body.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, type Problem, type ProblemCode } from './problem.ts';
import {
  RollbackBody,
  WorkloadQuery,
  type EntriesView,
  type HistoryView,
  type RollbackAnswer,
} from './rollback-shapes.ts';

/** A workload by its name; the kind is needed where several have it. */
export interface WorkloadName extends Target {
  readonly kind?: WorkloadKind | undefined;
}

export interface NamedWorkload extends Target {
  readonly kind: WorkloadKind;
}

export type Missing =
  | { readonly kind: 'no-workload' }
  | { readonly kind: 'several-kinds'; readonly kinds: readonly WorkloadKind[] };

export interface History {
  readonly kind: 'found';
  readonly workload: NamedWorkload;
  /** What runs. */
  readonly containers: readonly { readonly container: string; readonly image: string }[];
  /** Newest first. */
  readonly entries: readonly NumberedEntry[];
}

/** What a rollback does, or would do. */
export interface RollbackPlan {
  readonly workload: NamedWorkload;
  readonly container: string;
  readonly previousImage: string;
  readonly image: string;
  readonly index: number;
  /** The names of the requests that it takes back. */
  readonly takesBack: readonly string[];
}

export type RollbackOutcome =
  | Missing
  | { readonly kind: 'refused'; readonly workload: NamedWorkload; readonly refusal: RollbackRefusal }
  | { readonly kind: 'planned'; readonly plan: RollbackPlan }
  | { readonly kind: 'settled'; readonly plan: RollbackPlan; readonly outcome: ActionOutcome };

export interface Rollbacks {
  history(workload: WorkloadName): Promise<History | Missing>;
  rollBack(command: {
    readonly workload: WorkloadName;
    readonly container: string | undefined;
    readonly wish: RollbackWish;
    readonly dryRun: boolean;
    readonly identity: string;
    readonly reason: string | undefined;
  }): Promise<RollbackOutcome>;
}

export interface RollbackDependencies {
  readonly rollbacks: Rollbacks;
  readonly access: Access;
  /** Answers with the problem that an expected failure stands for. */
  readonly explained: (c: EdgeContext, run: () => Promise<Response>) => Promise<Response>;
}

const BASE = '/api/v1/rollback/:namespace/:name';
const MAX_BODY_BYTES = 64 * 1024;

/** Histories and rollbacks: `/api/v1/rollback/{namespace}/{name}`, also in the shapes of `…/history` and `…/{container}`. */
export function mountRollbacks(app: EdgeApp, { rollbacks, access, explained }: RollbackDependencies): void {
  const serveHistory = (path: string, toBody: (history: History) => EntriesView | HistoryView): void => {
    app.get(path, (c) =>
      explained(c, async () => {
        const asked = readQuery(c);
        if (!asked.ok) return refuse(c, asked.error);
        const { workload, container } = asked.value;
        const allowed = await access.may(c, { verb: 'get', namespace: workload.namespace });
        if (!allowed.ok) return refuse(c, allowed.error);
        const history = canBeNamed(workload) ? await rollbacks.history(workload) : NO_WORKLOAD;
        if (history.kind !== 'found') return refuse(c, missing(workload, history));
        const narrowed = ofContainer(history, container);
        return narrowed.ok ? c.json(toBody(narrowed.value)) : refuse(c, narrowed.error);
      }),
    );
  };
  serveHistory(BASE, toEntries);
  serveHistory(`${BASE}/history`, toHistory);

  for (const path of [BASE, `${BASE}/:container`])
    access.action(
      app,
      {
        path,
        action: 'rollback',
        subject: targetOf,
        right: ({ namespace }) => ({ verb: 'rollback', namespace }),
      },
      async (c, actor) => {
        const command = await readCommand(c, actor);
        if (!command.ok) return refusedAction(c, command.error);
        const { workload, identity } = command.value;
        const outcome = canBeNamed(workload) ? await rollbacks.rollBack(command.value) : NO_WORKLOAD;
        return { username: identity, ...answer(c, command.value, outcome) };
      },
    );
}

const NO_WORKLOAD: Missing = { kind: 'no-workload' };

type Command = Parameters<Rollbacks['rollBack']>[0];

interface Asked {
  readonly workload: WorkloadName;
  readonly container: string | undefined;
}

function readQuery(c: EdgeContext): Result<Asked, Problem> {
  const query = WorkloadQuery.safeParse(c.req.query());
  if (!query.success) return fail(problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
  const { kind, container } = query.data;
  return ok({ workload: { ...targetOf(c), kind }, container });
}

async function readCommand(c: EdgeContext, actor: Actor): Promise<Result<Command, Problem>> {
  const asked = readQuery(c);
  if (!asked.ok) return asked;
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = RollbackBody.safeParse(json.value ?? {});
  if (!body.success) return fail(wrongBody(describeIssues(body.error)));
  const { user, reason, dryRun } = body.data;
  const wanted = readWanted(c, asked.value, body.data);
  if (!wanted.ok) return fail(wrongBody(wanted.error));
  return ok({
    ...wanted.value,
    dryRun: dryRun ?? false,
    identity: actor.nameFor(said(user)),
    reason: said(reason),
  });
}

/** What is to be rolled back, and to what; what is wrong about it if anything is. */
function readWanted(
  c: EdgeContext,
  { workload, container }: Asked,
  { index, image, ...body }: RollbackBody,
): Result<Pick<Command, 'workload' | 'container' | 'wish'>> {
  if (index != null && image != null) return fail('index and image exclude each other');
  const named = oneOf([c.req.param('container'), container, body.container]);
  if (!named.ok) return fail('the container is named in two ways');
  const kind = body.kind == null ? workload.kind : parseKind(body.kind);
  if (kind === undefined && body.kind != null) return fail(`kind: must be ${KIND_EXPECTED}`);
  const wish = image == null ? { index: index ?? 1 } : { image };
  return ok({ workload: { ...workload, kind }, container: named.value, wish });
}

function wrongBody(what: string): Problem {
  const may = 'The body may be {"container"?, "index"? or "image"?, "user"?, "reason"?, "dryRun"?, "kind"?}';
  return problem('HW_UNEXPECTED_SHAPE', `${may}; ${what}.`);
}

/** The one value that is given, however often; undefined if none is. */
function oneOf(values: readonly (string | null | undefined)[]): Result<string | undefined, undefined> {
  const given = new Set(values.filter((value) => value != null));
  return given.size > 1 ? fail(undefined) : ok([...given][0]);
}

function ofContainer(history: History, container: string | undefined): Result<History, Problem> {
  if (container === undefined) return ok(history);
  const containers = history.containers.filter((one) => one.container === container);
  const entries = history.entries.filter((entry) => entry.container === container);
  if (containers.length > 0 || entries.length > 0) return ok({ ...history, containers, entries });
  const names = history.containers.map((one) => one.container).join(', ');
  const message = `${history.workload.name} has no container ${shorten(container)}; it has ${names}.`;
  return fail(problem('HW_CONTAINER_NOT_FOUND', message));
}

function toEntries({ workload, containers, entries }: History): EntriesView {
  return { kind: workload.kind, containers, entries };
}

function toHistory({ workload, containers, entries }: History): HistoryView {
  const { kind, namespace, name } = workload;
  return { deployment: name, namespace, kind, containers, history: entries };
}

const REFUSALS: Readonly<Record<RollbackRefusal['kind'], ProblemCode>> = {
  ambiguous: 'HW_CONTAINER_AMBIGUOUS',
  'unknown-container': 'HW_CONTAINER_NOT_FOUND',
  'no-entry': 'HW_HISTORY_NOT_FOUND',
  'runs-already': 'HW_ROLLBACK_IMPOSSIBLE',
  'other-repository': 'HW_ROLLBACK_IMPOSSIBLE',
};

function answer(c: EdgeContext, command: Command, outcome: RollbackOutcome): Acted {
  switch (outcome.kind) {
    case 'no-workload':
    case 'several-kinds':
      return refusedAction(c, missing(command.workload, outcome));
    case 'refused': {
      const { workload, refusal } = outcome;
      const { wish } = command;
      const members = {
        deployment: workload.name,
        ...(refusal.container === undefined ? {} : { container: refusal.container }),
        ...('index' in wish ? { index: wish.index } : {}),
      };
      const refused = { ...problem(REFUSALS[refusal.kind], refusal.message), members };
      return { ...refusedAction(c, refused), kind: workload.kind };
    }
    case 'planned': {
      const { plan } = outcome;
      const message = `Would roll back ${plan.container} from ${plan.previousImage} to ${plan.image}`;
      const body = toAnswer(command, plan, { message, updateRequest: null, phase: null });
      return { response: c.json(body), result: 'success', reason: message, kind: plan.workload.kind };
    }
    case 'settled':
      return { ...settled(c, command, outcome), kind: outcome.plan.workload.kind };
    default:
      return outcome satisfies never;
  }
}

function settled(
  c: EdgeContext,
  command: Command,
  { plan, outcome }: Extract<RollbackOutcome, { kind: 'settled' }>,
): Acted {
  const members = { deployment: plan.workload.name, container: plan.container };
  const failed = (why: string): Acted =>
    refusedAction(c, { ...problem('HW_ROLLBACK_FAILED', `Rollback failed: ${why}`), members });
  if (outcome.kind === 'not-found') return failed('its UpdateRequest was deleted');
  if (outcome.kind === 'conflict') {
    const { message, phase } = outcome;
    const more = phase === undefined ? members : { ...members, current_phase: phase };
    return refusedAction(c, { ...problem('HW_CONFLICT', message), members: more });
  }
  const { metadata, status } = outcome.request;
  if (outcome.kind === 'done' && status.phase !== 'Completed') return failed(status.message ?? status.phase);
  const message = outcome.kind === 'done' ? 'Rollback successful' : outcome.message;
  const request = { message, updateRequest: metadata.name, phase: status.phase };
  const body = toAnswer(command, plan, request);
  const reason = command.reason ?? `${plan.previousImage} -> ${plan.image}`;
  if (outcome.kind === 'done') return { response: c.json(body), result: 'success', reason };
  c.header('location', `/api/v1/updates/${metadata.namespace}/${metadata.name}`);
  return { response: c.json(body, 202), result: 'success', reason };
}

function toAnswer(
  { identity, reason, dryRun }: Command,
  { workload, container, previousImage, image, index, takesBack }: RollbackPlan,
  request: Pick<RollbackAnswer, 'message' | 'updateRequest' | 'phase'>,
): RollbackAnswer {
  const { kind, namespace, name } = workload;
  const what = {
    deployment: name,
    namespace,
    kind,
    container,
    image,
    previousImage,
    rolledBackTo: image,
    index,
  };
  return { ...request, ...what, user: identity, reason: reason ?? null, dryRun, takesBack };
}

function missing({ namespace, name, kind }: WorkloadName, found: Missing): Problem {
  const shown = shorten(`${kind ?? 'workload'} ${namespace}/${name}`);
  if (found.kind === 'no-workload')
    return problem('HW_WORKLOAD_NOT_FOUND', `There is no ${shown} that carries headwind.sh/policy.`);
  const kinds = found.kinds.join(', ');
  const detail = `There are several workloads ${shorten(`${namespace}/${name}`)}: ${kinds}; say which with ?kind=.`;
  return { ...problem('HW_KIND_AMBIGUOUS', detail), members: { kinds: found.kinds } };
}

const MAX_SHOWN = 300;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
