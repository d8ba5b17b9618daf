import { fail, ok, type Result } from '../core/result.ts';
import type { Phase, UpdateRequest } from '../core/update-request.ts';
import { refusedAction, type Access, type Acted, type Actor } from './access.ts';
import { ActionBody, describeIssues, toView, type ActionAnswer } from './api-shapes.ts';
import { readFields, readOptionalJson } from './body.ts';
import { type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, type Problem } from './problem.ts';

export type ActionOutcome =
  | { readonly kind: 'done'; readonly request: UpdateRequest }
  /** Decided and recorded; the applier has not finished yet. */
  | { readonly kind: 'accepted'; readonly request: UpdateRequest; readonly message: string }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'conflict'; readonly message: string; readonly phase?: Phase | undefined };

export interface Target {
  readonly namespace: string;
  readonly name: string;
}

/** Something to be done to a request. */
export interface Action extends Target {
  /** The name that it is recorded under. */
  readonly identity: string;
  /** Where it is there: of the one request that is meant, since another one may have its name by now. */
  readonly uid?: string | undefined;
}

export interface Actions {
  approve(action: Action): Promise<ActionOutcome>;
  reject(action: Action & { readonly reason?: string | undefined }): Promise<ActionOutcome>;
  /** The kind of the workload that a request is about, if the request is known. */
  kindOf?(target: Target): string | undefined;
}

export interface ActionDependencies {
  readonly actions: Actions;
  readonly access: Access;
  /** Whether bodies may be forms too. */
  readonly forms?: boolean | undefined;
}

/** What people decide about a request. */
export type Verb = 'approve' | 'reject';

/** Who decides, and why. */
export interface Command {
  readonly identity: string;
  readonly reason: string | undefined;
}

interface Done {
  readonly status: 200 | 202;
  readonly request: UpdateRequest;
  readonly message: string;
}

export const VERBS: readonly Verb[] = ['approve', 'reject'];
const MAX_BODY_BYTES = 64 * 1024;
const NAME = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;

/** `POST /api/v1/updates/{namespace}/{name}/approve` and `/reject`; every call leaves one audit record. */
export function mountActions(app: EdgeApp, { actions, access, forms }: ActionDependencies): void {
  const limits = { maxBytes: MAX_BODY_BYTES };
  const read = async (c: EdgeContext): Promise<Result<unknown, Problem>> => {
    if (forms !== true) return readOptionalJson(c.req.raw, limits);
    const body = await readFields(c.req.raw, limits);
    return body.ok ? ok(body.value.fields) : body;
  };

  for (const verb of VERBS)
    access.action(
      app,
      {
        path: `/api/v1/updates/:namespace/:name/${verb}`,
        action: verb,
        subject: (c) => {
          const target = targetOf(c);
          return { ...target, kind: actions.kindOf?.(target) };
        },
        right: ({ namespace, name }) => ({ verb, namespace, name }),
      },
      async (c, actor) => {
        const command = toCommand(await read(c), actor);
        if (!command.ok) return refusedAction(c, command.error);
        const done = await decide(actions, verb, targetOf(c), command.value);
        if (!done.ok) return refusedAction(c, done.error);
        const { request, message } = done.value;
        return {
          response: answer(c, done.value),
          result: 'success',
          reason: command.value.reason ?? message,
          kind: request.spec.targetRef.kind,
        } satisfies Acted;
      },
    );
}

/** Carries the decision out. */
export async function decide(
  actions: Actions,
  verb: Verb,
  target: Target,
  command: Command,
): Promise<Result<Done, Problem>> {
  if (!canBeNamed(target)) return fail(noSuchRequest(target));
  const { identity, reason } = command;
  const outcome = await (verb === 'approve'
    ? actions.approve({ ...target, identity })
    : actions.reject({ ...target, identity, reason }));
  return settle(verb, target, outcome);
}

/** The request that the route names. */
export function targetOf(c: EdgeContext): Target {
  return { namespace: c.req.param('namespace') ?? '', name: c.req.param('name') ?? '' };
}

/** Whether Kubernetes could hold an object of this name at all; what it could not is never asked for. */
export function canBeNamed({ namespace, name }: Target): boolean {
  return NAME.test(namespace) && NAME.test(name);
}

/** The 404 for a request that does not exist. */
export function noSuchRequest({ namespace, name }: Target): Problem {
  const shown = `${namespace}/${name}`.slice(0, 512);
  return problem('HW_REQUEST_NOT_FOUND', `UpdateRequest not found: ${shown}`);
}

function toCommand(read: Result<unknown, Problem>, actor: Actor): Result<Command, Problem> {
  if (!read.ok) return read;
  const body = ActionBody.safeParse(read.value ?? {});
  if (!body.success) {
    const detail = `The body may be {"approver"?: string, "reason"?: string}; ${describeIssues(body.error)}.`;
    return fail(problem('HW_UNEXPECTED_SHAPE', detail));
  }
  const { approver, reason } = body.data;
  return ok({ identity: actor.nameFor(said(approver)), reason: said(reason) });
}

/** What somebody wrote into a field; undefined for nothing. */
export function said(text: string | null | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function settle(verb: Verb, target: Target, outcome: ActionOutcome): Result<Done, Problem> {
  if (outcome.kind === 'not-found') return fail(noSuchRequest(target));
  if (outcome.kind === 'conflict') {
    const { message, phase } = outcome;
    const conflict = problem('HW_CONFLICT', message);
    return fail(phase === undefined ? conflict : { ...conflict, members: { current_phase: phase } });
  }
  const { request } = outcome;
  if (outcome.kind === 'accepted') return ok({ status: 202, request, message: outcome.message });
  return ok({ status: 200, request, message: messageOf(verb, request) });
}

function messageOf(verb: Verb, { status }: UpdateRequest): string {
  if (verb === 'reject') return 'Update rejected';
  return status.message ?? 'Update approved';
}

function answer(c: EdgeContext, { status, request, message }: Done): Response {
  const view = toView(request);
  const body: ActionAnswer = { ...view, message, updateRequest: view.name };
  if (status === 202) c.header('location', `/api/v1/updates/${view.namespace}/${view.name}`);
  return c.json(body, status);
}
