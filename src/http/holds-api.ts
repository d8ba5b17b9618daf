import type { StandingHold } from '../core/standing-holds.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { refusedAction, type Access, type Acted, type Actor } from './access.ts';
import { describeIssues } from './api-shapes.ts';
import { canBeNamed, noSuchRequest, said, type Target } from './approval-actions.ts';
import { readOptionalJson } from './body.ts';
import { refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, type Problem } from './problem.ts';
import { HoldsQuery, ReleaseBody, type HoldView, type ReleaseAnswer } from './rollback-shapes.ts';

/** A hold and where it stands. */
export interface PlacedHold extends StandingHold {
  readonly namespace: string;
  readonly kind: string;
  readonly workload: string;
  readonly artifact: string;
}

export type ReleaseOutcome =
  | { readonly kind: 'released' | 'released-before'; readonly request: UpdateRequest }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'conflict'; readonly message: string };

export interface HoldsFilter {
  readonly namespace?: string | undefined;
  /** Which namespaces count; all of them without it. */
  readonly visible?: ((namespace: string) => boolean) | undefined;
}

export interface Holds {
  /** Sorted by namespace and workload. */
  list(filter: HoldsFilter): readonly PlacedHold[];
  release(
    action: Target & { readonly identity: string; readonly reason: string | undefined },
  ): Promise<ReleaseOutcome>;
}

export interface HoldsDependencies {
  readonly holds: Holds;
  readonly access: Access;
  /** Answers with the problem that an expected failure stands for. */
  readonly explained: (c: EdgeContext, run: () => Promise<Response>) => Promise<Response>;
  /** The filter, narrowed to what the caller may see. */
  readonly narrowed: (c: EdgeContext, filter: HoldsFilter) => Promise<Result<HoldsFilter, Problem>>;
}

const ONE = '/api/v1/holds/:namespace/:request';
const MAX_BODY_BYTES = 64 * 1024;

/** `GET /api/v1/holds`, and two ways to lift one: `DELETE /api/v1/holds/{namespace}/{request}` and `POST …/release`. */
export function mountHolds(app: EdgeApp, { holds, access, explained, narrowed }: HoldsDependencies): void {
  app.get('/api/v1/holds', (c) => {
    const query = HoldsQuery.safeParse(c.req.query());
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    return explained(c, async () => {
      const filter = await narrowed(c, query.data);
      if (!filter.ok) return refuse(c, filter.error);
      const found: readonly HoldView[] = holds.list(filter.value);
      return c.json(found);
    });
  });

  const routes = [
    { method: 'DELETE', path: ONE },
    { method: 'POST', path: `${ONE}/release` },
  ] as const;
  for (const route of routes)
    access.action(
      app,
      {
        ...route,
        action: 'release_hold',
        subject: targetOf,
        right: ({ namespace }) => ({ verb: 'rollback', namespace }),
      },
      async (c, actor) => {
        const command = await readCommand(c, actor);
        if (!command.ok) return refusedAction(c, command.error);
        const target = targetOf(c);
        const { identity, reason } = command.value;
        const outcome = canBeNamed(target)
          ? await holds.release({ ...target, identity, reason })
          : ({ kind: 'not-found' } as const);
        return { ...answer(c, target, outcome, identity), username: identity };
      },
    );
}

function targetOf(c: EdgeContext): Target {
  return { namespace: c.req.param('namespace') ?? '', name: c.req.param('request') ?? '' };
}

async function readCommand(
  c: EdgeContext,
  actor: Actor,
): Promise<Result<{ readonly identity: string; readonly reason: string | undefined }, Problem>> {
  const json = await readOptionalJson(c.req.raw, { maxBytes: MAX_BODY_BYTES });
  if (!json.ok) return json;
  const body = ReleaseBody.safeParse(json.value ?? {});
  if (body.success)
    return ok({ identity: actor.nameFor(said(body.data.user)), reason: said(body.data.reason) });
  const detail = `The body may be {"user"?: string, "reason"?: string}; ${describeIssues(body.error)}.`;
  return fail(problem('HW_UNEXPECTED_SHAPE', detail));
}

function answer(c: EdgeContext, target: Target, outcome: ReleaseOutcome, identity: string): Acted {
  if (outcome.kind === 'not-found') return refusedAction(c, noSuchRequest(target));
  if (outcome.kind === 'conflict') return refusedAction(c, problem('HW_NOT_A_HOLD', outcome.message));
  const { metadata, spec } = outcome.request;
  const image = spec.newImage;
  const message =
    outcome.kind === 'released' ? `${image} may be proposed again` : 'The hold was released before';
  const body: ReleaseAnswer = {
    message,
    namespace: metadata.namespace,
    request: metadata.name,
    image,
    user: identity,
  };
  return { response: c.json(body), result: 'success', reason: message, kind: spec.targetRef.kind };
}
