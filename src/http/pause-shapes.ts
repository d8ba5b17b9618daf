import { z } from 'zod';
import { KIND_EXPECTED, parseKind } from '../core/workload-kind-name.ts';

/** The shapes of pausing a workload and letting it go on: what the API takes, and what it answers. */

const MAX_USER = 256;
const MAX_REASON = 1024;

/** The kind in a path, as kubectl knows it too. */
export const KindInPath = z.string().transform((text, context) => {
  const kind = parseKind(text);
  if (kind !== undefined) return kind;
  context.addIssue({ code: 'custom', message: `the kind must be ${KIND_EXPECTED}` });
  return z.NEVER;
});

export const PauseBody = z.object({
  user: z.string().max(MAX_USER).nullish().describe('Recorded only where nobody is authenticated'),
  reason: z.string().max(MAX_REASON).nullish(),
});

export const PauseAnswer = z.object({
  message: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  paused: z.boolean(),
  user: z.string(),
});
export type PauseAnswer = z.infer<typeof PauseAnswer>;
