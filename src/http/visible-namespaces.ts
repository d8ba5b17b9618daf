import { fail, ok, type Result } from '../core/result.ts';
import type { Right } from './auth.ts';
import { problem, type Problem } from './problem.ts';

/** What is asked about in one listing; more namespaces than that take a role that sees all. */
const MAX_NAMESPACES = 500;

/**
 * Which of these namespaces somebody may see update requests and workloads of; undefined: all there are. Asked for one by
 * one only where they may not see them all.
 */
export async function visibleNamespaces(
  may: (right: Right) => Promise<Result<unknown, Problem>>,
  namespaces: () => Iterable<string>,
): Promise<Result<ReadonlySet<string> | undefined, Problem>> {
  const all = await may({ verb: 'list', namespace: undefined });
  if (all.ok) return ok(undefined);
  if (all.error.code !== 'HW_FORBIDDEN') return all;
  const asked = [...new Set(namespaces())];
  if (asked.length > MAX_NAMESPACES) {
    const detail = `There are more than ${MAX_NAMESPACES} namespaces: name one, or ask for the right to list update requests in all of them.`;
    return fail(problem('HW_FORBIDDEN', detail));
  }
  const answers = await Promise.all(
    asked.map(async (namespace) => ({ namespace, answer: await may({ verb: 'list', namespace }) })),
  );
  const seen = new Set<string>();
  for (const { namespace, answer } of answers) {
    if (answer.ok) seen.add(namespace);
    else if (answer.error.code !== 'HW_FORBIDDEN') return answer;
  }
  return ok(seen);
}
