import { describe, expect, test } from 'vitest';
import { numberAt, objectAt, stringAt, valueAt } from '../../src/sandbox/kubernetes/json.ts';
import { eventually } from '../parts/eventually.ts';
import {
  aConfigMap,
  aWorkload,
  causesOf,
  configMapsPath,
  versionOf,
  workloadsPath,
  type Subject,
} from './contract-fixtures.ts';

/** Reading and writing of single objects. */
export function describeObjects(subject: () => Subject): void {
  describe('creating', () => {
    test('answers 201 with uid, resourceVersion and creationTimestamp', async () => {
      const answer = await subject().post(configMapsPath(subject()), aConfigMap('created'));
      expect(answer.status).toBe(201);
      expect(answer.contentType).toContain('application/json');
      expect(answer.body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1' } });
      const metadata = objectAt(answer.body, 'metadata');
      expect(metadata['namespace']).toBe(subject().namespace);
      expect(metadata['uid']).toMatch(/^[0-9a-f-]{36}$/);
      expect(metadata['resourceVersion']).toMatch(/^[1-9]\d*$/);
      expect(metadata['creationTimestamp']).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
      expect(metadata['generation']).toBeUndefined();
    });

    test('twice answers 409 AlreadyExists', async () => {
      await subject().created(configMapsPath(subject()), aConfigMap('twice'));
      const answer = await subject().post(configMapsPath(subject()), aConfigMap('twice'));
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'AlreadyExists',
        message: 'configmaps "twice" already exists',
        details: { name: 'twice', kind: 'configmaps' },
        code: 409,
      });
    });

    test('with generateName makes names that differ', async () => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } };
      const names = new Set<string>();
      for (let count = 0; count < 5; count += 1)
        names.add(stringAt(await subject().created(configMapsPath(subject()), body), 'metadata', 'name'));
      expect(names.size).toBe(5);
      for (const name of names) expect(name).toMatch(/^made-[a-z0-9]{5}$/);
    });

    test('in a namespace that is missing answers 404 and names the namespace', async () => {
      const answer = await subject().post('/api/v1/namespaces/missing-one/configmaps', aConfigMap('lost'));
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({
        reason: 'NotFound',
        message: 'namespaces "missing-one" not found',
      });
    });

    test('for another namespace than the path says answers 400', async () => {
      const body = aConfigMap('elsewhere', { metadata: { namespace: 'default' } });
      const answer = await subject().post(configMapsPath(subject()), body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ reason: 'BadRequest' });
    });

    test.each([
      ['a name in capitals', { name: 'Capitals' }, 'metadata.name: FieldValueInvalid'],
      ['no name', {}, 'metadata.name: FieldValueRequired'],
      ['a label with a space', { name: 'x', labels: { a: 'b c' } }, 'metadata.labels: FieldValueInvalid'],
      [
        'a label that is too long',
        { name: 'x', labels: { a: 'b'.repeat(64) } },
        'metadata.labels: FieldValueInvalid',
      ],
      [
        'an annotation key with a space',
        { name: 'x', annotations: { 'a b': 'c' } },
        'metadata.annotations: FieldValueInvalid',
      ],
    ])('with %s answers 422', async (_what, metadata, cause) => {
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
      const answer = await subject().post(configMapsPath(subject()), body);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({
        reason: 'Invalid',
        status: 'Failure',
        details: { kind: 'ConfigMap' },
      });
      expect(causesOf(answer)).toContain(cause);
    });

    test('what is not JSON answers 400', async () => {
      const path = configMapsPath(subject());
      const answer = await subject().call({ method: 'POST', path, body: '{"apiVersion": ' });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
    });

    test('in a media type that nobody reads answers 415', async () => {
      const path = configMapsPath(subject());
      const answer = await subject().call({ method: 'POST', path, body: 'a=b', contentType: 'text/csv' });
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'UnsupportedMediaType' });
    });

    test('as a dry run writes nothing', async () => {
      const path = configMapsPath(subject());
      expect((await subject().post(`${path}?dryRun=All`, aConfigMap('rehearsed'))).status).toBe(201);
      expect((await subject().get(`${path}/rehearsed`)).status).toBe(404);
    });
  });

  describe('getting', () => {
    test('what is missing answers 404 with a Status that names it', async () => {
      const answer = await subject().get(`${workloadsPath(subject(), 'deployments')}/nobody`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        message: 'deployments.apps "nobody" not found',
        details: { name: 'nobody', group: 'apps', kind: 'deployments' },
        code: 404,
      });
    });

    test('a resource that is not served answers 404', async () => {
      const answer = await subject().get('/apis/apps/v1/namespaces/default/nonsense');
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'NotFound' });
    });

    test('a group that is not served answers 404', async () => {
      expect((await subject().get('/apis/nobody.example/v1/things')).status).toBe(404);
    });

    test('in a format that cannot be written answers 406', async () => {
      const answer = await subject().get(configMapsPath(subject()), 'text/html');
      expect(answer.status).toBe(406);
    });
  });

  describe('replacing', () => {
    test('with the current resourceVersion is stored under a new one', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('replaced'));
      const answer = await subject().put(`${path}/replaced`, { ...first, data: { a: '2' } });
      expect(answer.status).toBe(200);
      expect(objectAt(answer.body, 'data')).toEqual({ a: '2' });
      expect(Number(versionOf(answer.body))).toBeGreaterThan(Number(versionOf(first)));
    });

    test('with an old resourceVersion answers 409 Conflict', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('contested'));
      await subject().put(`${path}/contested`, { ...first, data: { a: '2' } });
      const answer = await subject().put(`${path}/contested`, { ...first, data: { a: '3' } });
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject({
        kind: 'Status',
        reason: 'Conflict',
        code: 409,
        details: { name: 'contested', kind: 'configmaps' },
      });
      expect(stringAt(answer.body, 'message')).toContain('the object has been modified');
    });

    test('without a resourceVersion overwrites where the kind allows it', async () => {
      const path = configMapsPath(subject());
      await subject().created(path, aConfigMap('overwritten'));
      const answer = await subject().put(`${path}/overwritten`, {
        ...aConfigMap('overwritten'),
        data: { b: '1' },
      });
      expect(answer.status).toBe(200);
      expect(objectAt(answer.body, 'data')).toEqual({ b: '1' });
    });

    test('with the same content keeps the resourceVersion', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('unchanged'));
      const answer = await subject().put(`${path}/unchanged`, first);
      expect(answer.status).toBe(200);
      expect(versionOf(answer.body)).toBe(versionOf(first));
    });

    test('under another name than the path says answers 400', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('named'));
      const answer = await subject().put(`${path}/other`, first);
      expect([400, 404]).toContain(answer.status);
    });

    test('what is missing answers 404', async () => {
      const answer = await subject().put(`${configMapsPath(subject())}/absent`, aConfigMap('absent'));
      expect(answer.status).toBe(404);
    });

    test('of another uid answers 409', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('reborn'));
      const metadata = { ...objectAt(first, 'metadata'), uid: '00000000-0000-4000-8000-000000000000' };
      expect((await subject().put(`${path}/reborn`, { ...first, metadata })).status).toBe(409);
    });
  });

  describe('deleting', () => {
    test('answers Success with the uid, and then the object is gone', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('doomed'));
      const answer = await subject().remove(`${path}/doomed`);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name: 'doomed', kind: 'configmaps', uid: stringAt(first, 'metadata', 'uid') },
      });
      expect((await subject().get(`${path}/doomed`)).status).toBe(404);
      expect((await subject().remove(`${path}/doomed`)).status).toBe(404);
    });

    test.each(['uid', 'resourceVersion'])(
      'with another %s as precondition answers 409 and keeps it',
      async (key) => {
        const path = configMapsPath(subject());
        const name = `guarded-${key.toLowerCase()}`;
        await subject().created(path, aConfigMap(name));
        const value = key === 'uid' ? '00000000-0000-4000-8000-000000000000' : '1';
        const answer = await subject().remove(`${path}/${name}`, { preconditions: { [key]: value } });
        expect(answer.status).toBe(409);
        expect(answer.body).toMatchObject({ reason: 'Conflict' });
        expect((await subject().get(`${path}/${name}`)).status).toBe(200);
      },
    );

    test('what has a finalizer only marks it, until the finalizer is taken away', async () => {
      const path = configMapsPath(subject());
      await subject().created(
        path,
        aConfigMap('held', { metadata: { finalizers: ['contract.example/hold'] } }),
      );
      const answer = await subject().remove(`${path}/held`);
      expect(answer.status).toBe(200);
      expect(stringAt(answer.body, 'metadata', 'deletionTimestamp')).not.toBe('');
      const freed = await subject().patch(`${path}/held`, 'merge', { metadata: { finalizers: null } });
      expect(freed.status).toBe(200);
      expect((await subject().get(`${path}/held`)).status).toBe(404);
    });

    test('a collection takes what the selector means and leaves the rest', async () => {
      const path = configMapsPath(subject());
      for (const name of ['swept-1', 'swept-2'])
        await subject().created(path, aConfigMap(name, { metadata: { labels: { swept: 'yes' } } }));
      await subject().created(path, aConfigMap('unswept'));
      expect((await subject().remove(`${path}?labelSelector=swept%3Dyes`)).status).toBe(200);
      expect((await subject().get(`${path}/swept-1`)).status).toBe(404);
      expect((await subject().get(`${path}/swept-2`)).status).toBe(404);
      expect((await subject().get(`${path}/unswept`)).status).toBe(200);
    });

    test('an owner takes its dependents with it', async () => {
      const path = configMapsPath(subject());
      const owner = await subject().created(path, aConfigMap('owner'));
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: stringAt(owner, 'metadata', 'uid') },
      ];
      await subject().created(path, aConfigMap('dependent', { metadata: { ownerReferences } }));
      await subject().remove(`${path}/owner`, { propagationPolicy: 'Background' });
      const gone = await eventually(async () => (await subject().get(`${path}/dependent`)).status === 404, {
        what: 'the dependent is collected',
        timeoutMs: 40_000,
      });
      expect(gone).toBe(true);
    });
  });

  describe('the status subresource and the generation of a Deployment', () => {
    test('a write of the object leaves the status, a write of the status leaves the object', async () => {
      const path = workloadsPath(subject(), 'daemonsets');
      const body = { ...aWorkload('DaemonSet', 'statused'), status: { numberReady: 7 } };
      const first = await subject().created(path, body);
      expect(numberAt(first, 'status', 'numberReady')).toBe(0);
      const answer = await subject().patch(`${path}/statused/status`, 'merge', {
        metadata: { labels: { smuggled: 'yes' } },
        spec: { minReadySeconds: 99 },
        status: { collisionCount: 3 },
      });
      expect(answer.status).toBe(200);
      expect(numberAt(answer.body, 'status', 'collisionCount')).toBe(3);
      expect(valueAt(answer.body, 'spec', 'minReadySeconds')).toBeUndefined();
    });

    test('the generation rises with the spec', async () => {
      const path = workloadsPath(subject(), 'statefulsets');
      const first = await subject().created(path, aWorkload('StatefulSet', 'generations'));
      expect(numberAt(first, 'metadata', 'generation')).toBe(1);
      const annotated = await subject().patch(`${path}/generations`, 'merge', {
        metadata: { annotations: { a: 'b' } },
      });
      expect(numberAt(annotated.body, 'metadata', 'generation')).toBe(1);
      const scaled = await subject().patch(`${path}/generations`, 'merge', {
        spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
      });
      expect(numberAt(scaled.body, 'metadata', 'generation')).toBe(2);
    });

    test('of a Deployment it rises with its annotations too', async () => {
      const path = workloadsPath(subject(), 'deployments');
      await subject().created(path, { ...aWorkload('Deployment', 'annotated') });
      const before = await eventually(
        async () => {
          const { body } = await subject().get(`${path}/annotated`);
          return valueAt(body, 'metadata', 'annotations') === undefined ? undefined : objectAt(body);
        },
        { what: 'the Deployment' },
      );
      const after = await subject().patch(`${path}/annotated`, 'merge', {
        metadata: { annotations: { a: 'b' } },
      });
      expect(numberAt(after.body, 'metadata', 'generation')).toBeGreaterThan(
        numberAt(before, 'metadata', 'generation'),
      );
    });

    test('the scale subresource reads and writes the replicas', async () => {
      const path = workloadsPath(subject(), 'statefulsets');
      await subject().created(path, aWorkload('StatefulSet', 'scaled'));
      const scale = await subject().get(`${path}/scaled/scale`);
      expect(scale.body).toMatchObject({
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        spec: {},
        status: { selector: 'app=scaled' },
      });
      const answer = await subject().patch(`${path}/scaled/scale`, 'merge', { spec: { replicas: 2 } });
      expect(answer.status).toBe(200);
      expect(numberAt(answer.body, 'spec', 'replicas')).toBe(2);
      expect(numberAt((await subject().get(`${path}/scaled`)).body, 'spec', 'replicas')).toBe(2);
    });
  });

  describe('what a built-in kind demands', () => {
    test.each([
      [
        'a selector that does not match',
        { selector: { matchLabels: { other: 'x' } } },
        'spec.template.metadata.labels: FieldValueInvalid',
      ],
      ['no selector', { selector: undefined }, 'spec.selector: FieldValueRequired'],
      ['negative replicas', { replicas: -1 }, 'spec.replicas: FieldValueInvalid'],
    ])('a Deployment with %s answers 422', async (_what, difference, cause) => {
      const workload = aWorkload('Deployment', 'refused');
      const answer = await subject().post(workloadsPath(subject(), 'deployments'), {
        ...workload,
        spec: { ...objectAt(workload, 'spec'), ...difference },
      });
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toContain(cause);
    });

    test('a container without an image answers 422', async () => {
      const path = workloadsPath(subject(), 'deployments');
      await subject().created(path, aWorkload('Deployment', 'imageless'));
      const answer = await subject().patch(`${path}/imageless`, 'strategic', {
        spec: { template: { spec: { containers: [{ name: 'web', image: '' }] } } },
      });
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toContain('spec.template.spec.containers[0].image: FieldValueRequired');
    });

    test('an Event about an object of another namespace answers 422', async () => {
      const { namespace } = subject();
      const answer = await subject().post(`/api/v1/namespaces/${namespace}/events`, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'foreign' },
        involvedObject: { kind: 'Deployment', name: 'web', namespace: 'default' },
        reason: 'Test',
        type: 'Normal',
      });
      expect(answer.status).toBe(422);
      expect(causesOf(answer)).toEqual(['involvedObject.namespace: FieldValueInvalid']);
    });

    test('a Deployment gets its defaults', async () => {
      const object = await subject().created(
        workloadsPath(subject(), 'deployments'),
        aWorkload('Deployment', 'defaulted'),
      );
      expect(object['spec']).toMatchObject({
        replicas: 0,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        revisionHistoryLimit: 10,
        progressDeadlineSeconds: 600,
        template: {
          spec: {
            restartPolicy: 'Always',
            dnsPolicy: 'ClusterFirst',
            containers: [
              { imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: 80, protocol: 'TCP' }] },
              { terminationMessagePath: '/dev/termination-log' },
            ],
          },
        },
      });
    });

    test('the strings of a Secret are stored as base64', async () => {
      const path = `/api/v1/namespaces/${subject().namespace}/secrets`;
      const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'words' }, stringData: { a: 'b' } };
      const answer = await subject().created(path, body);
      expect(answer).toMatchObject({ type: 'Opaque', data: { a: 'Yg==' } });
      expect(answer['stringData']).toBeUndefined();
    });
  });
}
