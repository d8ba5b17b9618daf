import { fail, ok, type Result } from '../core/result.ts';
import type { Phase, UpdateRequest } from '../core/update-request.ts';
import { ActionBody, describeIssues, toView, type ActionAnswer } from './api-shapes.ts';
import { actorOf, refuseCrossSite } from './auth.ts';
import { readOptionalJson } from './body.ts';
import type { Log } from './dependencies.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
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

export interface Actions {
  /** `identity` is the name that the action is recorded under. */
  approve(action: Target & { readonly identity: string }): Promise<ActionOutcome>;
  reject(
    action: Target & { readonly identity: string; readonly reason?: string | undefined },
  ): Promise<ActionOutcome>;
}

/** One action for the audit log. Success means that the decision stands, whatever came of applying it. */
export interface AuditEntry {
  readonly username: string;
  readonly action: 'approve' | 'reject';
  readonly resourceType: string;
  readonly namespace: string;
  readonly name: string;
  readonly result: 'success' | 'failure';
  readonly reason?: string | undefined;
}

export interface ActionDependencies {
  readonly actions: Actions;
  readonly audit: { record(entry: AuditEntry): void };
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly log: Log;
}

type Verb = AuditEntry['action'];

interface Command {
  readonly identity: string;
  readonly reason: string | undefined;
}

interface Done {
  readonly status: 200 | 202;
  readonly request: UpdateRequest;
  readonly message: string;
}

const VERBS: readonly Verb[] = ['approve', 'reject'];
const MAX_BODY_BYTES = 64 * 1024;
const NAME = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;

/** `POST /api/v1/updates/{namespace}/{name}/approve` and `/reject`; every call leaves one audit record. */
export function mountActions(app: EdgeApp, dependencies: ActionDependencies): void {
  const { actions, audit, explain, log } = dependencies;

  const run = async (verb: Verb, target: Target, command: Command): Promise<Result<Done, Problem>> => {
    if (!canBeNamed(target)) return fail(noSuchRequest(target));
    try {
      const outcome = await actions[verb]({ ...target, ...command });
      return settle(verb, target, outcome);
    } catch (error) {
      const known = explain(error);
      if (known === undefined) log.error({ error, verb, ...target }, 'action failed');
      else log.warn({ error, verb, ...target }, 'action could not be carried out');
      return fail(
        known ?? problem('HW_INTERNAL', `The ${verb} failed inside; the log of Headwind says why.`),
      );
    }
  };

  for (const verb of VERBS)
    app.post(`/api/v1/updates/:namespace/:name/${verb}`, async (c) => {
      const target = targetOf(c);
      const command = await readCommand(c);
      const done = command.ok ? await run(verb, target, command.value) : command;
      const username = command.ok ? command.value.identity : actorOf(c.get('identity'), undefined);
      audit.record({ username, action: verb, ...target, ...auditedAs(done, command) });
      return done.ok ? answer(c, done.value) : refuse(c, done.error);
    });
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

async function readCommand(c: EdgeContext): Promise<Result<Command, Problem>> {
  const sameSite = refuseCrossSite(c.req.raw.headers);
  if (!sameSite.ok) return sameSite;
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = ActionBody.safeParse(json.value ?? {});
  if (!body.success) {
    const detail = `The body may be {"approver"?: string, "reason"?: string}; ${describeIssues(body.error)}.`;
    return fail(problem('HW_UNEXPECTED_SHAPE', detail));
  }
  const { approver, reason } = body.data;
  return ok({ identity: actorOf(c.get('identity'), said(approver)), reason: said(reason) });
}

function said(text: string | null | undefined): string | undefined {
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

function auditedAs(
  done: Result<Done, Problem>,
  command: Result<Command, Problem>,
): Pick<AuditEntry, 'resourceType' | 'result' | 'reason'> {
  if (!done.ok) return { resourceType: 'UpdateRequest', result: 'failure', reason: done.error.detail };
  const { request, message } = done.value;
  const reason = command.ok && command.value.reason !== undefined ? command.value.reason : message;
  return { resourceType: request.spec.targetRef.kind, result: 'success', reason };
}

function answer(c: EdgeContext, { status, request, message }: Done): Response {
  const view = toView(request);
  const body: ActionAnswer = { ...view, message, updateRequest: view.name };
  if (status === 202) c.header('location', `/api/v1/updates/${view.namespace}/${view.name}`);
  return c.json(body, status);
}
