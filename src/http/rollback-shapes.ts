import { z } from 'zod';
import { PHASES } from '../core/update-request.ts';
import { KIND_EXPECTED, parseKind } from '../core/workload-kind-name.ts';
import { HoldShape, Namespace } from './api-shapes.ts';

/** The shapes of rollbacks, histories and holds: what the API takes, and what it answers. */

/** One image that a container was given. */
const EntryShape = z.object({
  container: z.string(),
  image: z.string(),
  timestamp: z.string(),
  updateRequestName: z.string().optional(),
  approvedBy: z.string().optional(),
  index: z.int().describe('0 is what the container runs, 1 what it ran before that, and so on'),
});

const ContainerShape = z.object({ container: z.string(), image: z.string().describe('What it runs') });

/** What `GET /api/v1/rollback/{namespace}/{name}` answers. */
export const EntriesView = z.object({
  kind: z.string(),
  containers: z.array(ContainerShape).readonly(),
  entries: z.array(EntryShape).readonly().describe('Newest first'),
});
export type EntriesView = z.infer<typeof EntriesView>;

/** The same in the shape of `…/history`. */
export const HistoryView = z.object({
  deployment: z.string().describe("The workload's name, whatever its kind"),
  namespace: z.string(),
  kind: z.string(),
  containers: z.array(ContainerShape).readonly(),
  history: z.array(EntryShape).readonly().describe('Newest first'),
});
export type HistoryView = z.infer<typeof HistoryView>;

const MAX_USER = 256;
const MAX_TEXT = 1024;
const MAX_INDEX = 1000;

const Kind = z.string().transform((text, context) => {
  const kind = parseKind(text);
  if (kind !== undefined) return kind;
  context.addIssue({ code: 'custom', message: `must be ${KIND_EXPECTED}` });
  return z.NEVER;
});

/** The query of the routes that name a workload. */
export const WorkloadQuery = z.object({
  kind: Kind.optional(),
  container: z.string().max(MAX_TEXT).optional(),
});

/** The body of a rollback. */
export const RollbackBody = z.object({
  container: z
    .string()
    .max(MAX_TEXT)
    .nullish()
    .describe("A container's name, or a chart's; may be left out where there is only one"),
  index: z
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .max(MAX_INDEX, `must be at most ${MAX_INDEX}`)
    .nullish()
    .describe('How many versions back, 1 if neither this nor image is given'),
  image: z.string().min(1).max(MAX_TEXT).nullish().describe('An image of the history, or its tag or digest'),
  user: z.string().max(MAX_USER).nullish().describe('Recorded only where nobody is authenticated'),
  reason: z.string().max(MAX_TEXT).nullish(),
  dryRun: z.boolean().nullish().describe('Whether only to tell what would happen'),
  kind: z.string().nullish().describe(`${KIND_EXPECTED}, where several have the name`),
});
export type RollbackBody = z.infer<typeof RollbackBody>;

/** What a rollback answers. */
export const RollbackAnswer = z.object({
  message: z.string(),
  deployment: z.string().describe("The workload's name, whatever its kind"),
  namespace: z.string(),
  kind: z.string(),
  container: z.string(),
  image: z.string().describe('What the container was given'),
  previousImage: z.string().describe('What it ran before'),
  rolledBackTo: z.string().describe('The same as image'),
  index: z.int(),
  user: z.string().nullable(),
  reason: z.string().nullable(),
  dryRun: z.boolean(),
  updateRequest: z.string().nullable().describe("The rollback's own UpdateRequest; null if it is a dry run"),
  phase: z.enum(PHASES).nullable(),
  takesBack: z.array(z.string()).readonly().describe('UpdateRequests that become RolledBack by it'),
});
export type RollbackAnswer = z.infer<typeof RollbackAnswer>;

/** A hold and where it stands. */
export const HoldView = HoldShape.extend({
  namespace: z.string(),
  kind: z.string(),
  workload: z.string(),
  artifact: z.string(),
});
export type HoldView = z.infer<typeof HoldView>;

/** The query of `GET /api/v1/holds`. */
export const HoldsQuery = z.object({ namespace: Namespace.optional() });

/** The body of a release. */
export const ReleaseBody = z.object({
  user: z.string().max(MAX_USER).nullish().describe('Recorded only where nobody is authenticated'),
  reason: z.string().max(MAX_TEXT).nullish(),
});

/** What releasing a hold answers. */
export const ReleaseAnswer = z.object({
  message: z.string(),
  namespace: z.string(),
  request: z.string(),
  image: z.string().describe('What may be proposed again'),
  user: z.string(),
});
export type ReleaseAnswer = z.infer<typeof ReleaseAnswer>;
