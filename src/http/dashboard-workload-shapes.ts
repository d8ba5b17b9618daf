import { z } from 'zod';
import { WORKLOAD_STATES } from '../core/workload-state.ts';
import { BlockerShape, HoldShape } from './api-shapes.ts';
import { listOf, MAX_PAGE_SIZE, PAGE_SIZE, UpdateRowShape, ViewpointShape } from './dashboard-shapes.ts';

/** The shapes of what the dashboard reads about workloads; the page takes its types from here. */

const DecisionShape = z.object({
  at: z.string(),
  action: z.enum(['update', 'stay']),
  candidate: z.string(),
  verified: z.boolean(),
  reason: z.string(),
});

const ArtifactRowShape = z.object({
  name: z.string(),
  type: z.enum(['container', 'initContainer', 'chart']),
  image: z.string().describe('Without its version; all of it where it cannot be read'),
  version: z.string(),
  digest: z.string().optional(),
  running: z.string().optional().describe('The version of a chart that runs, where another one is set'),
  decision: DecisionShape.optional(),
  blockers: z.array(BlockerShape).readonly().describe('Why it does not update now'),
  openRequest: z.string().optional(),
  held: z.int().describe('How many versions are held back'),
});

/** One workload as a row of the list. */
export const WorkloadRowShape = z.object({
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  policy: z.string(),
  paused: z.boolean(),
  state: z.enum(WORKLOAD_STATES),
  updatedAt: z.string().optional().describe('When Headwind changed it last'),
  artifacts: z.array(ArtifactRowShape).readonly(),
});
export type WorkloadRow = Readonly<z.infer<typeof WorkloadRowShape>>;

export const WorkloadListShape = z.object({
  rows: z.array(WorkloadRowShape).readonly(),
  total: z.int().describe('How many there are under the filter'),
  page: z.int(),
  size: z.int(),
  states: z
    .record(z.enum(WORKLOAD_STATES), z.int())
    .describe('How many there are in each state, whatever the filter says'),
  facets: z.object({
    namespaces: z.array(z.string()).readonly(),
    kinds: z.array(z.string()).readonly(),
    policies: z.array(z.string()).readonly(),
  }),
  ...ViewpointShape.shape,
});
export type WorkloadList = Readonly<z.infer<typeof WorkloadListShape>>;

export const WORKLOAD_SORTS = ['namespace', 'name', 'state', '-updated'] as const;

/** The query of the list; several values of one filter stand with commas between them. */
export const WorkloadListQuery = z.object({
  q: z.string().max(256).optional(),
  namespace: listOf(),
  kind: listOf(),
  policy: listOf(),
  state: listOf().pipe(z.array(z.enum(WORKLOAD_STATES)).optional()),
  sort: z.enum(WORKLOAD_SORTS).default('namespace'),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(PAGE_SIZE),
});
export type WorkloadListQuery = z.infer<typeof WorkloadListQuery>;

const HistoryEntryShape = z.object({
  container: z.string(),
  index: z.int().describe('0 is what runs, 1 what ran before that, and so on'),
  image: z.string(),
  version: z.string(),
  digest: z.string().optional(),
  timestamp: z.string(),
  updateRequestName: z.string().optional(),
  approvedBy: z.string().optional(),
});

/** What its annotations say, as Headwind understands them. */
const SettingsShape = z.object({
  pattern: z.string().optional(),
  requireApproval: z.boolean(),
  eventSource: z.string(),
  minUpdateIntervalMs: z.number(),
  images: z.array(z.string()).readonly(),
  autoRollback: z.boolean(),
  prerelease: z.boolean(),
  trackDigest: z.boolean(),
});

/** All about one workload. */
export const WorkloadDetailShape = z.object({
  row: WorkloadRowShape,
  settings: SettingsShape,
  artifacts: z
    .array(
      z.object({
        name: z.string(),
        reference: z.string().describe('As written'),
        registryPage: z.string().optional(),
        holds: z.array(HoldShape).readonly(),
      }),
    )
    .readonly()
    .describe('What there is to say of each beyond its row'),
  history: z
    .array(HistoryEntryShape)
    .readonly()
    .optional()
    .describe('Newest first; absent where it cannot be read'),
  historyProblem: z.string().optional().describe('Why the history cannot be read'),
  requests: z.array(UpdateRowShape).readonly().describe('Newest first'),
});
export type WorkloadDetail = Readonly<z.infer<typeof WorkloadDetailShape>>;
