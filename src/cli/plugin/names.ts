import { KIND_EXPECTED, parseKind } from '../../core/workload-kind-name.ts';
import type { WorkloadKind } from '../../core/workload.ts';
import { UsageError } from '../exit.ts';

const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Kinds as kubectl writes them in names. */
const WRITTEN: Readonly<Record<string, string>> = {
  Deployment: 'deployment.apps',
  StatefulSet: 'statefulset.apps',
  DaemonSet: 'daemonset.apps',
  HelmRelease: 'helmrelease.helm.toolkit.fluxcd.io',
};

/** A name as given by people: `x`, `ur/x`, or as `-o name` prints it. Throws UsageError. */
export function readRequestName(text: string): string {
  const [, name = ''] = /^(?:(?:ur|upd|updaterequests?(?:\.headwind\.sh)?)\/)?([^/]*)$/.exec(text) ?? [];
  if (OBJECT_NAME.test(name)) return name;
  throw new UsageError(`"${text}" is not the name of an update request`);
}

/** A workload as given by people: `web`, `deploy/web`, `statefulsets.apps/web`. Throws UsageError. */
export function readWorkloadName(
  text: string,
  kind: WorkloadKind | undefined,
): { readonly name: string; readonly kind: WorkloadKind | undefined } {
  const [, prefix, name = ''] = /^(?:([^/]*)\/)?([^/]*)$/.exec(text) ?? [];
  const said = prefix === undefined ? undefined : readKind(prefix);
  if (said !== undefined && kind !== undefined && said !== kind)
    throw new UsageError(`"${text}" is a ${said}, and --kind says ${kind}`);
  if (OBJECT_NAME.test(name)) return { name, kind: said ?? kind };
  throw new UsageError(`"${text}" is not the name of a workload`);
}

/** A kind as given by people. Throws UsageError. */
export function readKind(text: string | undefined): WorkloadKind | undefined {
  if (text === undefined) return undefined;
  const kind = parseKind(text);
  if (kind !== undefined) return kind;
  throw new UsageError(`"${text}": expected ${KIND_EXPECTED}`);
}

/** A workload as `kubectl get -o name` writes it, which `readWorkloadName` reads again. */
export function formatWorkloadName({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${WRITTEN[kind] ?? kind.toLowerCase()}/${name}`;
}
