import type { Workload } from '../../core/workload.ts';
import { ANNOTATION } from '../../core/annotations.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { isAbsent, KubernetesError } from '../../kubernetes/errors.ts';
import { OCI_REPOSITORIES } from '../../kubernetes/flux-sources.ts';
import { HELM_RELEASES } from '../../kubernetes/helm-release.ts';
import { WORKLOAD_KINDS, type TargetKind } from '../../kubernetes/kinds.ts';
import { createReleaseKind } from '../../kubernetes/release-kind.ts';
import { findServedVersion } from '../../kubernetes/served-version.ts';
import { FailedError } from '../exit.ts';
import type { WorkloadName } from './backend.ts';

type Client = Pick<KubernetesClient, 'request'>;

/**
 * Reads a workload that Headwind follows, with its history, in the caller's own name. Throws FailedError where there is
 * none, or where workloads of several kinds have the name.
 */
export async function findWorkload(client: Client, wanted: WorkloadName): Promise<Workload> {
  const kinds = await kindsFor(client, wanted);
  const looked = await Promise.all(kinds.map((kind) => readOne(client, kind, wanted)));
  const found = looked.flatMap((answer) => (answer instanceof KubernetesError ? [] : (answer ?? [])));
  const followed = found.filter(({ annotations }) => annotations[ANNOTATION.policy] !== undefined);
  const [only] = followed;
  const name = `${wanted.namespace}/${wanted.name}`;
  if (followed.length > 1) {
    const names = followed.map(({ kind }) => kind).join(', ');
    throw new FailedError(`there are several workloads ${name}: ${names}; say which with --kind`);
  }
  if (only !== undefined) return only;
  const refused = looked.find((answer) => answer instanceof KubernetesError);
  if (refused !== undefined) throw refused;
  const [other] = found;
  throw new FailedError(
    other === undefined
      ? `there is no ${wanted.kind ?? 'workload'} "${wanted.name}" in namespace "${wanted.namespace}"`
      : `${other.kind} ${name} does not carry headwind.sh/policy`,
  );
}

/** Where the API server has a workload. */
export async function pathOfWorkload(client: Client, workload: Workload): Promise<string> {
  const [kind] = await kindsFor(client, workload);
  if (kind === undefined) throw new FailedError(`the cluster serves no ${workload.kind} now`);
  return kind.objectPath(workload.namespace, workload.name);
}

async function kindsFor(
  client: Client,
  { kind }: Pick<WorkloadName, 'kind'>,
): Promise<readonly TargetKind[]> {
  const plain = WORKLOAD_KINDS.filter((known) => kind === undefined || known.kind === kind);
  if (kind !== undefined && kind !== 'HelmRelease') return plain;
  const [releases, repositories] = await Promise.all([
    findServedVersion(client, HELM_RELEASES),
    findServedVersion(client, OCI_REPOSITORIES),
  ]);
  if (releases === undefined) return plain;
  return [...plain, createReleaseKind((resource) => (resource === HELM_RELEASES ? releases : repositories))];
}

/** Undefined if there is none; the refusal where the caller may not know. */
async function readOne(
  client: Client,
  kind: TargetKind,
  { namespace, name }: WorkloadName,
): Promise<Workload | KubernetesError | undefined> {
  try {
    return await kind.fetch((path) => client.request({ method: 'GET', path }), namespace, name);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (error instanceof KubernetesError && error.status === 403) return error;
    throw error;
  }
}
