import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { relativeTime } from '../kit/relative-time.ts';

type Decided = Pick<UpdateRow, 'phase' | 'by' | 'updatedAt' | 'workload' | 'message'>;
type Tell = (by: string | undefined, when: string, why: string) => string;

const BY_POLICY = 'policy';

const approved: Tell = (by, when) =>
  by === undefined || by === BY_POLICY
    ? `this was approved by policy ${when}`
    : `${by} approved this ${when}`;
const TEXTS: Readonly<Record<UpdateRow['phase'], Tell>> = {
  Pending: () => 'somebody else changed this at the same moment: look again, then decide',
  Approved: approved,
  Completed: approved,
  Rejected: (by, when, why) => `${by ?? 'somebody'} rejected this ${when}${why}`,
  Failed: (_, when, why) => `this was approved and failed ${when}${why}`,
  Expired: (_, when) => `this expired ${when}`,
  Superseded: (_, when) => `a newer update took its place ${when}`,
  RolledBack: (_, when) => `this was applied and rolled back ${when}`,
};

/** What somebody else did to a request in the meantime, for whoever wanted to decide about it; `nowMs` since the Unix epoch. */
export function conflictText({ phase, by, updatedAt, workload, message }: Decided, nowMs: number): string {
  const when = relativeTime(Date.parse(updatedAt), nowMs);
  const why = message === undefined ? '' : `: ${message}`;
  return `${workload}: ${TEXTS[phase](by, when, why)}.`;
}
