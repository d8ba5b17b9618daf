import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Workload } from '../../src/core/workload.ts';
import { createCatalog } from '../../src/kubernetes/catalog.ts';
import { createKubernetesClient, type KubernetesClient } from '../../src/kubernetes/client.ts';
import { type Connection, loadConnection } from '../../src/kubernetes/connection.ts';
import { createEventRecorder } from '../../src/kubernetes/events.ts';
import { WORKLOAD_KINDS, type WorkloadKindDescriptor } from '../../src/kubernetes/kinds.ts';
import { createPullSecrets } from '../../src/kubernetes/pull-secrets.ts';
import { createReflector, type Reflector } from '../../src/kubernetes/reflector.ts';
import { systemClock } from '../../src/system.ts';
import { createRecordingLog } from '../../src/telemetry/recording-log.ts';
import { type ControlPlane, startControlPlane } from '../parts/control-plane.ts';
import { eventually } from '../parts/eventually.ts';
import { type FaultProxy, type ProxyFault, startFaultProxy } from '../parts/fault-proxy.ts';

const NAMESPACE = 'adapter';
const RECOVERY_MS = 10_000;

let plane: ControlPlane;
let connection: Connection;
let client: KubernetesClient;

beforeAll(async () => {
  plane = await startControlPlane();
  connection = await loadConnection({
    env: { KUBECONFIG: plane.admin.kubeconfigPath },
    readFile: (path) => readFile(path, 'utf8'),
    clock: systemClock,
  });
  client = createKubernetesClient({ connection });
  await client.request({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: NAMESPACE } },
  });
});

afterAll(async () => {
  client?.close();
  await plane?.stop();
});

function kind(name: string): WorkloadKindDescriptor {
  const found = WORKLOAD_KINDS.find((descriptor) => descriptor.kind === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

const annotated = { 'headwind.sh/policy': 'minor', 'headwind.sh/update-history': '[]' };

/** A workload that is scaled to zero: it costs the control plane nothing. */
function aWorkload(name: string, annotations: Readonly<Record<string, string>> = annotated): object {
  const labels = { app: name };
  return {
    metadata: { name, namespace: NAMESPACE, annotations },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          initContainers: [{ name: 'migrate', image: 'shop/migrate:1.0.0' }],
          containers: [
            { name: 'first', image: 'nginx:1.25', env: [{ name: 'KEEP', value: 'me' }] },
            { name: 'second', image: 'docker.io/library/nginx:1.24' },
            { name: 'third', image: 'redis:7' },
          ],
        },
      },
    },
  };
}

const create = (descriptor: WorkloadKindDescriptor, object: object): Promise<unknown> =>
  client.request({ method: 'POST', path: descriptor.listPath(NAMESPACE), body: object });

describe('a workload on a real API server', () => {
  it.each(['Deployment', 'StatefulSet', 'DaemonSet'])(
    '%s: is read, and one container is patched, in its place, beside nothing else',
    async (name) => {
      const descriptor = kind(name);
      const path = descriptor.objectPath(NAMESPACE, 'patched');
      const { replicas: _replicas, ...spec } = Object(aWorkload('patched')).spec;
      const object = name === 'DaemonSet' ? { ...aWorkload('patched'), spec } : aWorkload('patched');
      await create(descriptor, object);
      const change = {
        image: 'docker.io/library/nginx:1.26',
        annotations: { 'headwind.sh/last-update': 'now' },
      };
      // The controllers write status in between: then the precondition fails, as it should, and one reads again.
      const patched = await eventually(
        async () => {
          const { resourceVersion } = descriptor.read(await client.request({ method: 'GET', path }));
          const artifact = { type: 'container', name: 'second' } as const;
          const { contentType, body } = descriptor.patch({ ...change, artifact, resourceVersion });
          return descriptor.read(await client.request({ method: 'PATCH', path, contentType, body }));
        },
        { what: 'the patch is taken' },
      );
      expect(patched.artifacts).toEqual([
        { type: 'container', name: 'first', image: 'nginx:1.25' },
        { type: 'container', name: 'second', image: 'docker.io/library/nginx:1.26' },
        { type: 'container', name: 'third', image: 'redis:7' },
        { type: 'initContainer', name: 'migrate', image: 'shop/migrate:1.0.0' },
      ]);
      expect(patched.annotations).toEqual({ ...annotated, 'headwind.sh/last-update': 'now' });
      const whole = JSON.stringify(await client.request({ method: 'GET', path }));
      expect(whole).toContain('"env":[{"name":"KEEP","value":"me"}]');
    },
  );

  it('is not patched on an outdated state', async () => {
    const descriptor = kind('Deployment');
    await create(descriptor, aWorkload('outdated'));
    const { contentType, body } = descriptor.patch({
      artifact: { type: 'initContainer', name: 'migrate' },
      image: 'shop/migrate:2.0.0',
      annotations: {},
      resourceVersion: '1',
    });
    const path = descriptor.objectPath(NAMESPACE, 'outdated');
    await expect(client.request({ method: 'PATCH', path, contentType, body })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
    });
  });

  it('refuses with a status and a reason', async () => {
    const missing = client.request({ method: 'GET', path: '/api/v1/namespaces/nowhere' });
    await expect(missing).rejects.toMatchObject({
      status: 404,
      reason: 'NotFound',
      details: { name: 'nowhere' },
    });
    const stranger = createKubernetesClient({
      connection: { ...connection, token: () => Promise.resolve('x') },
    });
    await expect(stranger.request({ method: 'GET', path: '/api/v1/pods' })).rejects.toMatchObject({
      status: 401,
    });
    stranger.close();
    const doubting = createKubernetesClient({ connection: { ...connection, tls: {} } });
    await expect(doubting.request({ method: 'GET', path: '/version' })).rejects.toThrow(/certificate/);
    doubting.close();
  });
});

describe('list and watch on a real API server', () => {
  let proxy: FaultProxy;
  let proxied: KubernetesClient;
  let reflector: Reflector<Workload>;
  const catalog = createCatalog();
  const deployment = kind('Deployment');

  beforeAll(async () => {
    await Promise.all(
      Array.from({ length: 230 }, (_, index) =>
        create(deployment, aWorkload(`web-${index}`, index < 200 ? annotated : {})),
      ),
    );
    proxy = await startFaultProxy({ target: connection });
    proxied = createKubernetesClient({
      connection: { server: new URL(proxy.url), token: () => connection.token() },
    });
    reflector = createReflector<Workload>({
      client: proxied,
      path: deployment.listPath(NAMESPACE),
      resource: 'deployments',
      project: (object) => deployment.project(object),
      keyOf: ({ namespace, name }) => `Deployment/${namespace}/${name}`,
      onChange: (change) => {
        if (change.type === 'upsert') catalog.upsert(change.item);
        else catalog.remove(change.key);
      },
      clock: systemClock,
      random: Math.random,
      log: createRecordingLog().target('test'),
      idleTimeoutMs: 90_000,
      pageSize: 100,
    });
    reflector.start();
    await reflector.synced;
  });

  afterAll(async () => {
    await reflector?.stop();
    proxied?.close();
    await proxy?.close();
  });

  /** Something changes while `fault` lasts; afterwards all of it must be known within ten seconds. */
  async function survives(name: string, fault: () => Promise<void>): Promise<void> {
    const canary = `canary-${name}`;
    await create(deployment, aWorkload(`doomed-${name}`));
    const has = (key: string): boolean => catalog.get(`Deployment/${NAMESPACE}/${key}`) !== undefined;
    await eventually(() => has(`doomed-${name}`), { what: 'the doomed one is known' });
    await fault();
    await eventually(() => has(canary) && !has(`doomed-${name}`), {
      what: 'the canary is known and the doomed one gone',
      timeoutMs: RECOVERY_MS,
    });
  }

  const changeMeanwhile = async (name: string): Promise<void> => {
    await create(deployment, aWorkload(`canary-${name}`));
    await client.request({ method: 'DELETE', path: deployment.objectPath(NAMESPACE, `doomed-${name}`) });
  };

  it('is synced in pages and finds artifacts by repository', () => {
    expect(reflector.size).toBeGreaterThanOrEqual(200);
    expect(proxy.counts.pages).toBeGreaterThanOrEqual(3);
    expect(catalog.byRepository('docker.io/library/nginx').length).toBeGreaterThanOrEqual(400);
    const [first] = reflector.values();
    expect(first?.annotations).toEqual({ 'headwind.sh/policy': 'minor' });
  });

  it('survives a cut connection without a list', async () => {
    const { lists } = proxy.counts;
    await survives('cut', async () => {
      proxy.destroyWatches();
      await changeMeanwhile('cut');
    });
    expect(proxy.counts.lists).toBe(lists);
  });

  it.each<[string, ProxyFault]>([
    ['gone', { kind: 'gone' }],
    ['trouble', { kind: 'status', status: 500 }],
    ['limits', { kind: 'status', status: 429, retryAfterSeconds: 1 }],
  ])('survives %s', async (name, fault) => {
    const lists = proxy.counts.lists;
    await survives(name, async () => {
      const { watches } = proxy.counts;
      proxy.setWatchFault(fault);
      proxy.endWatches();
      await changeMeanwhile(name);
      await eventually(() => proxy.counts.watches >= watches + 2, { what: 'it was refused twice' });
      proxy.setWatchFault(undefined);
    });
    expect(proxy.counts.lists - lists).toBeLessThanOrEqual(6);
  });

  it('survives a restart of the API server', async () => {
    const { lists } = proxy.counts;
    await survives('restart', async () => {
      await plane.stopApiServer();
      await plane.startApiServer();
      await changeMeanwhile('restart');
    });
    expect(proxy.counts.lists - lists).toBeLessThanOrEqual(2);
  });
});

describe('events and pull secrets on a real API server', () => {
  const EventList = z.object({
    items: z.array(z.object({ reason: z.string(), count: z.number(), message: z.string() })),
  });

  it('an Event is written once and counted up', async () => {
    const dropped: string[] = [];
    const recorder = createEventRecorder({
      client,
      clock: systemClock,
      log: createRecordingLog().target('test'),
      onDropped: () => dropped.push('one'),
    });
    const {
      apiVersion,
      kind: kindName,
      name,
      uid,
    } = kind('Deployment').read(
      await client.request({ method: 'GET', path: kind('Deployment').objectPath(NAMESPACE, 'patched') }),
    );
    const event = {
      regarding: { apiVersion, kind: kindName, namespace: NAMESPACE, name, uid },
      type: 'Warning',
      reason: 'InvalidAnnotation',
      message: 'headwind.sh/policy: "mnior" is not a policy',
    } as const;
    recorder.record(event);
    const path = `/api/v1/namespaces/${NAMESPACE}/events`;
    const query = { fieldSelector: `involvedObject.uid=${uid},reason=InvalidAnnotation` };
    const count = async (): Promise<number | undefined> =>
      EventList.parse(await client.request({ method: 'GET', path, query })).items[0]?.count;
    await eventually(async () => (await count()) === 1, { what: 'the Event is there' });
    recorder.record(event);
    recorder.record(event);
    await recorder.stop();
    expect(await count()).toBe(3);
    expect(dropped).toEqual([]);
  });

  it('credentials come from real Secrets and a real service account', async () => {
    const data = (config: object): string => Buffer.from(JSON.stringify(config)).toString('base64');
    const secret = (name: string, type: string, field: string, config: object): Promise<unknown> =>
      client.request({
        method: 'POST',
        path: `/api/v1/namespaces/${NAMESPACE}/secrets`,
        body: { metadata: { name }, type, data: { [field]: data(config) } },
      });
    const login = (username: string) => ({ username, password: 'p', auth: data({}) });
    await secret('new', 'kubernetes.io/dockerconfigjson', '.dockerconfigjson', {
      auths: { 'https://index.docker.io/v1/': login('hub') },
    });
    await secret('old', 'kubernetes.io/dockercfg', '.dockercfg', { 'docker.io/acme': login('acme') });
    await client.request({
      method: 'POST',
      path: `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`,
      body: { metadata: { name: 'puller' }, imagePullSecrets: [{ name: 'old' }] },
    });
    const pullSecrets = createPullSecrets({ client, clock: systemClock });
    const found = await pullSecrets.credentialsFor(
      { namespace: NAMESPACE, pullSecrets: ['new', 'absent'], serviceAccount: 'puller' },
      { host: 'docker.io', path: 'acme/app' },
    );
    expect(found).toEqual([
      { username: 'hub', password: 'p' },
      { username: 'acme', password: 'p' },
    ]);
  });
});
