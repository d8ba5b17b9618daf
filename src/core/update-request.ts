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

export const CONDITION_TYPES = ['Verified', 'Approved', 'Applied', 'Healthy'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const Timestamp = z.iso.datetime({ offset: true });

const Condition = z.object({
  type: z.string().describe('Verified, Approved, Applied or Healthy.'),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string().describe('One word for machines.'),
  message: z.string().describe('One sentence for people.'),
  lastTransitionTime: Timestamp,
});
export type Condition = z.infer<typeof Condition>;

const TargetRef = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().describe('Must be the namespace of the request itself.'),
});

export const UpdateRequestSpec = z.object({
  targetRef: TargetRef.describe('The workload to update.'),
  updateType: z.enum(['image', 'helmChart']),
  containerName: z.string().optional().describe('The container or init container whose image changes.'),
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
  notBefore: Timestamp.optional().describe('An update approved by policy is not applied earlier.'),
});
export type UpdateRequestSpec = z.infer<typeof UpdateRequestSpec>;

export const UpdateRequestStatus = z.object({
  phase: z.enum(PHASES).default('Pending'),
  approvedBy: z.string().optional().describe('Who approved; "policy" where no approval is required.'),
  approvedAt: Timestamp.optional(),
  rejectedBy: z.string().optional(),
  rejectedAt: Timestamp.optional(),
  message: z.string().optional(),
  lastUpdated: Timestamp.optional(),
  createdAt: Timestamp.optional(),
  startedAt: Timestamp.optional().describe('When the workload was patched.'),
  previousImage: z.string().optional().describe('What ran before, exactly as written.'),
  conditions: z.array(Condition).optional(),
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
