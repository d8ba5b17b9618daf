import pLimit from 'p-limit';
import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { fail, ok, type Result } from '../core/result.ts';
import { refusedAction, type Access, type Actor } from './access.ts';
import { BulkBody, describeIssues, MAX_BULK, type BulkAnswer } from './api-shapes.ts';
import {
  decide,
  said,
  VERBS,
  type Actions,
  type Command,
  type Target,
  type Verb,
} from './approval-actions.ts';
import { readOptionalJson } from './body.ts';
import type { Log } from './dependencies.ts';
import type { EdgeApp, EdgeContext } from './edge.ts';
import { problem, PROBLEMS, type Problem } from './problem.ts';

export interface BulkDependencies {
  readonly actions: Actions;
  readonly access: Access;
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain: (error: unknown) => Problem | undefined;
  readonly log: Log;
}

const MAX_BODY_BYTES = 128 * 1024;
/** An approval may wait 10 s for its update to be applied. */
const CONCURRENCY = 16;

/**
 * `POST /api/v1/updates/bulk/approve` and `/reject`: the same decision about several requests. Each of them is judged,
 * carried out and recorded by itself; the answer counts.
 */
export function mountBulkActions(app: EdgeApp, dependencies: BulkDependencies): void {
  const { actions, access, explain, log } = dependencies;

  const settle = async (
    c: EdgeContext,
    verb: Verb,
    target: Target,
    command: Command,
  ): Promise<Problem | undefined> => {
    const record = (result: 'success' | 'error', reason: string, kind?: string): void =>
      access.audit.record({
        username: command.identity,
        action: `bulk_${verb}`,
        resourceType: kind ?? actions.kindOf?.(target) ?? 'UpdateRequest',
        ...target,
        result,
        reason,
      });
    const done = await attempt(c, verb, target, command);
    if (!done.ok) {
      record('error', done.error.detail);
      return done.error;
    }
    const { request, message } = done.value;
    record('success', command.reason ?? message, request.spec.targetRef.kind);
    return undefined;
  };

  const attempt = async (
    c: EdgeContext,
    verb: Verb,
    target: Target,
    command: Command,
  ): ReturnType<typeof decide> => {
    try {
      const allowed = await access.may(c, { verb, ...target });
      return allowed.ok ? await decide(actions, verb, target, command) : allowed;
    } catch (error) {
      const known = explain(error);
      const fields = { error, verb, ...target };
      if (known === undefined) log.error(fields, 'action failed');
      else log.warn(fields, 'action could not be carried out');
      return fail(known ?? problem('HW_INTERNAL', 'It failed inside; the log of Headwind says why.'));
    }
  };

  for (const verb of VERBS)
    access.action(
      app,
      {
        path: `/api/v1/updates/bulk/${verb}`,
        action: `bulk_${verb}`,
        subject: () => ({ namespace: '', name: '' }),
        right: undefined,
      },
      async (c, actor) => {
        const body = await readBody(c);
        if (!body.ok) return refusedAction(c, body.error);
        const command = commandOf(actor, body.value);
        const limit = pLimit(CONCURRENCY);
        const problems = await Promise.all(
          distinct(body.value.updates).map((target) =>
            limit(async () => ({ target, refused: await settle(c, verb, target, command) })),
          ),
        );
        const errors = problems.flatMap(({ target, refused }) =>
          refused === undefined ? [] : [describe(target, refused)],
        );
        const answer: BulkAnswer = {
          success_count: problems.length - errors.length,
          failed_count: errors.length,
          errors,
        };
        return { response: c.json(answer), result: 'success', audited: true };
      },
    );
}

async function readBody(c: EdgeContext): Promise<Result<z.infer<typeof BulkBody>, Problem>> {
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = BulkBody.safeParse(json.value);
  if (body.success) return ok(body.data);
  const detail = `The body must be {"updates": [{"namespace", "name"}…], "approver"?: string, "reason"?: string} with 1 to ${MAX_BULK} updates; ${describeIssues(body.error)}.`;
  return fail(problem('HW_UNEXPECTED_SHAPE', detail));
}

function commandOf(actor: Actor, { approver, reason }: z.infer<typeof BulkBody>): Command {
  return { identity: actor.nameFor(said(approver)), reason: said(reason) };
}

function distinct(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [`${target.namespace}/${target.name}`, target])).values()];
}

/** E.g. `shop/web-1-26: HTTP 409 Conflict: UpdateRequest is in Completed state, cannot approve`. */
function describe({ namespace, name }: Target, { code, detail }: Problem): string {
  const { status } = PROBLEMS[code];
  return `${namespace}/${name}: HTTP ${status} ${STATUS_CODES[status] ?? ''}: ${detail}`;
}
