import { ANNOTATION } from '../../core/annotations.ts';
import type { Clock } from '../../core/clock.ts';
import { parseHistory } from '../../core/history.ts';
import { requestLabels } from '../../core/request-name.ts';
import { undoneBy } from '../../core/rollback-request.ts';
import { chooseRollback, numberHistory } from '../../core/rollback-target.ts';
import { UpdateRequest } from '../../core/update-request.ts';
import { workloadKey, type Artifact, type Workload } from '../../core/workload.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { readPages } from '../../kubernetes/pages.ts';
import { createHeldVersions } from '../../pipeline/held-versions.ts';
import { artifactKey, requestsPath, type RequestStore } from '../../pipeline/request-store.ts';
import { createRollbackOrders } from '../../pipeline/rollback-orders.ts';
import { FailedError } from '../exit.ts';
import type { Backend, RollbackReport } from './backend.ts';
import { findWorkload } from './find-workload.ts';
import { listWorkloads } from './list-workloads.ts';

export interface ClusterRollbacksOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly requests: RequestStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly listAll: (namespace: string | undefined) => Promise<readonly UpdateRequest[]>;
  /** Who the caller is, unless told. */
  readonly identify: (given: string | undefined) => Promise<string>;
}

const PAGE_SIZE = 100;
const MAX_PAGES = 1000;

/**
 * Histories, rollbacks and holds in the caller's own name: a history is an annotation, a rollback an UpdateRequest that the
 * caller makes and approves, and lifting a hold an annotation on one.
 */
export function createClusterRollbacks(
  options: ClusterRollbacksOptions,
): Pick<Backend, 'history' | 'rollBack' | 'holds' | 'releaseHold'> {
  const { client, requests, clock, listAll, identify } = options;
  const orders = createRollbackOrders({ requests, clock });

  async function observeRequestsOf(workload: Workload, artifact: Artifact): Promise<void> {
    const labels = requestLabels(workload, artifact.name);
    const labelSelector = Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const path = requestsPath(workload.namespace);
    await readPages(
      { client, path, query: { labelSelector }, pageSize: PAGE_SIZE, maxPages: MAX_PAGES },
      (object) => {
        const request = UpdateRequest.safeParse(object);
        if (request.success) requests.observe(request.data);
      },
    );
  }

  return {
    async history(wanted) {
      const { kind, namespace, name, artifacts, annotations } = await findWorkload(client, wanted);
      const entries = numberHistory(artifacts, parseHistory(annotations[ANNOTATION.updateHistory]));
      const containers = artifacts.map((artifact) => ({ container: artifact.name, image: artifact.image }));
      return { kind, namespace, name, containers, entries };
    },
    async rollBack({ workload: wanted, container, wish, dryRun, by, reason }) {
      const workload = await findWorkload(client, wanted);
      const history = parseHistory(workload.annotations[ANNOTATION.updateHistory]);
      const chosen = chooseRollback({ artifacts: workload.artifacts, history, container, wish });
      if (!chosen.ok) throw new FailedError(chosen.error.message);
      const { artifact, entry } = chosen.value;
      const toImage = entry.image;
      await observeRequestsOf(workload, artifact);
      const all = requests.ofArtifact(artifactKey(workload, artifact.name));
      const undoes = undoneBy({ artifact, toImage, history, requests: all });
      const report: RollbackReport = {
        kind: workload.kind,
        namespace: workload.namespace,
        workload: workload.name,
        container: artifact.name,
        previousImage: artifact.image,
        image: toImage,
        index: entry.index,
        takesBack: undoes,
      };
      if (dryRun) return report;
      const identity = await identify(by);
      const ordered = await orders.order({ workload, artifact, toImage, undoes, identity, reason });
      if (ordered.ok) return { ...report, request: ordered.value };
      throw new FailedError(
        ordered.error.kind === 'conflict'
          ? ordered.error.message
          : 'the request for the rollback was deleted before it could be approved',
      );
    },
    async holds(namespace) {
      // Of kinds that the caller may not list, what was taken back by hand is not known.
      const [{ workloads }, all] = await Promise.all([
        listWorkloads(client, { namespace }),
        listAll(namespace),
      ]);
      for (const request of all) requests.observe(request);
      return createHeldVersions({ catalog: workloads, requests }).list({ namespace });
    },
    async releaseHold({ namespace, name }, by, reason) {
      const identity = await identify(by);
      const request = await requests.fetch(namespace, name);
      const workloads = new Map<string, Workload>();
      if (request?.status.phase === 'Completed') {
        // Whether it was taken back by hand can be told only by what runs.
        const workload = await findWorkload(client, { ...request.spec.targetRef, kind: undefined });
        workloads.set(workloadKey(workload), workload);
      }
      const held = createHeldVersions({ catalog: workloads, requests });
      const outcome = await held.release({ namespace, name, identity, reason });
      if (outcome.kind === 'conflict') throw new FailedError(outcome.message);
      if (outcome.kind === 'not-found')
        throw new FailedError(`there is no update request "${name}" in namespace "${namespace}"`);
      return outcome.request.spec.newImage;
    },
  };
}
