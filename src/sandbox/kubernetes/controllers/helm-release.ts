import { LRUCache } from 'lru-cache';
import { toTimestamp, type Clock } from '../../../core/clock.ts';
import type { ApiObject } from '../api-object.ts';
import { arrayAt, isJsonObject, numberAt, objectAt, stringAt, valueAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { createEventWriter } from './event-writer.ts';
import { startReconcileLoop } from './reconcile-loop.ts';

const RELEASES = 'helmreleases';
const REPOSITORIES = 'helmrepositories';
/** How long an install or an upgrade takes. */
const INSTALL_MS = 1_500;
const RETRY_MS = 5_000;
/** As many as Flux keeps. */
const MAX_HISTORY = 5;
const REMEMBERED = 1000;

export interface WantedChart {
  /** Of the HelmRepository. */
  readonly url: string;
  readonly chart: string;
  readonly version: string;
}

export interface HelmControllerOptions {
  /** Has to serve HelmReleases and HelmRepositories (`fluxCrds`). */
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Answers at once; undefined where there is no such chart. */
  readonly pullChart: (wanted: WantedChart) => { readonly digest: string } | undefined;
}

/**
 * Plays Flux's helm-controller: brings each release to the version that is written, and says so in its status, its
 * history and Events. Nothing is installed. Answers the function that stops it.
 */
export function startHelmController(options: HelmControllerOptions): () => void {
  const { store, clock } = options;
  const event = createEventWriter({ store, clock, component: 'helm-controller' });
  /** By uid: which generation is being installed, and since when. */
  const begun = new LRUCache<string, { readonly generation: number; readonly atMs: number }>({
    max: REMEMBERED,
  });

  const write = (release: ApiObject, status: JsonObject): void => {
    const before = objectAt(release, 'status');
    store.update(RELEASES, { ...release, status: { ...before, ...status } }, { status: true });
  };

  const begin = (release: ApiObject, action: Action): number => {
    const { uid, generation = 1 } = release.metadata;
    begun.set(uid, { generation, atMs: clock.now() });
    const message = `Running '${action.verb}' action with timeout of 5m0s`;
    write(release, conditionsOf(release, { status: 'Unknown', reason: 'Progressing', message }, clock));
    return INSTALL_MS;
  };

  const finish = (release: ApiObject, wanted: WantedChart, digest: string): void => {
    const action = actionOf(release);
    const { namespace = '', name } = release.metadata;
    const title = `${namespace}/${name}.v${action.revision} with chart ${wanted.chart}@${wanted.version}`;
    const message = `Helm ${action.verb} succeeded for release ${title}`;
    begun.delete(release.metadata.uid);
    event(release, { type: 'Normal', reason: action.succeeded, message });
    write(release, {
      ...conditionsOf(release, { status: 'True', reason: action.succeeded, message }, clock),
      observedGeneration: release.metadata.generation,
      lastAttemptedGeneration: release.metadata.generation,
      lastAttemptedRevision: wanted.version,
      lastAttemptedReleaseAction: action.verb,
      history: historyWith(release, { ...wanted, digest, revision: action.revision, nowMs: clock.now() }),
    });
  };

  const fail = (release: ApiObject, message: string): number => {
    begun.delete(release.metadata.uid);
    const ready = { status: 'False', reason: 'SourceNotReady', message };
    write(release, {
      ...conditionsOf(release, ready, clock),
      observedGeneration: release.metadata.generation,
    });
    return RETRY_MS;
  };

  return startReconcileLoop({
    store,
    clock,
    resource: RELEASES,
    concerns: ({ resource, object: { metadata } }) =>
      resource === RELEASES ? [{ namespace: metadata.namespace ?? '', name: metadata.name }] : [],
    reconcile: ({ namespace, name }) => {
      const release = store.get(RELEASES, namespace, name);
      if (release === undefined || release.metadata.deletionTimestamp !== undefined) return undefined;
      if (valueAt(release, 'spec', 'suspend') === true || isUpToDate(release)) return undefined;
      const wanted = wantedBy(store, release);
      const pulled = wanted === undefined ? undefined : options.pullChart(wanted);
      if (wanted === undefined || pulled === undefined) return fail(release, notReady(release));
      const { uid, generation } = release.metadata;
      const under = begun.get(uid);
      if (under === undefined || under.generation !== generation) return begin(release, actionOf(release));
      const leftMs = under.atMs + INSTALL_MS - clock.now();
      if (leftMs > 0) return leftMs;
      finish(release, wanted, pulled.digest);
      return undefined;
    },
  });
}

interface Action {
  readonly verb: 'install' | 'upgrade';
  readonly succeeded: 'InstallSucceeded' | 'UpgradeSucceeded';
  /** Helm's number of the release. */
  readonly revision: number;
}

function actionOf(release: ApiObject): Action {
  const revision = numberAt(arrayAt(release, 'status', 'history')[0], 'version') + 1;
  return revision === 1
    ? { verb: 'install', succeeded: 'InstallSucceeded', revision }
    : { verb: 'upgrade', succeeded: 'UpgradeSucceeded', revision };
}

/** Whether what is written has been installed. */
function isUpToDate(release: ApiObject): boolean {
  return (
    numberAt(release, 'status', 'observedGeneration') === release.metadata.generation &&
    readyOf(release)['status'] === 'True'
  );
}

function readyOf(release: ApiObject): JsonObject {
  const conditions = arrayAt(release, 'status', 'conditions').filter(isJsonObject);
  return conditions.find((condition) => condition['type'] === 'Ready') ?? {};
}

function wantedBy(store: ObjectStore, release: ApiObject): WantedChart | undefined {
  const template = objectAt(release, 'spec', 'chart', 'spec');
  const reference = objectAt(template, 'sourceRef');
  const namespace = stringAt(reference, 'namespace') || (release.metadata.namespace ?? '');
  const repository = store.get(REPOSITORIES, namespace, stringAt(reference, 'name'));
  if (repository === undefined) return undefined;
  const url = stringAt(repository, 'spec', 'url');
  return { url, chart: stringAt(template, 'chart'), version: stringAt(template, 'version') };
}

function notReady(release: ApiObject): string {
  const template = objectAt(release, 'spec', 'chart', 'spec');
  const [chart, version] = [stringAt(template, 'chart'), stringAt(template, 'version')];
  const { namespace = '', name } = release.metadata;
  return `HelmChart '${namespace}/${namespace}-${name}' is not ready: there is no '${chart}' chart with version '${version}'`;
}

function conditionsOf(
  release: ApiObject,
  ready: { readonly status: string; readonly reason: string; readonly message: string },
  clock: Clock,
): JsonObject {
  const before = readyOf(release);
  const lastTransitionTime =
    before['status'] === ready.status ? before['lastTransitionTime'] : toTimestamp(clock.now());
  const observedGeneration = release.metadata.generation;
  const common = { ...ready, observedGeneration, lastTransitionTime };
  // `Released` tells of the last action that ended; while one runs only `Ready` is told.
  const types = ready.status === 'True' ? ['Ready', 'Released'] : ['Ready'];
  return { conditions: types.map((type) => ({ type, ...common })) };
}

function historyWith(
  release: ApiObject,
  done: WantedChart & { readonly digest: string; readonly revision: number; readonly nowMs: number },
): readonly object[] {
  const { namespace, name } = release.metadata;
  const before = arrayAt(release, 'status', 'history').filter(isJsonObject);
  const deployed = toTimestamp(done.nowMs);
  const newest = {
    name,
    namespace,
    version: done.revision,
    chartName: done.chart,
    chartVersion: done.version,
    appVersion: done.version,
    configDigest: done.digest,
    digest: done.digest,
    status: 'deployed',
    firstDeployed: before[0]?.['firstDeployed'] ?? deployed,
    lastDeployed: deployed,
  };
  const older = before.map((entry) => ({ ...entry, status: 'superseded' }));
  return [newest, ...older].slice(0, MAX_HISTORY);
}
