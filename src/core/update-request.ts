import { z } from 'zod';

/** The durable record of one update of one artifact: custom resource `updaterequests.headwind.sh/v1alpha1`. */
export const GROUP = 'headwind.sh';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'UpdateRequest';
export const PLURAL = 'updaterequests';

export const PHASES = [
  'Pending',
  'Approved',
  'Rejected',
  'Completed',
  'Failed',
  'Expired',
  'Superseded',
  'RolledBack',
] as const;
export type Phase = (typeof PHASES)[number];

/** The approver that stands in a request which no person had to approve. */
export const APPROVED_BY_POLICY = 'policy';
/** The approver that stands in a rollback which Headwind itself found necessary. */
export const APPROVED_BY_AUTO_ROLLBACK = 'headwind-auto-rollback';

export const CONDITION_TYPES = ['Verified', 'Approved', 'Applied', 'Healthy'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const Timestamp = z.iso.datetime({ offset: true });

const Condition = z.object({
  type: z.string().describe('Verified, Approved, Applied or Healthy.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().describe('One word for machines.'),
  message: z.string().describe('One sentence for people.'),
  lastTransitionTime: Timestamp.describe('When the status last changed.'),
});
export type Condition = z.infer<typeof Condition>;

// Any event may stand here: a request that a later version wrote must not become unreadable by it.
const Notice = z.object({
  event: z.string().describe('What there is to tell, such as update_completed.'),
  at: Timestamp.describe('When it happened.'),
  owed: z.array(z.string()).optional().describe('Targets that are still to be told, by id.'),
  sent: z.array(z.string()).optional().describe('Targets that have been told.'),
  dropped: z
    .array(z.string())
    .optional()
    .describe('Targets that will not be told: gone from the configuration, or given up.'),
});
export type Notice = z.infer<typeof Notice>;

/** How many requests one rollback takes back at most: no more than the history of a container has entries. */
export const MAX_UNDONE = 10;

export const WATCH_OUTCOMES = ['Healthy', 'Unknown', 'HandsOff', 'RollingBack', 'Unhealthy'] as const;
/**
 * How the watch over an applied update ended. `Unknown`: nothing could be found out, or nothing is worse than before.
 * `HandsOff`: somebody else has taken over. `Unhealthy`: it failed and stays, since going back would not help, or could
 * not be done.
 */
export type WatchOutcome = (typeof WATCH_OUTCOMES)[number];

const Baseline = z.object({
  at: Timestamp.describe('When this was looked at, just before the patch.'),
  healthy: z
    .boolean()
    .describe('Whether the workload was healthy; where it was not, a failure is no reason to roll back.'),
  message: z.string().describe('One sentence for people.'),
  missing: z.number().int().min(0).describe('How many of the wanted pods were not ready.'),
  restarts: z
    .record(z.string(), z.number().int().min(0))
    .optional()
    .describe('Restarts so far, by pod uid and container: those of long ago do not count.'),
});
export type Baseline = z.infer<typeof Baseline>;

const Verification = z.object({
  restoreImage: z.string().describe('What a rollback restores: the last version that was not found wanting.'),
  baseline: Baseline.describe('How the workload was before the patch.'),
  failedChecks: z.number().int().min(0).describe('Consecutive bad checks so far.'),
  lastFailedAt: Timestamp.optional().describe('When the last bad check was counted.'),
  revision: z.string().optional().describe('The revision of the pods that are judged.'),
  revisionOf: z
    .string()
    .optional()
    .describe('The value of headwind.sh/last-update that the revision belongs to.'),
  outcome: z.enum(WATCH_OUTCOMES).optional().describe('How the watch ended; absent while it lasts.'),
  endedAt: Timestamp.optional().describe('When the watch ended.'),
});
export type Verification = z.infer<typeof Verification>;

const TargetRef = z.object({
  apiVersion: z.string().describe('Its API version, such as apps/v1.'),
  kind: z.string().describe('Its kind, such as Deployment.'),
  name: z.string().describe('Its name.'),
  namespace: z.string().describe('Must be the namespace of the request itself.'),
});

export const UpdateRequestSpec = z.object({
  targetRef: TargetRef.describe('The workload to update.'),
  updateType: z
    .enum(['image', 'helmChart'])
    .describe('What changes: the image of a container, or the version of a chart.'),
  containerName: z
    .string()
    .optional()
    .describe('The container or init container whose image changes, or the chart.'),
  currentImage: z
    .string()
    .describe('What the artifact runs when the request is made; <chart>:<version> for a chart.'),
  newImage: z.string().describe('What it shall run, in the spelling of currentImage.'),
  policy: z
    .enum(['none', 'patch', 'minor', 'major', 'all', 'glob', 'force'])
    .describe('The policy that admitted it.'),
  reason: z.string().optional().describe('Why the update is proposed.'),
  requireApproval: z.boolean().default(true).describe('Whether a person has to approve.'),
  expiresAt: Timestamp.optional().describe('When a pending request expires; absent: never.'),
  newDigest: z.string().optional().describe('The digest that the registry confirmed; absent: not verified.'),
  rollback: z.boolean().optional().describe('Whether this takes a version back.'),
  undoes: z
    .array(z.string())
    .max(MAX_UNDONE)
    .optional()
    .describe('The requests that a rollback takes back: they become RolledBack when it is applied.'),
  notBefore: Timestamp.optional().describe('An update approved by policy is not applied earlier.'),
});
export type UpdateRequestSpec = z.infer<typeof UpdateRequestSpec>;

export const UpdateRequestStatus = z.object({
  phase: z.enum(PHASES).default('Pending').describe('Where the request stands.'),
  announced: z
    .enum(PHASES)
    .optional()
    .describe('The phase that Headwind told of last; what is written past it is told when the two differ.'),
  approvedBy: z.string().optional().describe('Who approved; "policy" where no approval is required.'),
  approvedAt: Timestamp.optional().describe('When it was approved.'),
  rejectedBy: z.string().optional().describe('Who rejected.'),
  rejectedAt: Timestamp.optional().describe('When it was rejected.'),
  message: z.string().optional().describe('What happened, in one sentence for people.'),
  lastUpdated: Timestamp.optional().describe('When this status was last written.'),
  createdAt: Timestamp.optional().describe('When the request was made.'),
  startedAt: Timestamp.optional().describe('When the workload was patched.'),
  previousImage: z.string().optional().describe('What ran before, exactly as written.'),
  conditions: z
    .array(Condition)
    .optional()
    .describe('How far it has come: Verified, Approved, Applied, Healthy.'),
  verification: Verification.optional().describe(
    'The watch over the rollout; absent where headwind.sh/auto-rollback is not "true".',
  ),
  notifications: z
    .array(Notice)
    .optional()
    .describe('Who is to be told of what, and who has been; absent where nobody is.'),
});
export type UpdateRequestStatus = z.infer<typeof UpdateRequestStatus>;

const OwnerReference = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
});

const Metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  creationTimestamp: Timestamp,
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  ownerReferences: z.array(OwnerReference).optional(),
});

/** As the API server answers it; unknown fields (managedFields and the like) are dropped. */
export const UpdateRequest = z.object({
  apiVersion: z.string().default(API_VERSION),
  kind: z.string().default(KIND),
  metadata: Metadata,
  spec: UpdateRequestSpec,
  status: UpdateRequestStatus.default({ phase: 'Pending' }),
});
export type UpdateRequest = z.infer<typeof UpdateRequest>;

/** `namespace/name`: how a request is named in queues, logs and routes. */
export function requestKey(request: {
  readonly metadata: { readonly namespace: string; readonly name: string };
}): string {
  return `${request.metadata.namespace}/${request.metadata.name}`;
}
