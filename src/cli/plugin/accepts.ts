import { settingsOf, type WorkloadSettings } from '../../core/annotations.ts';
import { parseArtifact } from '../../core/artifact-reference.ts';
import { effectiveTag } from '../../core/image-reference.ts';
import { parseVersion } from '../../core/version.ts';
import type { Artifact, Workload } from '../../core/workload.ts';

/** What an artifact would be moved to, in words; the rules themselves are in core/policy.ts. */
export function describeAccepted(workload: Workload, artifact: Artifact): string {
  const { settings, problems } = settingsOf(workload);
  if (problems.length > 0) return 'nothing, until its annotations can be read';
  if (settings.policy === 'none' || settings.eventSource === 'none') return 'nothing';
  const reference = parseArtifact(artifact);
  if (!reference.ok || artifact.release?.obstacle !== undefined) return 'nothing';
  const what = byPolicy(settings, effectiveTag(reference.value));
  return `${what}${digests(settings, artifact)}`;
}

/** What becomes of it, in words. */
export function describeHandling({ kind, annotations }: Pick<Workload, 'kind' | 'annotations'>): string {
  const { settings } = settingsOf({ kind, annotations });
  if (settings.requireApproval) return 'a person approves';
  const seconds = Math.round(settings.minUpdateIntervalMs / 1000);
  const pace = seconds === 0 ? '' : `, at most every ${seconds} s`;
  return `applied at once${pace}${settings.autoRollback ? ', watched and taken back if it fails' : ''}`;
}

function byPolicy(settings: WorkloadSettings, current: string): string {
  const { policy, pattern } = settings;
  const filter = pattern === undefined ? '' : ` that matches ${pattern}`;
  const version = parseVersion(current);
  switch (policy) {
    case 'none':
      return 'nothing';
    case 'force':
      return `any tag${filter} that is pushed`;
    case 'glob':
      return `the newest tag${filter}${version.ok ? ` above ${current}` : ', when it is pushed'}`;
    case 'all':
      return `any tag${filter}${version.ok ? ` above ${current}, and what has no order when` : ', when'} it is pushed`;
    case 'patch':
    case 'minor':
    case 'major':
      return version.ok ? bounded(settings, current) : `nothing: ${current} ${version.error}`;
    default:
      return policy satisfies never;
  }
}

function bounded({ policy, pattern, prerelease }: WorkloadSettings, current: string): string {
  const filter = pattern === undefined ? '' : ` that matches ${pattern}`;
  return `up to a ${policy} change${filter} above ${current}${prerelease ? ', pre-releases too' : ''}`;
}

function digests({ trackDigest }: WorkloadSettings, { type }: Artifact): string {
  return trackDigest && type !== 'chart' ? ', and new digests of the running tag' : '';
}
