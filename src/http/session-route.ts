import { SessionQuery, describeIssues, type SessionView } from './api-shapes.ts';
import type { Access } from './access.ts';
import { actorOf, type Right } from './auth.ts';
import { refuse, type EdgeApp } from './edge.ts';
import { problem } from './problem.ts';

const RIGHTS: Readonly<Record<keyof SessionView['may'], Pick<Right, 'verb' | 'resource'>>> = {
  list: { verb: 'list' },
  approve: { verb: 'approve' },
  reject: { verb: 'reject' },
  rollback: { verb: 'rollback' },
  pause: { verb: 'pause' },
  readSettings: { verb: 'get', resource: 'settings' },
  changeSettings: { verb: 'update', resource: 'settings' },
};

export interface SessionRouteOptions {
  readonly access: Access;
  readonly mode: string;
  /** Where Headwind's settings are, as far as rights go. */
  readonly ownNamespace: string;
}

/** `GET /api/v1/session`: who asks, and what they may do in a namespace (`?namespace=`), or in all of them. */
export function mountSession(app: EdgeApp, { access, mode, ownNamespace }: SessionRouteOptions): void {
  app.get('/api/v1/session', async (c) => {
    const query = SessionQuery.safeParse(c.req.query());
    if (!query.success) return refuse(c, problem('HW_BAD_QUERY', `${describeIssues(query.error)}.`));
    const answers = await Promise.all(
      Object.entries(RIGHTS).map(async ([name, right]) => {
        const namespace = right.resource === 'settings' ? ownNamespace : query.data.namespace;
        return { name, answer: await access.may(c, { ...right, namespace }) };
      }),
    );
    for (const { answer } of answers)
      if (!answer.ok && answer.error.code !== 'HW_FORBIDDEN') return refuse(c, answer.error);
    const may = Object.fromEntries(answers.map(({ name, answer }) => [name, answer.ok]));
    const identity = c.get('identity');
    const session = identity.kind === 'known' ? identity.session : undefined;
    return c.json({
      username: actorOf(identity, undefined),
      mode,
      ...(session !== undefined && {
        csrfToken: session.csrfToken,
        expiresAt: new Date(session.expiresAtMs).toISOString(),
      }),
      may,
    });
  });
}
