import { toTimestamp, type Clock } from '../core/clock.ts';
import { AUDIT_TARGET } from '../core/log-filter.ts';
import type { LogRoot } from './log.ts';

/** Somebody did something, or tried to. */
export interface AuditEntry {
  /** The authenticated identity, or who they said they are where nobody asks for proof. */
  readonly username: string;
  /** E.g. `approve`, `bulk_reject`, `rollback`. */
  readonly action: string;
  /** The kind of the workload that it is about; `UpdateRequest` where that is not known. */
  readonly resourceType: string;
  readonly namespace: string;
  readonly name: string;
  readonly result: 'success' | 'error';
  /** Why it failed, or why it was done. */
  readonly reason?: string | undefined;
}

export interface Audit {
  record(entry: AuditEntry): void;
}

/** Writes one structured record per action, target `headwind::audit`, whatever the log's general level is. */
export function createAudit(logRoot: LogRoot, clock: Pick<Clock, 'now'>): Audit {
  const log = logRoot.target(AUDIT_TARGET);
  return {
    record: ({ username, action, resourceType, namespace, name, result, reason }) => {
      const timestamp = toTimestamp(clock.now());
      log.info(
        { timestamp, username, action, resource_type: resourceType, namespace, name, result, reason },
        'Audit log entry',
      );
    },
  };
}
