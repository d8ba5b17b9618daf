import type { Blocker } from './blocker.ts';
import { compareForPolicy } from './policy.ts';

/** One exact version, as Helm writes it (https://semver.org); everything else Flux reads as a range. */
const EXACT = /^v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;
/** Flux marks which bytes of a tag it took: `6.5.4+b2cb6e0a9f63`. */
const TAKEN_DIGEST = /\+[0-9a-f]{12}$/;
const MAX_SHOWN_LENGTH = 100;

/** Whether `version` is one version, and not a range such as `1.x`, `>=1.0 <2`, `1.2` or `*` that Flux moves within. */
export function isExactVersion(version: string): boolean {
  return EXACT.test(version);
}

/** The range is Flux's business: it moves the release by itself. `field` is where the range is written. */
export function fluxOwnsRange(field: string, range: string, running: string | undefined): Blocker {
  const written = range === '' ? `${field} is not set, which is any version` : `${field} is ${shown(range)}`;
  const now = running === undefined ? '' : `; ${shown(running)} runs now`;
  return {
    code: 'flux-owns-range',
    message: `${written}: Flux itself moves the release within that range${now}. One exact version there lets Headwind move it`,
  };
}

/** Why the versions of a chart cannot be had, or none of them set. */
export function chartSourceBlocker(message: string): Blocker {
  return { code: 'chart-source', message };
}

/** `spec.suspend`: lifts only by hand, like a pause. */
export function suspendedBlocker(): Blocker {
  return { code: 'suspended', message: 'spec.suspend is true: Flux leaves the release as it is' };
}

/** The version that stands for a tag of an OCI registry, which cannot hold a `+`: `1.2.3_b5` is `1.2.3+b5`. */
export function versionOfTag(tag: string): string {
  return tag.replaceAll('_', '+');
}

/** The tag under which a registry holds a version of a chart. */
export function tagOfVersion(version: string): string {
  return version.replaceAll('+', '_');
}

/** Names a request in the object that it set a version in, so that a half-done application is recognised. */
export function applicationId({
  metadata,
}: {
  readonly metadata: { readonly name: string; readonly uid: string };
}): string {
  return `${metadata.name}/${metadata.uid}`;
}

/** What Flux tells of a release, newest first, as far as it is known. */
export interface ReleaseStatus {
  /** `status.history[0]`. */
  readonly newest?: { readonly chartName: string; readonly chartVersion: string } | undefined;
  readonly lastAttemptedRevision?: string | undefined;
}

/** The version of `chart` that runs; undefined where Flux does not say, or speaks of another chart. */
export function runningVersion(
  { newest, lastAttemptedRevision }: ReleaseStatus,
  chart: string,
): string | undefined {
  const last = chart.slice(chart.lastIndexOf('/') + 1);
  if (newest !== undefined) return newest.chartName === last ? newest.chartVersion : undefined;
  return lastAttemptedRevision === '' ? undefined : lastAttemptedRevision;
}

/**
 * The running version where it is another one than `set`; undefined where they are the same. Of a chart that an
 * OCIRepository brings, the digest that Flux adds does not count.
 */
export function otherRunning(set: string, running: string | undefined): string | undefined {
  if (running === undefined || running === set) return undefined;
  const bare = running.replace(TAKEN_DIGEST, '');
  return bare === set || bare === set.replace(/\+.*$/, '') || compareForPolicy(bare, set) === 0
    ? undefined
    : bare;
}

/** Nothing brings a release below the version that it runs, even where a lower one is set: it may be on its way back. */
export function belowRunning(running: string | undefined, version: string): Blocker | undefined {
  if (running === undefined || (compareForPolicy(version, running) ?? 0) >= 0) return undefined;
  return { code: 'up-to-date', message: `${version} is older than ${running}, which the release runs` };
}

function shown(text: string): string {
  return `"${text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text}"`;
}
