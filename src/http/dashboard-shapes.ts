import { z } from 'zod';
import { PHASES } from '../core/update-request.ts';
import { BlockerShape } from './api-shapes.ts';

/** The shapes of what the dashboard reads; the page takes its types from here. */

const VersionSideShape = z.object({ version: z.string(), digest: z.string().optional() });

/** What an update changes, for people. */
const ChangeShape = z.object({
  kind: z.enum(['major', 'minor', 'patch', 'prerelease', 'build', 'digest', 'downgrade', 'unordered']),
  name: z.string().describe('The image without its version, or the chart'),
  from: VersionSideShape,
  to: VersionSideShape,
});

/** One request as a row of the list: as little as the row shows. */
export const UpdateRowShape = z.object({
  namespace: z.string(),
  name: z.string(),
  kind: z.string(),
  workload: z.string(),
  artifact: z.string(),
  change: ChangeShape,
  policy: z.string(),
  phase: z.enum(PHASES),
  rollback: z.boolean(),
  verified: z.boolean(),
  health: z.enum(['True', 'False', 'Unknown']).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  expiresAt: z.string().optional(),
  by: z.string().optional().describe('Who approved or rejected it'),
  message: z.string().optional(),
  registryPage: z
    .string()
    .optional()
    .describe("The registry's page about the new version, where it is known"),
  waitsFor: z.array(BlockerShape).readonly().describe('What an open request waits for'),
});
export type UpdateRow = Readonly<z.infer<typeof UpdateRowShape>>;

/** What the list offers to narrow it by: all values that there are. */
const FacetsShape = z.object({
  namespaces: z.array(z.string()).readonly(),
  kinds: z.array(z.string()).readonly(),
  policies: z.array(z.string()).readonly(),
});

/** What a list is a list of. */
export const ViewpointShape = z.object({
  synced: z.boolean().describe('Whether all that there is in the cluster is known yet'),
  partial: z.boolean().describe('Whether only some namespaces count, since the caller may not see them all'),
});
export type Viewpoint = z.infer<typeof ViewpointShape>;

export const UpdateListShape = z.object({
  rows: z.array(UpdateRowShape).readonly(),
  total: z.int().describe('How many there are under the filter'),
  page: z.int(),
  size: z.int(),
  phases: z
    .record(z.enum(PHASES), z.int())
    .describe('How many there are in each phase, whatever the filter says'),
  facets: FacetsShape,
  ...ViewpointShape.shape,
});
export type UpdateList = Readonly<z.infer<typeof UpdateListShape>>;

/** The promised 20 on a page, unless somebody asks for others. */
export const PAGE_SIZE = 20;
export const MAX_PAGE_SIZE = 500;
export const SORTS = ['-created', 'created', 'namespace', 'resource', '-updated'] as const;

export const listOf = (): z.ZodType<readonly string[] | undefined> =>
  z
    .string()
    .max(4096)
    .transform((text) => text.split(',').filter((part) => part !== ''))
    .transform((parts) => (parts.length === 0 ? undefined : parts))
    .optional();

/** The query of the list; several values of one filter stand with commas between them. */
export const UpdateListQuery = z.object({
  q: z.string().max(256).optional(),
  namespace: listOf(),
  kind: listOf(),
  policy: listOf(),
  phase: listOf().pipe(z.array(z.enum(PHASES)).optional()),
  sort: z.enum(SORTS).default('-created'),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  size: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(PAGE_SIZE),
});
export type UpdateListQuery = z.infer<typeof UpdateListQuery>;

/** What one can act on under a filter. */
export const SelectionShape = z.object({
  updates: z
    .array(z.object({ namespace: z.string(), name: z.string() }))
    .readonly()
    .describe('All that are Pending'),
  majors: z.int().describe('How many of them change the major version, or go down'),
});
export type Selection = Readonly<z.infer<typeof SelectionShape>>;

const StoryEventShape = z.object({
  at: z.string(),
  what: z.enum([
    'proposed',
    'verified',
    'unverified',
    'approved',
    'waits',
    'applied',
    'healthy',
    'unhealthy',
    'watched',
    'ended',
  ]),
  title: z.string(),
  detail: z.string().optional(),
});

/** All about one request. */
export const UpdateDetailShape = z.object({
  row: UpdateRowShape,
  story: z.array(StoryEventShape).readonly(),
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.string(),
        reason: z.string(),
        message: z.string(),
        lastTransitionTime: z.string(),
      }),
    )
    .readonly(),
  reason: z.string().optional(),
  currentImage: z.string(),
  newImage: z.string(),
  others: z
    .array(UpdateRowShape)
    .readonly()
    .describe('The other requests of the same artifact, newest first'),
  yaml: z.string(),
});
export type UpdateDetail = Readonly<z.infer<typeof UpdateDetailShape>>;
