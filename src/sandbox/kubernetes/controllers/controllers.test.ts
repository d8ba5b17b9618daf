import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../../test/parts/fake-clock.ts';
import type { ApiObject } from '../api-object.ts';
import { BUILT_IN_TYPES } from '../built-in-types.ts';
import { arrayAt, numberAt, objectAt, stringAt, valueAt, type JsonObject } from '../json.ts';
import { createResourceTypes } from '../resource-type.ts';
import { createObjectStore, type ObjectStore } from '../store.ts';
import { startControllers } from './controllers.ts';
import type { PullAnswer } from './images.ts';

let clock: FakeClock;
let store: ObjectStore;
let stop: () => void;

/** `reg/app:1` is healthy, `reg/app:crash` crashes, `reg/app:unready` never gets ready, `reg/app:gone` is nowhere. */
function pullImage(image: string): PullAnswer {
  const tag = image.slice(image.lastIndexOf(':') + 1);
  if (tag === 'gone') return { message: `${image}: not found` };
  const behaviour = { crash: 'crash', unready: 'never-ready' }[tag] ?? 'healthy';
  return { image: { imageId: `reg/app@sha256:${tag}`, labels: { 'headwind.demo/behaviour': behaviour } } };
}

beforeEach(() => {
  clock = new FakeClock();
  store = createObjectStore({ types: createResourceTypes(BUILT_IN_TYPES), clock, newUid: randomUUID });
  store.create('namespaces', { metadata: { name: 'shop' } });
  stop = startControllers({ store, clock, pullImage });
});

afterEach(() => {
  stop();
  if (clock.pending !== 0) throw new Error(`${clock.pending} timers are left after the end`);
});

function create(resource: string, tag: string, spec: JsonObject = {}): void {
  store.create(resource, {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      ...(resource === 'daemonsets' ? {} : { replicas: 3 }),
      selector: { matchLabels: { app: 'web' } },
      template: templateOf(tag),
      ...spec,
    },
  });
}

function templateOf(tag: string): JsonObject {
  return {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'app', image: `reg/app:${tag}` }] },
  };
}

function get(resource: string): ApiObject {
  const object = store.get(resource, 'shop', 'web');
  if (object === undefined) throw new Error(`there is no ${resource} shop/web`);
  return object;
}

function change(resource: string, spec: JsonObject): void {
  const object = get(resource);
  store.update(resource, { ...object, spec: { ...objectAt(object, 'spec'), ...spec } });
}

const status = (resource: string): JsonObject => objectAt(get(resource), 'status');
const pods = (): readonly ApiObject[] => store.list('pods', 'shop');
const tags = (): readonly string[] =>
  pods().map((pod) => stringAt(arrayAt(pod, 'spec', 'containers')[0], 'image').slice('reg/app:'.length));
const isReady = (pod: ApiObject): boolean =>
  arrayAt(pod, 'status', 'conditions').some(
    (condition) => stringAt(condition, 'type') === 'Ready' && stringAt(condition, 'status') === 'True',
  );

function conditionOf(resource: string, type: string): string {
  const found = arrayAt(get(resource), 'status', 'conditions').find(
    (condition) => stringAt(condition, 'type') === type,
  );
  return `${stringAt(found, 'status')} ${stringAt(found, 'reason')}`;
}

function container(pod: ApiObject | undefined): JsonObject {
  return objectAt({ first: arrayAt(pod, 'status', 'containerStatuses')[0] }, 'first');
}

function eventsOf(reason: string): readonly string[] {
  return store
    .list('events', 'shop')
    .filter((event) => stringAt(event, 'reason') === reason)
    .map((event) => stringAt(event, 'message'));
}

async function settle(ms = 20_000): Promise<void> {
  await clock.advance(ms);
}

describe('a Deployment', () => {
  test('becomes available, and says so as the real controller does', async () => {
    create('deployments', '1');
    await settle();
    expect(status('deployments')).toMatchObject({
      observedGeneration: get('deployments').metadata.generation,
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
    expect(status('deployments')).not.toHaveProperty('unavailableReplicas');
    expect(conditionOf('deployments', 'Available')).toBe('True MinimumReplicasAvailable');
    expect(conditionOf('deployments', 'Progressing')).toBe('True NewReplicaSetAvailable');
    const [set] = store.list('replicasets', 'shop');
    const hash = set?.metadata.labels?.['pod-template-hash'] ?? '';
    expect(set?.metadata.name).toBe(`web-${hash}`);
    expect(pods().map((pod) => pod.metadata.labels?.['pod-template-hash'])).toEqual([hash, hash, hash]);
    expect(container(pods()[0])).toMatchObject({
      image: 'reg/app:1',
      imageID: 'reg/app@sha256:1',
      ready: true,
      restartCount: 0,
    });
    for (const reason of ['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started', 'ScalingReplicaSet'])
      expect(`${reason}: ${eventsOf(reason).length > 0}`).toBe(`${reason}: true`);
  });

  test('rolls to a new image without ever leaving its limits', async () => {
    create('deployments', '1', {
      replicas: 4,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    });
    await settle();
    change('deployments', { template: templateOf('2') });
    const mixtures = new Set<string>();
    for (let step = 0; step < 400; step += 1) {
      await clock.advance(25);
      expect(pods().length).toBeLessThanOrEqual(5);
      expect(pods().filter(isReady).length).toBeGreaterThanOrEqual(3);
      mixtures.add(tags().toSorted().join(' '));
    }
    expect(tags()).toEqual(['2', '2', '2', '2']);
    expect(mixtures.size).toBeGreaterThan(3);
    expect(conditionOf('deployments', 'Progressing')).toBe('True NewReplicaSetAvailable');
    expect(get('deployments').metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
    const sizes = store.list('replicasets', 'shop').map((set) => numberAt(set, 'spec', 'replicas'));
    expect(sizes.toSorted((a, b) => a - b)).toEqual([0, 4]);
  });

  test('going back takes the ReplicaSet that is there and makes it the newest revision', async () => {
    create('deployments', '1');
    await settle();
    change('deployments', { template: templateOf('2') });
    await settle();
    change('deployments', { template: templateOf('1') });
    await settle();
    expect(tags()).toEqual(['1', '1', '1']);
    expect(store.list('replicasets', 'shop')).toHaveLength(2);
    expect(get('deployments').metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('3');
  });

  test('an image that crashes stops the rollout: restarts grow and the old pods stay', async () => {
    create('deployments', '1');
    await settle();
    change('deployments', { template: templateOf('crash'), progressDeadlineSeconds: 30 });
    await clock.advance(10_000);
    const crashing = (): ApiObject | undefined =>
      pods().find((pod) => stringAt(container(pod), 'image') === 'reg/app:crash');
    const early = numberAt(container(crashing()), 'restartCount');
    expect(early).toBeGreaterThan(1);
    await clock.advance(20_000);
    expect(numberAt(container(crashing()), 'restartCount')).toBeGreaterThan(early);
    const seen = new Set<string>();
    for (let step = 0; step < 200; step += 1) {
      await clock.advance(200);
      seen.add(stringAt(container(crashing()), 'state', 'waiting', 'reason'));
    }
    expect(seen).toContain('CrashLoopBackOff');
    expect(stringAt(container(crashing()), 'lastState', 'terminated', 'reason')).toBe('Error');
    expect(tags().filter((tag) => tag === '1').length).toBe(3);
    expect(conditionOf('deployments', 'Progressing')).toBe('False ProgressDeadlineExceeded');
    expect(conditionOf('deployments', 'Available')).toBe('True MinimumReplicasAvailable');
    expect(eventsOf('BackOff')).toContain('Back-off restarting failed container');
  });

  test('an image that the registry does not have shows as ErrImagePull and ImagePullBackOff', async () => {
    create('deployments', 'gone', { replicas: 1 });
    const seen = new Set<string>();
    for (let step = 0; step < 100; step += 1) {
      await clock.advance(100);
      seen.add(stringAt(container(pods()[0]), 'state', 'waiting', 'reason'));
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['ContainerCreating', 'ErrImagePull', 'ImagePullBackOff']),
    );
    expect(stringAt(pods()[0], 'status', 'phase')).toBe('Pending');
    expect(eventsOf('Failed')).toContain('Error: ErrImagePull');
    expect(conditionOf('deployments', 'Available')).toBe('False MinimumReplicasUnavailable');
  });

  test('an image that never gets ready runs and stays unready', async () => {
    create('deployments', 'unready', { replicas: 1 });
    await settle();
    expect(stringAt(pods()[0], 'status', 'phase')).toBe('Running');
    expect(container(pods()[0])).toMatchObject({ ready: false, restartCount: 0 });
    expect(valueAt(container(pods()[0]), 'state', 'running')).toBeDefined();
    expect(status('deployments')).toMatchObject({ replicas: 1, unavailableReplicas: 1 });
  });

  test('scales up, down and to nothing', async () => {
    create('deployments', '1');
    await settle();
    change('deployments', { replicas: 5 });
    await settle();
    expect(status('deployments')).toMatchObject({ replicas: 5, availableReplicas: 5 });
    change('deployments', { replicas: 0 });
    await settle();
    expect(pods()).toEqual([]);
    expect(conditionOf('deployments', 'Available')).toBe('True MinimumReplicasAvailable');
  });

  test('a pod that is deleted comes again', async () => {
    create('deployments', '1');
    await settle();
    const [pod] = pods();
    store.remove('pods', 'shop', pod?.metadata.name ?? '');
    await settle();
    expect(pods()).toHaveLength(3);
    expect(pods().every(isReady)).toBe(true);
    expect(eventsOf('Killing')).toEqual(['Stopping container app']);
  });

  test('with Recreate the old pods are gone before the new ones come', async () => {
    create('deployments', '1', { strategy: { type: 'Recreate' } });
    await settle();
    change('deployments', { template: templateOf('2') });
    for (let step = 0; step < 200; step += 1) {
      await clock.advance(25);
      expect(new Set(tags()).size).toBeLessThanOrEqual(1);
    }
    expect(tags()).toEqual(['2', '2', '2']);
  });

  test('while it is paused a new template starts nothing', async () => {
    create('deployments', '1');
    await settle();
    change('deployments', { paused: true, template: templateOf('2') });
    await settle();
    expect(tags()).toEqual(['1', '1', '1']);
    change('deployments', { paused: false });
    await settle();
    expect(tags()).toEqual(['2', '2', '2']);
  });

  test('containers start only after the init containers have ended', async () => {
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: {
        initContainers: [
          { name: 'migrate', image: 'reg/app:1' },
          { name: 'warm', image: 'reg/app:1' },
        ],
        containers: [{ name: 'app', image: 'reg/app:1' }],
      },
    };
    create('deployments', '1', { replicas: 1, template });
    await clock.advance(700);
    expect(arrayAt(pods()[0], 'status', 'initContainerStatuses')[0]).toMatchObject({
      state: { running: {} },
    });
    expect(container(pods()[0])).toMatchObject({ state: { waiting: { reason: 'PodInitializing' } } });
    await settle();
    const init = arrayAt(pods()[0], 'status', 'initContainerStatuses');
    expect(init.map((one) => stringAt(one, 'state', 'terminated', 'reason'))).toEqual([
      'Completed',
      'Completed',
    ]);
    expect(isReady(pods()[0] ?? get('deployments'))).toBe(true);
  });
});

describe('a StatefulSet', () => {
  test('makes its pods in order and replaces them from the last one down', async () => {
    create('statefulsets', '1', { serviceName: 'web' });
    await clock.advance(1000);
    expect(pods().map((pod) => pod.metadata.name)).toEqual(['web-0']);
    await settle();
    expect(pods().map((pod) => pod.metadata.name)).toEqual(['web-0', 'web-1', 'web-2']);
    const before = stringAt(status('statefulsets'), 'currentRevision');
    change('statefulsets', { template: templateOf('2') });
    await clock.advance(1000);
    expect(tags()).toEqual(['1', '1', '2']);
    expect(status('statefulsets')).toMatchObject({ currentRevision: before, updatedReplicas: 1 });
    await settle();
    expect(tags()).toEqual(['2', '2', '2']);
    const after = status('statefulsets');
    expect(after['currentRevision']).not.toBe(before);
    expect(after).toMatchObject({
      observedGeneration: 2,
      replicas: 3,
      readyReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      updateRevision: after['currentRevision'],
    });
    const labels = pods().map((pod) => pod.metadata.labels?.['controller-revision-hash']);
    expect(new Set(labels)).toEqual(new Set([after['updateRevision']]));
    const revisions = store.list('controllerrevisions', 'shop').map((one) => numberAt(one, 'revision'));
    expect(revisions.toSorted((a, b) => a - b)).toEqual([1, 2]);
  });

  test('stops at a pod that crashes and goes on when that pod is deleted after the way back', async () => {
    create('statefulsets', '1', { serviceName: 'web' });
    await settle();
    change('statefulsets', { template: templateOf('crash') });
    await settle();
    expect(tags()).toEqual(['1', '1', 'crash']);
    change('statefulsets', { template: templateOf('1') });
    await settle();
    expect(tags()).toEqual(['1', '1', 'crash']);
    store.remove('pods', 'shop', 'web-2');
    await settle();
    expect(tags()).toEqual(['1', '1', '1']);
    expect(status('statefulsets')).toMatchObject({ readyReplicas: 3, updatedReplicas: 3 });
  });

  test('leaves pods below the partition alone, and scales down from the last one', async () => {
    const updateStrategy = { rollingUpdate: { partition: 2 } };
    create('statefulsets', '1', { serviceName: 'web', updateStrategy });
    await settle();
    change('statefulsets', { template: templateOf('2') });
    await settle();
    expect(tags()).toEqual(['1', '1', '2']);
    change('statefulsets', { replicas: 1 });
    await settle();
    expect(pods().map((pod) => pod.metadata.name)).toEqual(['web-0']);
  });

  test('Parallel makes all pods at once', async () => {
    create('statefulsets', '1', { serviceName: 'web', podManagementPolicy: 'Parallel' });
    await clock.advance(300);
    expect(pods()).toHaveLength(3);
  });
});

describe('a DaemonSet', () => {
  test('has one pod on the one node and replaces it for a new template', async () => {
    create('daemonsets', '1');
    await settle();
    expect(status('daemonsets')).toMatchObject({
      desiredNumberScheduled: 1,
      currentNumberScheduled: 1,
      numberReady: 1,
      numberAvailable: 1,
      updatedNumberScheduled: 1,
      numberMisscheduled: 0,
    });
    change('daemonsets', { template: templateOf('2') });
    await settle();
    expect(tags()).toEqual(['2']);
    expect(status('daemonsets')).toMatchObject({ observedGeneration: 2, numberReady: 1 });
    expect(store.list('controllerrevisions', 'shop')).toHaveLength(2);
  });

  test('comes back from an image that crashes by itself', async () => {
    create('daemonsets', '1');
    await settle();
    change('daemonsets', { template: templateOf('crash') });
    await settle();
    expect(status('daemonsets')).toMatchObject({ numberReady: 0, numberUnavailable: 1 });
    change('daemonsets', { template: templateOf('1') });
    await settle();
    expect(tags()).toEqual(['1']);
    expect(status('daemonsets')).toMatchObject({ numberReady: 1 });
  });

  test('asks for no pod where no node matches its selector', async () => {
    const template = { ...templateOf('1') };
    const spec = { ...objectAt(template, 'spec'), nodeSelector: { disk: 'fast' } };
    create('daemonsets', '1', { template: { ...template, spec } });
    await settle();
    expect(pods()).toEqual([]);
  });
});

test('there is one node, and it is ready', () => {
  const nodes = store.list('nodes');
  expect(nodes.map((node) => node.metadata.name)).toEqual(['demo']);
  expect(stringAt(arrayAt(nodes[0], 'status', 'conditions')[0], 'status')).toBe('True');
});

test('what has come to rest writes nothing any more', async () => {
  create('deployments', '1');
  await clock.advance(60_000);
  let writes = 0;
  const unsubscribe = store.subscribe(() => {
    writes += 1;
  });
  await clock.advance(600_000);
  unsubscribe();
  expect(writes).toBe(0);
});
