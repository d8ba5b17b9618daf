import type { WorkloadKind } from './workload.ts';

/** The kinds by the names that kubectl knows them by. */
const NAMES: ReadonlyMap<string, WorkloadKind> = new Map<string, WorkloadKind>([
  ['deployment', 'Deployment'],
  ['deployments', 'Deployment'],
  ['deploy', 'Deployment'],
  ['statefulset', 'StatefulSet'],
  ['statefulsets', 'StatefulSet'],
  ['sts', 'StatefulSet'],
  ['daemonset', 'DaemonSet'],
  ['daemonsets', 'DaemonSet'],
  ['ds', 'DaemonSet'],
  ['helmrelease', 'HelmRelease'],
  ['helmreleases', 'HelmRelease'],
  ['hr', 'HelmRelease'],
]);

/** All of them. */
export const KINDS: readonly WorkloadKind[] = [...new Set(NAMES.values())];

export const KIND_EXPECTED = 'Deployment, StatefulSet, DaemonSet or HelmRelease';

/** The kind that a person means: in any case, singular, plural or short, with or without its group. */
export function parseKind(text: string): WorkloadKind | undefined {
  return NAMES.get(text.toLowerCase().replace(/\..*$/, ''));
}
