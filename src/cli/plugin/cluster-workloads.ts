import { z } from 'zod';
import { ANNOTATION, settingsOf } from '../../core/annotations.ts';
import type { Blocker } from '../../core/blocker.ts';
import type { Clock } from '../../core/clock.ts';
import { nextStep } from '../../core/next-step.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { workloadKey, type Workload } from '../../core/workload.ts';
import { WorkloadShape, type WorkloadView } from '../../http/api-shapes.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import { toTarget } from '../../pipeline/step-target.ts';
import { artifactKeyOf, type RequestStore } from '../../pipeline/request-store.ts';
import { createWorkloadsView } from '../../pipeline/workloads-view.ts';
import { FailedError } from '../exit.ts';
import type { Backend, Explanation, PauseReport, WorkloadName, WorkloadQuery } from './backend.ts';
import { findWorkload, pathOfWorkload } from './find-workload.ts';
import { listWorkloads, type ListedWorkloads } from './list-workloads.ts';
import type { ServiceProxy } from './service-proxy.ts';

export interface ClusterWorkloadsOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly requests: RequestStore;
  readonly clock: Clock;
  readonly listAll: (namespace: string | undefined) => Promise<readonly UpdateRequest[]>;
  readonly proxy: ServiceProxy;
}

const MAX_TRIES = 5;
const MERGE_PATCH = 'application/merge-patch+json';
const OpenApi = z.object({ info: z.object({ version: z.string() }) });
const UNKNOWN = 'the last decisions and what registries answered are known to the running Headwind alone';
const HOW =
  'kubectl port-forward -n headwind-system service/headwind-api 8081, then --api-url http://localhost:8081';

/** Why workloads do not update, and their pauses, in the caller's own name. */
export function createClusterWorkloads(
  options: ClusterWorkloadsOptions,
): Pick<Backend, 'explain' | 'setPaused' | 'serverVersion'> {
  const { client, proxy } = options;
  return {
    async explain(query) {
      const listed = await readWorkloads(client, query);
      const told = await proxy.ask(
        '/api/v1/workloads',
        { namespace: query.namespace },
        z.array(WorkloadShape),
      );
      const notes = listed.refused.map(
        (kind) => `you may not list ${kind}s ${placeOf(query)}: they are missing here`,
      );
      if (told.ok) {
        // Who may see what is for the API server to say, not for whoever can reach the service.
        const workloads = told.value.filter((view) => listed.workloads.has(workloadKey(view)));
        return { source: 'headwind', workloads, notes };
      }
      const missing = `read from Kubernetes; ${UNKNOWN} (${told.error}): ${HOW}`;
      return { ...(await explainFromCluster(listed, query, options)), notes: [...notes, missing] };
    },
    setPaused: (workload, paused) => setPaused(client, workload, paused),
    async serverVersion() {
      const told = await proxy.ask('/openapi.json', {}, OpenApi);
      return told.ok ? { ok: true, value: told.value.info.version } : told;
    },
  };
}

/** The workloads that are named, or all. */
export async function readWorkloads(
  client: Pick<KubernetesClient, 'request'>,
  { namespace, names, selector }: WorkloadQuery,
): Promise<ListedWorkloads> {
  if (names.length === 0) return listWorkloads(client, { namespace, labelSelector: selector?.text });
  const found = await Promise.all(names.map((name) => findWorkload(client, name)));
  return { workloads: new Map(found.map((workload) => [workloadKey(workload), workload])), refused: [] };
}

async function explainFromCluster(
  { workloads }: ListedWorkloads,
  { namespace }: WorkloadQuery,
  { requests, clock, listAll }: ClusterWorkloadsOptions,
): Promise<Omit<Explanation, 'notes'>> {
  for (const request of await listAll(namespace)) requests.observe(request);
  return { source: 'kubernetes', workloads: viewFromCluster(workloads, { requests, clock }) };
}

/** The same view as the running Headwind's, made of what stands in the cluster. */
export function viewFromCluster(
  workloads: ReadonlyMap<string, Workload>,
  { requests, clock }: Pick<ClusterWorkloadsOptions, 'requests' | 'clock'>,
): readonly WorkloadView[] {
  const view = createWorkloadsView({
    catalog: { all: () => workloads.values(), get: (key) => workloads.get(key) },
    requests,
    decisions: { get: () => undefined },
    troublesOf: () => [],
    waitingFor: (key) => {
      const request = requests.get(key);
      return request === undefined ? [] : waitsOf(request, workloads, { requests, clock });
    },
    clock,
  });
  return view.list({});
}

function waitsOf(
  request: UpdateRequest,
  workloads: ReadonlyMap<string, Workload>,
  { requests, clock }: Pick<ClusterWorkloadsOptions, 'requests' | 'clock'>,
): readonly Blocker[] {
  const workload = workloads.get(workloadKey(request.spec.targetRef));
  const target = workload === undefined ? undefined : toTarget(request, workload);
  const siblings = requests.ofArtifact(artifactKeyOf(request));
  const step = nextStep({ request, target, siblings, nowMs: clock.now() });
  return step.kind === 'wait' ? step.blockers : [];
}

/** Annotates the workload as it was read; whoever changed it meanwhile is not written over. */
async function setPaused(
  client: Pick<KubernetesClient, 'request'>,
  wanted: WorkloadName,
  paused: boolean,
): Promise<PauseReport> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const workload = await findWorkload(client, wanted);
    const { kind, namespace, name, resourceVersion } = workload;
    const report = { kind, namespace, name, paused };
    if (settingsOf(workload).settings.paused === paused) return { ...report, changed: false };
    const annotations = { [ANNOTATION.paused]: paused ? 'true' : null };
    try {
      await client.request({
        method: 'PATCH',
        path: await pathOfWorkload(client, workload),
        query: { fieldManager: 'kubectl-headwind' },
        contentType: MERGE_PATCH,
        body: { metadata: { resourceVersion, annotations } },
      });
      return { ...report, changed: true };
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.status !== 409) throw error;
    }
  }
  throw new FailedError(`${wanted.name} keeps changing; try again`);
}

function placeOf({ namespace }: WorkloadQuery): string {
  return namespace === undefined ? 'in all namespaces' : `in namespace "${namespace}"`;
}
