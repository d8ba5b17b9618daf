import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { transition, type Change } from '../../core/request-machine.ts';
import type { UpdateRequest } from '../../core/update-request.ts';
import { KubernetesError } from '../../kubernetes/errors.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createRequestStore } from '../../pipeline/request-store.ts';
import { FailedError } from '../exit.ts';
import type { ServiceAddress } from './api-address.ts';
import type { Backend, RequestName } from './backend.ts';
import { createClusterRollbacks } from './cluster-rollbacks.ts';
import { createClusterWorkloads } from './cluster-workloads.ts';
import { listRequests } from './list-requests.ts';
import { explained, type Attempt } from './refusal.ts';
import { createServiceProxy } from './service-proxy.ts';

const MAX_TRIES = 5;
const VIEWER = 'headwind-viewer';
const APPROVER = 'headwind-approver';
const ROLLBACKER = 'headwind-rollbacker';

const Review = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

export interface ClusterBackendOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Who the caller is if the cluster cannot tell: the kubeconfig's name for the user. */
  readonly userName: string | undefined;
  /** Where the running Headwind is asked what it alone knows. */
  readonly service: ServiceAddress;
}

/**
 * Acts through the caller's own rights on UpdateRequests: approving is a patch of the status subresource, guarded by the
 * resourceVersion that it was decided on, so that of two approvers one wins.
 */
export function createClusterBackend(options: ClusterBackendOptions): Backend {
  const { client, clock, userName } = options;
  const requests = createRequestStore(client);

  const decide = async (target: RequestName, change: Change): Promise<UpdateRequest> => {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const request = await requests.fetch(target.namespace, target.name);
      if (request === undefined) throw notFound(target);
      const status = transition(request, change, clock.now());
      if (!status.ok) throw new FailedError(status.error.message);
      const written = await requests.writeStatus(request, status.value);
      if (written.ok) return written.value;
      // Somebody else wrote first; whether our decision is still possible shows when it is read again.
    }
    throw new FailedError(`${target.name} keeps changing; try again`);
  };

  const identify = async (given: string | undefined): Promise<string> =>
    given ?? (await whoAmI(client)) ?? userName ?? 'unknown';

  const shared = {
    client,
    requests,
    clock,
    listAll: (namespace: string | undefined) => listRequests(client, namespace),
  };
  const rollbacks = createClusterRollbacks({ ...shared, identify });
  const workloads = createClusterWorkloads({ ...shared, proxy: createServiceProxy(client, options.service) });
  const may = (what: string, role: string) => {
    return <T>({ namespace }: Pick<Attempt, 'namespace'>, run: () => Promise<T>): Promise<T> =>
      explained({ what, role, namespace }, run);
  };
  const reading = may('list update requests', VIEWER);
  const looking = may('get update requests', VIEWER);
  const approving = may('approve update requests', APPROVER);
  const rejecting = may('reject update requests', APPROVER);
  const rollingBack = may('roll back', ROLLBACKER);
  const tracing = may('see the history of workloads', ROLLBACKER);
  const releasing = may('lift holds', ROLLBACKER);
  const explaining = may('see workloads and their update requests', VIEWER);
  const pausing = may('change workloads', 'edit');

  return {
    list: (namespace) => reading({ namespace }, () => listRequests(client, namespace)),
    get: (target) => looking(target, () => requests.fetch(target.namespace, target.name)),
    approve: (target, by) =>
      approving(target, async () => decide(target, { to: 'Approved', by: await identify(by) })),
    reject: (target, by, reason) =>
      rejecting(target, async () => decide(target, { to: 'Rejected', by: await identify(by), reason })),
    history: (workload) => tracing(workload, () => rollbacks.history(workload)),
    rollBack: (order) => rollingBack(order.workload, () => rollbacks.rollBack(order)),
    holds: (namespace) => reading({ namespace }, () => rollbacks.holds(namespace)),
    releaseHold: (request, by, reason) =>
      releasing(request, () => rollbacks.releaseHold(request, by, reason)),
    explain: (query) => explaining(query, () => workloads.explain(query)),
    setPaused: (workload, paused, by) => pausing(workload, () => workloads.setPaused(workload, paused, by)),
    serverVersion: () => workloads.serverVersion(),
    close: () => client.close(),
  };
}

/** What the API server calls the caller (SelfSubjectReview, Kubernetes 1.28); undefined where it does not say. */
async function whoAmI(client: KubernetesClient): Promise<string | undefined> {
  const apiVersion = 'authentication.k8s.io/v1';
  try {
    const answer = await client.request({
      method: 'POST',
      path: `/apis/${apiVersion}/selfsubjectreviews`,
      body: { apiVersion, kind: 'SelfSubjectReview' },
    });
    const review = Review.safeParse(answer);
    return review.success ? review.data.status.userInfo.username : undefined;
  } catch (error) {
    if (error instanceof KubernetesError) return undefined;
    throw error;
  }
}

function notFound({ namespace, name }: RequestName): FailedError {
  return new FailedError(`there is no update request "${name}" in namespace "${namespace}"`);
}
