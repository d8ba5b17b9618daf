import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { transition, type Change } from '../../core/request-machine.ts';
import { UpdateRequest } from '../../core/update-request.ts';
import { KubernetesError, KubernetesUnreachableError } from '../../kubernetes/errors.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createRequestStore, requestsPath } from '../../pipeline/request-store.ts';
import { FailedError } from '../exit.ts';
import type { Backend, RequestName } from './backend.ts';
import { createClusterRollbacks } from './cluster-rollbacks.ts';

const PAGE_SIZE = 500;
const MAX_PAGES = 200;
const MAX_TRIES = 5;

const Page = z.object({
  items: z.array(z.unknown()),
  metadata: z.object({ continue: z.string().optional() }).default({}),
});
const Review = z.object({ status: z.object({ userInfo: z.object({ username: z.string() }) }) });

export interface ClusterBackendOptions {
  readonly client: KubernetesClient;
  readonly clock: Pick<Clock, 'now'>;
  /** Who the caller is if the cluster cannot tell: the kubeconfig's name for the user. */
  readonly userName: string | undefined;
}

/**
 * Acts through the caller's own rights on UpdateRequests: approving is a patch of the status subresource, guarded by the
 * resourceVersion that it was decided on, so that of two approvers one wins.
 */
export function createClusterBackend({ client, clock, userName }: ClusterBackendOptions): Backend {
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

  const rollbacks = createClusterRollbacks({
    client,
    requests,
    clock,
    identify,
    listAll: (namespace) => listAll(client, namespace),
  });

  return {
    list: (namespace) => explained(() => listAll(client, namespace)),
    get: (target) => explained(() => requests.fetch(target.namespace, target.name)),
    approve: (target, by) =>
      explained(async () => decide(target, { to: 'Approved', by: await identify(by) })),
    reject: (target, by, reason) =>
      explained(async () => decide(target, { to: 'Rejected', by: await identify(by), reason })),
    history: (workload) => explained(() => rollbacks.history(workload)),
    rollBack: (order) => explained(() => rollbacks.rollBack(order)),
    holds: (namespace) => explained(() => rollbacks.holds(namespace)),
    releaseHold: (request, by, reason) => explained(() => rollbacks.releaseHold(request, by, reason)),
    close: () => client.close(),
  };
}

async function listAll(client: KubernetesClient, namespace: string | undefined): Promise<UpdateRequest[]> {
  const found: UpdateRequest[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const query = { limit: PAGE_SIZE, continue: next };
    const page = Page.parse(await client.request({ method: 'GET', path: requestsPath(namespace), query }));
    for (const item of page.items) {
      const request = UpdateRequest.safeParse(item);
      // One that somebody wrote past the schema hides no other.
      if (request.success) found.push(request.data);
    }
    next = page.metadata.continue;
    if (next === undefined || next === '') return found;
  }
  throw new FailedError(`there are more than ${MAX_PAGES * PAGE_SIZE} update requests; name a namespace`);
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

/** Turns what the API server says into what a person can act on. */
async function explained<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof KubernetesUnreachableError)
      throw new FailedError(`the Kubernetes API cannot be reached: ${error.message}`, { cause: error });
    if (!(error instanceof KubernetesError)) throw error;
    const hint = error.status === 404 ? ' (is the UpdateRequest CRD installed?)' : '';
    throw new FailedError(`${error.message}${hint}`, { cause: error });
  }
}
