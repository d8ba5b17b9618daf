import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../core/at-most.ts';
import pLimit from 'p-limit';
import type { Clock } from '../../core/clock.ts';
import { fail, ok } from '../../core/result.ts';
import type { Authorizer, KnownIdentity, Right } from '../auth.ts';
import { problem, retryAfter, type Problem } from '../problem.ts';

export interface RbacAuthorizerOptions {
  /** Asks the API server whether the user may, within the group `headwind.sh`. Throws where it cannot be asked. */
  readonly review: (question: RbacQuestion) => Promise<boolean>;
  readonly clock: Pick<Clock, 'elapsed'>;
}

export interface RbacQuestion {
  readonly user: Pick<KnownIdentity, 'username' | 'uid' | 'groups' | 'extra'>;
  readonly verb: Right['verb'];
  readonly resource: NonNullable<Right['resource']>;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Verdict {
  readonly atMs: number;
  readonly allowed: Promise<boolean>;
}

const READ_VERBS: readonly Right['verb'][] = ['get', 'list'];
const TTL_MS = 15_000;
const MAX_KEPT = 10_000;
const CONCURRENCY = 16;
const MAX_WAITING = 5000;
const BUSY_RETRY_SECONDS = 1;
const NAME = /^[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?$/;

/**
 * Rights as Kubernetes' RBAC gives them (SubjectAccessReview). Answers about reading are kept for a short while; whether
 * somebody may act is asked each time.
 */
export function createRbacAuthorizer({ review, clock }: RbacAuthorizerOptions): Authorizer {
  const kept = new LRUCache<string, Verdict>(atMost(MAX_KEPT));
  const limit = pLimit(CONCURRENCY);

  const ask = (question: RbacQuestion): Promise<boolean> => limit(() => review(question));

  const askOrRemember = (question: RbacQuestion): Promise<boolean> => {
    const key = createHash('sha256').update(JSON.stringify(question)).digest('base64');
    const known = kept.get(key);
    if (known !== undefined && clock.elapsed() - known.atMs <= TTL_MS) return known.allowed;
    const verdict: Verdict = { atMs: clock.elapsed(), allowed: ask(question) };
    kept.set(key, verdict);
    verdict.allowed.catch(() => {
      if (kept.peek(key) === verdict) kept.delete(key);
    });
    return verdict.allowed;
  };

  return {
    async authorize({ identity, verb, resource = 'updaterequests', namespace, name }) {
      // Nobody is known in mode `none` alone, which asks for no rights.
      if (identity.kind !== 'known') return fail(problem('HW_FORBIDDEN', 'Nobody is signed in.'));
      const right: Right = { verb, resource, namespace, name };
      // Kubernetes holds nothing under such a name, so nobody has a right to it.
      if (!canBeNamed(namespace) || !canBeNamed(name)) return fail(forbidden(identity, right));
      if (limit.pendingCount > MAX_WAITING) return fail(busy());
      const { username, uid, groups, extra } = identity;
      const user = { username, uid, ...(groups && { groups }), ...(extra && { extra }) };
      const question = { user, verb, resource, namespace, name };
      const allowed = await (READ_VERBS.includes(verb) ? askOrRemember(question) : ask(question));
      return allowed ? ok(undefined) : fail(forbidden(identity, right));
    },
  };
}

function canBeNamed(text: string | undefined): boolean {
  return text === undefined || NAME.test(text);
}

function forbidden({ username }: KnownIdentity, { verb, resource, namespace }: Right): Problem {
  const where = namespace === undefined ? 'in all namespaces' : `in the namespace ${namespace.slice(0, 63)}`;
  const detail = `${username.slice(0, 256)} lacks the right to ${verb} ${resource ?? 'updaterequests'}.headwind.sh ${where}.`;
  return problem('HW_FORBIDDEN', detail);
}

function busy(): Problem {
  const detail = 'Too many rights are being asked about; try again.';
  return retryAfter(BUSY_RETRY_SECONDS, problem('HW_BUSY', detail));
}
