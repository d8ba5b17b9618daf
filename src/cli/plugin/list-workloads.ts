import { ANNOTATION } from '../../core/annotations.ts';
import { workloadKey, type Workload } from '../../core/workload.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { isAbsent, KubernetesError } from '../../kubernetes/errors.ts';
import {
  HELM_REPOSITORIES,
  OCI_REPOSITORIES,
  projectHelmRepository,
  projectOciRepository,
  type KnownSource,
} from '../../kubernetes/flux-sources.ts';
import { HELM_RELEASES, readRelease, resolveRelease } from '../../kubernetes/helm-release.ts';
import { WORKLOAD_KINDS } from '../../kubernetes/kinds.ts';
import { readPages } from '../../kubernetes/pages.ts';
import { findServedVersion, type OptionalResource } from '../../kubernetes/served-version.ts';

type Client = Pick<KubernetesClient, 'request'>;
type SourceReference = Parameters<Parameters<typeof resolveRelease>[1]>[0];

export interface ListedWorkloads {
  /** Those that carry `headwind.sh/policy`, with their histories, by their key. */
  readonly workloads: ReadonlyMap<string, Workload>;
  /** The kinds that the caller may not list. */
  readonly refused: readonly string[];
}

export interface WorkloadFilter {
  /** Undefined for all. */
  readonly namespace: string | undefined;
  readonly labelSelector?: string | undefined;
}

interface Collection {
  readonly kind: string;
  readonly path: string;
  readonly read: (object: unknown) => Workload;
}

const PAGE_SIZE = 250;
const MAX_PAGES = 1000;
const SOURCES = { HelmRepository: HELM_REPOSITORIES, OCIRepository: OCI_REPOSITORIES } as const;

/** Lists the workloads of all kinds that Headwind follows, in the caller's own name. Throws what the client throws but refusals. */
export async function listWorkloads(client: Client, filter: WorkloadFilter): Promise<ListedWorkloads> {
  const found = new Map<string, Workload>();
  const refused: string[] = [];
  const query = filter.labelSelector === undefined ? {} : { labelSelector: filter.labelSelector };
  const list = async ({ kind, path, read }: Collection): Promise<void> => {
    try {
      const paging = { client, path, query, pageSize: PAGE_SIZE, maxPages: MAX_PAGES };
      await readPages(paging, (object) => {
        const workload = readFollowed(object, read);
        if (workload !== undefined) found.set(workloadKey(workload), workload);
      });
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 403) throw error;
      refused.push(kind);
    }
  };
  await Promise.all([
    ...WORKLOAD_KINDS.map((known) =>
      list({
        kind: known.kind,
        path: known.listPath(filter.namespace),
        read: (object) => known.read(object),
      }),
    ),
    listReleases(client, filter.namespace, list),
  ]);
  return { workloads: await withSources(client, found), refused };
}

/** One object that cannot be read hides no other. */
function readFollowed(object: unknown, read: Collection['read']): Workload | undefined {
  try {
    const workload = read(object);
    return workload.annotations[ANNOTATION.policy] === undefined ? undefined : workload;
  } catch {
    return undefined;
  }
}

async function listReleases(
  client: Client,
  namespace: string | undefined,
  list: (collection: Collection) => Promise<void>,
): Promise<void> {
  const version = await findServedVersion(client, HELM_RELEASES);
  if (version === undefined) return;
  const apiVersion = `${HELM_RELEASES.group}/${version}`;
  const path = pathOf(HELM_RELEASES, version, namespace);
  await list({ kind: 'HelmRelease', path, read: (object) => readRelease(object, apiVersion) });
}

/** Completes releases by the sources that they name, each read once; one that may not be read is left open. */
async function withSources(
  client: Client,
  workloads: ReadonlyMap<string, Workload>,
): Promise<ReadonlyMap<string, Workload>> {
  const references = new Map<string, SourceReference>();
  for (const { artifacts } of workloads.values())
    for (const { release } of artifacts)
      if (release?.source !== undefined) references.set(sourceKey(release.source), release.source);
  if (references.size === 0) return workloads;
  const known = new Map<string, KnownSource | 'unasked' | undefined>();
  for (const [key, reference] of references) known.set(key, await readSource(client, reference));
  const resolved = [...workloads].map(([key, workload]): [string, Workload] => [
    key,
    resolveRelease(workload, (source) => known.get(sourceKey(source))),
  ]);
  return new Map(resolved);
}

async function readSource(
  client: Client,
  { kind, namespace, name }: SourceReference,
): Promise<KnownSource | 'unasked' | undefined> {
  const resource = SOURCES[kind];
  const version = await findServedVersion(client, resource);
  if (version === undefined) return undefined;
  const path = `${pathOf(resource, version, namespace)}/${encodeURIComponent(name)}`;
  const project = kind === 'HelmRepository' ? projectHelmRepository : projectOciRepository;
  try {
    return project(await client.request({ method: 'GET', path }), `${resource.group}/${version}`);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (error instanceof KubernetesError && error.status === 403) return 'unasked';
    throw error;
  }
}

function sourceKey({ kind, namespace, name }: SourceReference): string {
  return `${kind}/${namespace}/${name}`;
}

function pathOf({ group, plural }: OptionalResource, version: string, namespace: string | undefined): string {
  const where = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${group}/${version}${where}/${plural}`;
}
