/** Where all workloads of a scene are. */
export const NAMESPACE = 'shop';
/** Of the Lease, in seconds: as short as they can be, so that a leader that is gone costs a run little time. */
export const LEASE_SECONDS = { duration: 3, renewDeadline: 2, retryPeriod: 1 };
export const POLLING_INTERVAL_SECONDS = 1;
