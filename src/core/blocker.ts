/** Why an artifact stays or waits. The code is metric label, condition reason, audit code and UI text alike. */
export const BLOCKER_CODES = [
  'invalid-annotation',
  'invalid-image',
  'not-selected',
  'policy-none',
  'paused',
  'suspended',
  'event-source',
  'up-to-date',
  'current-unversioned',
  'flux-owns-range',
  'chart-source',
  'policy',
  'pattern',
  'tag-missing',
  'registry',
  'registry-auth',
  'tag-budget',
  'platform',
  'held',
  'min-update-interval',
  'not-before',
  'awaiting-approval',
  'newer-request',
  'cluster',
] as const;

export type BlockerCode = (typeof BLOCKER_CODES)[number];

export interface Blocker {
  readonly code: BlockerCode;
  /** One sentence for a person. */
  readonly message: string;
  /** RFC 3339, when it is known when the blocker lifts by itself. */
  readonly liftsAt?: string;
}
