/** Where all workloads of a scene are. */
export const NAMESPACE = 'shop';
/**
 * Of the Lease, in seconds: short, so that a leader that is gone costs a run little time, and long enough that a busy
 * machine does not lose the lead at every second look.
 */
export const LEASE_SECONDS = { duration: 4, renewDeadline: 3, retryPeriod: 1 };
export const POLLING_INTERVAL_SECONDS = 1;
