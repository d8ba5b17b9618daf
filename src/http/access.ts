import { matchedRoutes } from 'hono/route';
import { fail, ok, type Result } from '../core/result.ts';
import {
  actorOf,
  permissiveAuthorizer,
  refuseCrossSite,
  type Authenticator,
  type Authorizer,
  type Identity,
  type Right,
} from './auth.ts';
import type { Log } from './dependencies.ts';
import { callerOf, refuse, type EdgeApp, type EdgeContext } from './edge.ts';
import { problem, type Problem } from './problem.ts';
import { visibleNamespaces } from './visible-namespaces.ts';

/** One action for the audit log. Success means that the decision stands, whatever came of applying it. */
export interface AuditEntry {
  readonly username: string;
  /** E.g. `approve`, `bulk_reject`, `rollback`. */
  readonly action: string;
  /** The kind of the workload that it is about, where that is known. */
  readonly resourceType: string;
  readonly namespace: string;
  readonly name: string;
  readonly result: 'success' | 'error';
  readonly reason?: string | undefined;
}

/** What an action is done to, as the audit log names it. */
export interface Subject {
  readonly namespace: string;
  readonly name: string;
  /** The workload's kind where it is known before anything is done; `UpdateRequest` if not. */
  readonly kind?: string | undefined;
}

/** A route that changes something. */
export interface ActionRoute {
  /** `POST` unless told. */
  readonly method?: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** What the audit log calls it. */
  readonly action: string;
  readonly subject: (c: EdgeContext) => Subject;
  /** The right that it needs in the subject's namespace; undefined where the action itself asks for each of its parts. */
  readonly right: ((subject: Subject) => Right) | undefined;
}

/** What an action came to. */
export interface Acted {
  readonly response: Response;
  readonly result: AuditEntry['result'];
  readonly reason?: string | undefined;
  /** The workload's kind, where the action has found it out. */
  readonly kind?: string | undefined;
  /** Whether it has left its own records. */
  readonly audited?: boolean;
}

/** Who acts. */
export interface Actor {
  readonly identity: Identity;
  /** The name to record, here and in the audit log; `claimed`, from the body, counts only in mode `none`. */
  nameFor(claimed: string | undefined): string;
}

export interface AccessDependencies {
  readonly authenticator: Authenticator;
  /** Everybody who is let in may do everything without it. */
  readonly authorizer?: Authorizer | undefined;
  readonly audit: { record(entry: AuditEntry): void };
  /** The problem that an error stands for, or undefined for one that nobody expected. */
  readonly explain?: (error: unknown) => Problem | undefined;
  readonly log: Log;
}

/** The one way for a request to its route: who asks, may they, and what is kept of it. */
export interface Access {
  /** Before all routes: refuses whoever is not known, below `/api/`. */
  guard(app: EdgeApp): void;
  /** The same for pages; with `signIn`, browsers are sent there. */
  guardPage(app: EdgeApp, path: string, signIn?: (c: EdgeContext) => string): void;
  /** A route that changes something. Every call leaves one audit record, also one that is refused. */
  action(app: EdgeApp, route: ActionRoute, run: (c: EdgeContext, actor: Actor) => Promise<Acted>): void;
  /** Whether the caller may; the identity, or the 403 to answer. */
  may(c: EdgeContext, right: Right): Promise<Result<Identity, Problem>>;
  /**
   * Which of these namespaces the caller may see update requests and workloads of; undefined: all there are. Asked for
   * one by one only where the caller may not see them all.
   */
  visible(
    c: EdgeContext,
    namespaces: () => Iterable<string>,
  ): Promise<Result<((namespace: string) => boolean) | undefined, Problem>>;
  readonly audit: { record(entry: AuditEntry): void };
}

const UNKNOWN_KIND = 'UpdateRequest';
const READS = ['GET', 'HEAD', 'OPTIONS'];

/** Access as the authenticator and the authorizer say. */
export function createAccess(dependencies: AccessDependencies): Access {
  const { authenticator, authorizer = permissiveAuthorizer, audit, explain, log } = dependencies;
  // `METHOD /path/:parameter` of each action: they refuse by themselves, since they also keep a record of it.
  const actions = new Set<string>();

  /** Where it cannot be found out who somebody is, or what they may, they are not let in. */
  const settled = async <T>(ask: () => Promise<Result<T, Problem>>): Promise<Result<T, Problem>> => {
    try {
      return await ask();
    } catch (error) {
      const known = explain?.(error);
      if (known === undefined) log.error({ error }, 'access could not be judged');
      else log.warn({ error }, 'access cannot be judged just now');
      return fail(known ?? problem('HW_INTERNAL', 'It could not be told who you are or what you may do.'));
    }
  };

  const identify = async (c: EdgeContext): Promise<Result<Identity, Problem>> => {
    const acts = !READS.includes(c.req.method);
    const sameSite = acts ? refuseCrossSite(c.req.raw.headers) : ok(undefined);
    if (!sameSite.ok) return sameSite;
    return settled(() => authenticator.authenticate({ ...callerOf(c), acts }));
  };

  /** Sets who asks; the problem where that is nobody. */
  const admit = async (c: EdgeContext): Promise<Problem | undefined> => {
    const identity = await identify(c);
    if (!identity.ok) return identity.error;
    c.set('identity', identity.value);
    renew(c, identity.value);
    return undefined;
  };

  const isAction = (c: EdgeContext): boolean =>
    matchedRoutes(c).some(({ method, path }) => actions.has(`${method} ${path}`));

  const may: Access['may'] = async (c, right) => {
    const identity = c.get('identity');
    const answer = await settled(() => authorizer.authorize({ ...right, identity }));
    return answer.ok ? ok(identity) : answer;
  };

  /** An action's own failure is an answer too, so that it is recorded. */
  const attempt = async (c: EdgeContext, route: ActionRoute, run: () => Promise<Acted>): Promise<Acted> => {
    try {
      return await run();
    } catch (error) {
      const { namespace, name } = route.subject(c);
      const known = explain?.(error);
      const fields = { error, action: route.action, namespace, name };
      if (known === undefined) log.error(fields, 'action failed');
      else log.warn(fields, 'action could not be carried out');
      const detail = `The ${route.action} failed inside; the log of Headwind says why.`;
      return refusedAction(c, known ?? problem('HW_INTERNAL', detail));
    }
  };

  return {
    audit,
    may,
    guard(app) {
      app.use('/api/*', async (c, next) => {
        const refused = await admit(c);
        if (refused === undefined) return next();
        if (!isAction(c)) return refuse(c, refused);
        c.set('refused', refused);
        return next();
      });
    },
    guardPage(app, path, signIn) {
      app.get(path, async (c, next) => {
        const refused = await admit(c);
        if (refused === undefined) return next();
        const canSignIn = refused.code === 'HW_UNAUTHENTICATED' && signIn !== undefined;
        const isBrowser = (c.req.header('accept') ?? '').includes('text/html');
        return canSignIn && isBrowser ? c.redirect(signIn(c), 303) : refuse(c, refused);
      });
    },
    action(app, route, run) {
      const method = route.method ?? 'POST';
      actions.add(`${method} ${route.path}`);
      app.on(method, route.path, async (c) => {
        const subject = route.subject(c);
        const refused = c.get('refused') ?? (await lacking(c, route.right?.(subject), may));
        let username = nameOf(c);
        const actor = (): Actor => {
          const identity = c.get('identity');
          return { identity, nameFor: (claimed) => (username = actorOf(identity, claimed)) };
        };
        const acted =
          refused === undefined ? await attempt(c, route, () => run(c, actor())) : refusedAction(c, refused);
        if (acted.audited !== true)
          audit.record({
            username,
            action: route.action,
            resourceType: acted.kind ?? subject.kind ?? UNKNOWN_KIND,
            namespace: subject.namespace,
            name: subject.name,
            result: acted.result,
            reason: acted.reason,
          });
        return acted.response;
      });
    },
    async visible(c, namespaces) {
      const seen = await visibleNamespaces((right) => may(c, right), namespaces);
      if (!seen.ok) return seen;
      const { value } = seen;
      return ok(value === undefined ? undefined : (namespace: string) => value.has(namespace));
    },
  };
}

/** An action that is answered with a problem. */
export function refusedAction(c: EdgeContext, refused: Problem): Acted {
  return { response: refuse(c, refused), result: 'error', reason: refused.detail };
}

async function lacking(
  c: EdgeContext,
  right: Right | undefined,
  may: Access['may'],
): Promise<Problem | undefined> {
  if (right === undefined) return undefined;
  const answer = await may(c, right);
  return answer.ok ? undefined : answer.error;
}

/** Who acts, as far as that is known at all. */
function nameOf(c: EdgeContext): string {
  const identity: Identity | undefined = c.get('identity');
  return actorOf(identity ?? { kind: 'anonymous' }, undefined);
}

function renew(c: EdgeContext, identity: Identity): void {
  if (identity.kind === 'known' && identity.session?.renewal !== undefined)
    c.header('set-cookie', identity.session.renewal, { append: true });
}
