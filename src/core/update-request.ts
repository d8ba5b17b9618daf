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

export const CONDITION_TYPES = ['Verified', 'Approved', 'Applied', 'Healthy'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

const Timestamp = z.iso.datetime({ offset: true });

const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: Timestamp,
});
export type Condition = z.infer<typeof Condition>;

const TargetRef = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string(),
});

export const UpdateRequestSpec = z.object({
  targetRef: TargetRef,
  updateType: z.enum(['image', 'helmChart']),
  containerName: z.string().optional(),
  currentImage: z.string(),
  newImage: z.string(),
  policy: z.enum(['none', 'patch', 'minor', 'major', 'all', 'glob', 'force']),
  reason: z.string().optional(),
  requireApproval: z.boolean().default(true),
  expiresAt: Timestamp.optional(),
  newDigest: z.string().optional(),
  rollback: z.boolean().optional(),
  notBefore: Timestamp.optional(),
});
export type UpdateRequestSpec = z.infer<typeof UpdateRequestSpec>;

export const UpdateRequestStatus = z.object({
  phase: z.enum(PHASES).default('Pending'),
  approvedBy: z.string().optional(),
  approvedAt: Timestamp.optional(),
  rejectedBy: z.string().optional(),
  rejectedAt: Timestamp.optional(),
  message: z.string().optional(),
  lastUpdated: Timestamp.optional(),
  createdAt: Timestamp.optional(),
  startedAt: Timestamp.optional(),
  previousImage: z.string().optional(),
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
