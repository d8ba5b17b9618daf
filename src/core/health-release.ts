import { SETTLE_MS, type Verdict } from './health.ts';
import type { ReleaseRollout } from './rollout.ts';

/**
 * Reasons of a `Ready` that is False for the chart's own sake
 * (https://fluxcd.io/flux/components/helm/helmreleases/#conditions). Others, such as a source that is not there yet, may
 * pass.
 */
const FAILURES: ReadonlySet<string> = new Set([
  'InstallFailed',
  'UpgradeFailed',
  'TestFailed',
  'RollbackSucceeded',
  'RollbackFailed',
  'UninstallSucceeded',
  'UninstallFailed',
  'RetriesExceeded',
  'Stalled',
]);

/** Judges the rollout of a chart: Flux's helm-controller has waited for what is in it, and says how that went. */
export function judgeRelease(rollout: ReleaseRollout, version: string): Verdict {
  const { ready, attemptedVersion, installedVersion } = rollout;
  if (rollout.suspended)
    return {
      health: 'progressing',
      message: 'The release is suspended',
      missing: 1,
      stalled: { reason: 'Suspended', message: 'spec.suspend keeps Flux from installing it' },
    };
  if (!rollout.observed || ready === undefined)
    return { health: 'unseen', message: 'Flux has not seen the update yet' };
  const said = `${ready.reason}: ${ready.message}`.slice(0, 300);
  if (ready.status === 'True' && isVersion(installedVersion ?? attemptedVersion, version))
    return { health: 'healthy', message: said, restarts: 0, settleMs: SETTLE_MS };
  const failed = ready.status === 'False' && FAILURES.has(ready.reason);
  if (failed && (attemptedVersion === undefined || isVersion(attemptedVersion, version)))
    return { health: 'failing', reason: ready.reason, message: said, containers: [] };
  return { health: 'progressing', message: said, missing: 1 };
}

/** Flux appends the digest of charts that an OCIRepository brings: `1.2.3+6f3a0b1c2d4e`. */
function isVersion(told: string | undefined, wanted: string): boolean {
  return told === wanted || told?.startsWith(`${wanted}+`) === true;
}
