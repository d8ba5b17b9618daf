import type { Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { numberAt, objectAt, stringAt, stringMapAt, valueAt } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { deploymentStatus, isComplete, untilDeadline, type Rollout } from './deployment-status.ts';
import { createEventWriter } from './event-writer.ts';
import { controllerReference, countOf, ownedBy, wantedReplicas } from './owned.ts';
import { selfOrOwner, startReconcileLoop } from './reconcile-loop.ts';
import { TEMPLATE_HASH_LABEL, templateHash, withTemplateLabel } from './revision-hash.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const SETS = 'replicasets';

/** Moves the ReplicaSets of each Deployment towards its template. Answers the function that stops it. */
export function startDeploymentController(store: ObjectStore, clock: Clock): () => void {
  const controller = new DeploymentController(store, clock);
  return startReconcileLoop({
    store,
    clock,
    resource: 'deployments',
    concerns: selfOrOwner('deployments', 'Deployment', [SETS]),
    reconcile: ({ namespace, name }) => controller.reconcile(namespace, name),
  });
}

interface Limits {
  readonly surge: number;
  readonly unavailable: number;
}

/**
 * After the rules of https://kubernetes.io/docs/concepts/workloads/controllers/deployment/: one step per call, so
 * that what the pods do between two steps decides the next one. Scaling in the middle of a rollout is not
 * proportional, which is where it differs.
 */
class DeploymentController {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #event: ReturnType<typeof createEventWriter>;

  constructor(store: ObjectStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#event = createEventWriter({ store, clock, component: 'deployment-controller' });
  }

  reconcile(namespace: string, name: string): number | undefined {
    const deployment = this.#store.get('deployments', namespace, name);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return undefined;
    const hash = templateHash(objectAt(deployment, 'spec', 'template'));
    const known = this.#current(deployment, hash);
    const paused = valueAt(deployment, 'spec', 'paused') === true;
    const current = known ?? (paused ? undefined : this.#create(deployment, hash));
    const before = stringAt(deployment.metadata.annotations, REVISION);
    const marked = current === undefined ? deployment : this.#mark(deployment, current);
    const changedRevision = stringAt(marked.metadata.annotations, REVISION) !== before;
    const limits = limitsOf(marked);
    if (current !== undefined) this.#step(marked, { current: current.metadata.name, limits, paused });

    const rollout: Rollout = {
      deployment: marked,
      current: this.#current(marked, hash),
      sets: ownedBy(this.#store, SETS, marked),
      maxUnavailable: limits.unavailable,
      adopted: known === undefined ? 'created' : changedRevision ? 'found' : undefined,
    };
    const status = deploymentStatus(rollout, this.#clock.now());
    const written = this.#store.update('deployments', { ...marked, status }, { status: true });
    if (isComplete(rollout)) this.#prune(rollout);
    return untilDeadline(written, this.#clock.now());
  }

  #current(deployment: ApiObject, hash: string): ApiObject | undefined {
    return ownedBy(this.#store, SETS, deployment).find(
      (set) => set.metadata.labels?.[TEMPLATE_HASH_LABEL] === hash,
    );
  }

  #create(deployment: ApiObject, hash: string): ApiObject {
    const { name, namespace = '' } = deployment.metadata;
    const template = withTemplateLabel(objectAt(deployment, 'spec', 'template'), TEMPLATE_HASH_LABEL, hash);
    const selector = stringMapAt(deployment, 'spec', 'selector', 'matchLabels');
    return this.#store.create(SETS, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels: stringMapAt(template, 'metadata', 'labels'),
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: 0,
        minReadySeconds: numberAt(deployment, 'spec', 'minReadySeconds'),
        selector: { matchLabels: { ...selector, [TEMPLATE_HASH_LABEL]: hash } },
        template,
      },
    });
  }

  /** Gives the present ReplicaSet the highest revision and writes the same on the Deployment. */
  #mark(deployment: ApiObject, current: ApiObject): ApiObject {
    const sets = ownedBy(this.#store, SETS, deployment);
    const others = sets.filter((set) => set.metadata.uid !== current.metadata.uid).map(revisionOf);
    const revision = Math.max(revisionOf(current), Math.max(0, ...others) + 1);
    this.#annotate(SETS, current, String(revision));
    return this.#annotate('deployments', deployment, String(revision));
  }

  #annotate(resource: string, object: ApiObject, revision: string): ApiObject {
    const annotations = { ...object.metadata.annotations, [REVISION]: revision };
    return this.#store.update(resource, { ...object, metadata: { ...object.metadata, annotations } });
  }

  #step(
    deployment: ApiObject,
    options: { readonly current: string; readonly limits: Limits; readonly paused: boolean },
  ): void {
    const sets = ownedBy(this.#store, SETS, deployment);
    const current = sets.find((set) => set.metadata.name === options.current);
    if (current === undefined) return;
    const old = sets.filter((set) => set !== current && wantedReplicas(set) > 0);
    const wanted = wantedReplicas(deployment);
    // A paused Deployment follows its number of replicas and nothing else.
    if (options.paused && (old.length > 0 || wantedReplicas(current) === 0)) return;
    if (stringAt(deployment, 'spec', 'strategy', 'type') === 'Recreate')
      this.#recreate(deployment, current, old);
    else if (!this.#scaleUp(deployment, { current, old, max: wanted + options.limits.surge }))
      this.#scaleDown(deployment, { current, old, min: wanted - options.limits.unavailable });
  }

  #recreate(deployment: ApiObject, current: ApiObject, old: readonly ApiObject[]): void {
    for (const set of old) this.#scale(deployment, set, 0);
    const others = ownedBy(this.#store, SETS, deployment).filter(
      (set) => set.metadata.uid !== current.metadata.uid,
    );
    const left = others.reduce((sum, set) => sum + numberAt(set, 'status', 'replicas'), 0);
    if (left === 0) this.#scale(deployment, current, wantedReplicas(deployment));
  }

  #scaleUp(
    deployment: ApiObject,
    {
      current,
      old,
      max,
    }: { readonly current: ApiObject; readonly old: readonly ApiObject[]; readonly max: number },
  ): boolean {
    const wanted = wantedReplicas(deployment);
    const present = wantedReplicas(current);
    const total = present + totalOf(old);
    const next = present > wanted ? wanted : Math.min(wanted, present + Math.max(0, max - total));
    return this.#scale(deployment, current, next);
  }

  /** Old pods go as far as enough available ones stay; those that never became available go first. */
  #scaleDown(
    deployment: ApiObject,
    {
      current,
      old,
      min,
    }: { readonly current: ApiObject; readonly old: readonly ApiObject[]; readonly min: number },
  ): void {
    const unavailableNew = wantedReplicas(current) - availableOf(current);
    let room = wantedReplicas(current) + totalOf(old) - min - unavailableNew;
    if (room <= 0) return;
    const healthy: ApiObject[] = [];
    for (const set of old) {
      const useless = Math.max(0, wantedReplicas(set) - availableOf(set));
      const gone = Math.min(useless, room);
      room -= gone;
      healthy.push(gone > 0 ? this.#scaled(deployment, set, wantedReplicas(set) - gone) : set);
    }
    let spare = [current, ...old].reduce((sum, set) => sum + availableOf(set), 0) - min;
    for (const set of healthy) {
      const gone = Math.max(0, Math.min(spare, wantedReplicas(set)));
      spare -= gone;
      this.#scale(deployment, set, wantedReplicas(set) - gone);
    }
  }

  #scale(deployment: ApiObject, set: ApiObject, replicas: number): boolean {
    return this.#scaled(deployment, set, replicas) !== set;
  }

  #scaled(deployment: ApiObject, set: ApiObject, replicas: number): ApiObject {
    const before = wantedReplicas(set);
    if (before === replicas) return set;
    const direction = replicas > before ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name} to ${replicas}`;
    const scaled = this.#store.update(SETS, { ...set, spec: { ...objectAt(set, 'spec'), replicas } });
    this.#event(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
    return scaled;
  }

  /** Empty ReplicaSets beyond the history's limit go, the oldest revision first. */
  #prune({ deployment, current, sets }: Rollout): void {
    const empty = sets
      .filter((set) => set.metadata.uid !== current?.metadata.uid)
      .filter((set) => wantedReplicas(set) === 0 && numberAt(set, 'status', 'replicas') === 0)
      .toSorted((a, b) => revisionOf(a) - revisionOf(b));
    const excess = empty.length - numberAt(deployment, 'spec', 'revisionHistoryLimit');
    for (const { metadata } of empty.slice(0, Math.max(0, excess)))
      this.#store.remove(SETS, metadata.namespace ?? '', metadata.name);
  }
}

/** Surge rounds up and unavailability down; if both came to nothing, no rollout could ever move. */
function limitsOf(deployment: ApiObject): Limits {
  const rolling = objectAt(deployment, 'spec', 'strategy', 'rollingUpdate');
  const wanted = wantedReplicas(deployment);
  const surge = countOf(rolling['maxSurge'], wanted, 'up');
  const unavailable = countOf(rolling['maxUnavailable'], wanted, 'down');
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, wanted) };
}

function revisionOf(object: ApiObject): number {
  return Number(object.metadata.annotations?.[REVISION] ?? 0);
}

function totalOf(sets: readonly ApiObject[]): number {
  return sets.reduce((sum, set) => sum + wantedReplicas(set), 0);
}

/** A status that is behind the last scaling counts for no more than the ReplicaSet still wants. */
function availableOf(set: ApiObject): number {
  return Math.min(wantedReplicas(set), numberAt(set, 'status', 'availableReplicas'));
}
