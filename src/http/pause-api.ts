import { fail, ok, type Result } from '../core/result.ts';
import type { WorkloadKind } from '../core/workload.ts';
import { refusedAction, type Access, type Acted, type Actor } from './access.ts';
import { describeIssues } from './api-shapes.ts';
import { canBeNamed, said, targetOf, type Target } from './approval-actions.ts';
import { readOptionalJson } from './body.ts';
import type { EdgeApp, EdgeContext } from './edge.ts';
import { KindInPath, PauseBody, type PauseAnswer } from './pause-shapes.ts';
import { problem, type Problem } from './problem.ts';

export type PauseOutcome =
  | { readonly kind: 'changed' | 'unchanged' | 'no-workload' }
  | { readonly kind: 'conflict' | 'refused'; readonly message: string };

export interface Pauses {
  set(command: {
    readonly workload: Target & { readonly kind: WorkloadKind };
    readonly paused: boolean;
    readonly identity: string;
    readonly reason: string | undefined;
  }): Promise<PauseOutcome>;
}

type Command = Parameters<Pauses['set']>[0];

const MAX_BODY_BYTES = 64 * 1024;
const VERBS = [
  { verb: 'pause', paused: true },
  { verb: 'resume', paused: false },
] as const;

/** `POST /api/v1/workloads/{kind}/{namespace}/{name}/pause` and `/resume`: whether anything is updated there. */
export function mountPauses(
  app: EdgeApp,
  { pauses, access }: { readonly pauses: Pauses; readonly access: Access },
): void {
  for (const { verb, paused } of VERBS)
    access.action(
      app,
      {
        path: `/api/v1/workloads/:kind/:namespace/:name/${verb}`,
        action: verb,
        subject: (c) => ({ ...targetOf(c), kind: KindInPath.safeParse(c.req.param('kind')).data }),
        // Whoever may freeze a workload may also let it go on.
        right: ({ namespace }) => ({ verb: 'pause', namespace }),
      },
      async (c, actor) => {
        const command = await readCommand(c, actor, paused);
        if (!command.ok) return refusedAction(c, command.error);
        const { workload } = command.value;
        const outcome = canBeNamed(workload)
          ? await pauses.set(command.value)
          : ({ kind: 'no-workload' } as const);
        return answer(c, command.value, outcome);
      },
    );
}

async function readCommand(c: EdgeContext, actor: Actor, paused: boolean): Promise<Result<Command, Problem>> {
  const kind = KindInPath.safeParse(c.req.param('kind'));
  if (!kind.success) return fail(problem('HW_WORKLOAD_NOT_FOUND', `${describeIssues(kind.error)}.`));
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = PauseBody.safeParse(json.value ?? {});
  if (!body.success) {
    const detail = `The body may be {"user"?: string, "reason"?: string}; ${describeIssues(body.error)}.`;
    return fail(problem('HW_UNEXPECTED_SHAPE', detail));
  }
  const { user, reason } = body.data;
  const workload = { ...targetOf(c), kind: kind.data };
  return ok({ workload, paused, identity: actor.nameFor(said(user)), reason: said(reason) });
}

function answer(
  c: EdgeContext,
  { workload, paused, identity, reason }: Command,
  outcome: PauseOutcome,
): Acted {
  const { kind, namespace, name } = workload;
  switch (outcome.kind) {
    case 'no-workload': {
      const shown = `${kind} ${namespace}/${name}`.slice(0, 512);
      const detail = `There is no ${shown} that carries headwind.sh/policy.`;
      return refusedAction(c, problem('HW_WORKLOAD_NOT_FOUND', detail));
    }
    case 'conflict':
      return refusedAction(c, problem('HW_WORKLOAD_BUSY', outcome.message));
    case 'refused':
      return refusedAction(
        c,
        problem('HW_PATCH_REFUSED', `Kubernetes refuses the change: ${outcome.message}`),
      );
    case 'changed':
    case 'unchanged': {
      const done = paused ? 'paused' : 'not paused';
      const message =
        outcome.kind === 'changed' ? `The workload is ${done} now` : `The workload was ${done} before`;
      const body: PauseAnswer = { message, kind, namespace, name, paused, user: identity };
      return { response: c.json(body), result: 'success', reason: reason ?? message };
    }
    default:
      return outcome satisfies never;
  }
}
