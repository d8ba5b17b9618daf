import { describe, expect, test } from 'vitest';
import { arrayAt, numberAt, objectAt, stringAt } from '../../src/sandbox/kubernetes/json.ts';
import {
  aConfigMap,
  anUpdateRequest,
  aWorkload,
  configMapsPath,
  nameOf,
  requestsPath,
  TABLE,
  versionOf,
  workloadsPath,
  type Subject,
} from './contract-fixtures.ts';

/** Lists, pages, selectors, tables, discovery. */
export function describeLists(subject: () => Subject): void {
  const names = (body: unknown): readonly string[] => arrayAt(body, 'items').map(nameOf);

  describe('a list', () => {
    test('comes in pages that show one moment', async () => {
      const path = requestsPath(subject());
      const all = ['page-a', 'page-b', 'page-c', 'page-d', 'page-e'];
      for (const name of all)
        await subject().created(path, {
          ...anUpdateRequest(name),
          metadata: { name, labels: { paged: 'yes' } },
        });
      const query = `${path}?labelSelector=paged%3Dyes&limit=2`;
      const first = await subject().get(query);
      expect(names(first.body)).toEqual(['page-a', 'page-b']);
      expect(first.body).toMatchObject({ kind: 'UpdateRequestList', apiVersion: 'headwind.sh/v1alpha1' });
      // What comes and goes between two pages does not show.
      await subject().created(path, {
        ...anUpdateRequest('page-bb'),
        metadata: { name: 'page-bb', labels: { paged: 'yes' } },
      });
      await subject().remove(`${path}/page-e`);
      const second = await subject().get(
        `${query}&continue=${encodeURIComponent(stringAt(first.body, 'metadata', 'continue'))}`,
      );
      expect(names(second.body)).toEqual(['page-c', 'page-d']);
      expect(versionOf(second.body)).toBe(versionOf(first.body));
      const third = await subject().get(
        `${query}&continue=${encodeURIComponent(stringAt(second.body, 'metadata', 'continue'))}`,
      );
      expect(names(third.body)).toEqual(['page-e']);
      expect(stringAt(third.body, 'metadata', 'continue')).toBe('');
    });

    test('tells how many are left', async () => {
      const path = `/api/v1/namespaces/${subject().namespace}/endpoints`;
      for (const name of ['left-1', 'left-2', 'left-3'])
        await subject().created(path, { apiVersion: 'v1', kind: 'Endpoints', metadata: { name } });
      const { body } = await subject().get(`${path}?limit=1`);
      expect(numberAt(body, 'metadata', 'remainingItemCount')).toBe(2);
    });

    test('with a continue token that is none answers 400', async () => {
      const answer = await subject().get(`${configMapsPath(subject())}?limit=1&continue=nonsense`);
      expect(answer.status).toBe(400);
    });

    test('of an empty namespace has an empty list and a resourceVersion', async () => {
      const { status, body } = await subject().get('/apis/apps/v1/namespaces/no-such-namespace/deployments');
      expect(status).toBe(200);
      expect(arrayAt(body, 'items')).toEqual([]);
      expect(Number(versionOf(body))).toBeGreaterThan(0);
    });

    test('of built-in objects does not repeat their kind, of custom ones it does', async () => {
      await subject().created(configMapsPath(subject()), aConfigMap('kindless'));
      await subject().created(requestsPath(subject()), anUpdateRequest('kindful'));
      const builtIn = await subject().get(
        `${configMapsPath(subject())}?fieldSelector=metadata.name%3Dkindless`,
      );
      const custom = await subject().get(`${requestsPath(subject())}?fieldSelector=metadata.name%3Dkindful`);
      expect(arrayAt(builtIn.body, 'items').map((item) => stringAt(item, 'kind'))).toEqual(['']);
      expect(arrayAt(custom.body, 'items').map((item) => stringAt(item, 'kind'))).toEqual(['UpdateRequest']);
    });

    test('of all namespaces holds those of this one', async () => {
      await subject().created(configMapsPath(subject()), aConfigMap('anywhere'));
      const { body } = await subject().get('/api/v1/configmaps?fieldSelector=metadata.name%3Danywhere');
      expect(arrayAt(body, 'items').map((item) => stringAt(item, 'metadata', 'namespace'))).toContain(
        subject().namespace,
      );
    });

    test('at a resourceVersion of the future is refused', async () => {
      const { status } = await subject().get(`${configMapsPath(subject())}?resourceVersion=999999999`);
      expect(status).toBe(504);
    }, 20_000);

    test.each([
      ['tier=front', ['sel-a', 'sel-b']],
      ['tier==front,zone=1', ['sel-a']],
      ['tier!=front', ['sel-c']],
      ['tier in (front,back)', ['sel-a', 'sel-b', 'sel-c']],
      ['zone notin (1)', ['sel-b', 'sel-c']],
      ['zone', ['sel-a', 'sel-b']],
      ['!zone', ['sel-c']],
      ['zone>1', ['sel-b']],
    ])('selected by labels %s', async (selector, expected) => {
      const path = `/api/v1/namespaces/${subject().namespace}/serviceaccounts`;
      const labelled = {
        'sel-a': { tier: 'front', zone: '1' },
        'sel-b': { tier: 'front', zone: '2' },
        'sel-c': { tier: 'back' },
      };
      for (const [name, labels] of Object.entries(labelled))
        await subject().post(path, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name, labels: { ...labels, selectable: 'yes' } },
        });
      const query = encodeURIComponent(`selectable,${selector}`);
      expect(names((await subject().get(`${path}?labelSelector=${query}`)).body)).toEqual(expected);
    });

    test('with a label selector that cannot be read answers 400', async () => {
      const answer = await subject().get(
        `${configMapsPath(subject())}?labelSelector=${encodeURIComponent('a in b')}`,
      );
      expect(answer.status).toBe(400);
    });

    test('of Events is selected by the object that they are about', async () => {
      const { namespace } = subject();
      const path = `/api/v1/namespaces/${namespace}/events`;
      for (const name of ['about-web', 'about-db'])
        await subject().created(path, {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name },
          involvedObject: { kind: 'Deployment', name: name.slice(6), namespace, uid: `uid-${name}` },
          reason: 'Test',
          type: 'Normal',
          message: 'for the selector',
        });
      const select = (text: string): string => `${path}?fieldSelector=${encodeURIComponent(text)}`;
      expect(names((await subject().get(select('involvedObject.name=web,reason=Test'))).body)).toEqual([
        'about-web',
      ]);
      expect(names((await subject().get(select('involvedObject.uid=uid-about-db'))).body)).toEqual([
        'about-db',
      ]);
      expect(names((await subject().get(select('reason=Test,involvedObject.name!=web'))).body)).toEqual([
        'about-db',
      ]);
    });

    test('by a field that the kind does not offer answers 400', async () => {
      const answer = await subject().get(`${configMapsPath(subject())}?fieldSelector=data.a%3D1`);
      expect(answer.status).toBe(400);
    });
  });

  describe('a Table', () => {
    test.each([
      [
        'deployments',
        ['Name', 'Ready', 'Up-to-date', 'Available', 'Age', 'Containers', 'Images', 'Selector'],
      ],
      ['statefulsets', ['Name', 'Ready', 'Age', 'Containers', 'Images']],
      [
        'daemonsets',
        [
          'Name',
          'Desired',
          'Current',
          'Ready',
          'Up-to-date',
          'Available',
          'Node Selector',
          'Age',
          'Containers',
          'Images',
          'Selector',
        ],
      ],
      ['replicasets', ['Name', 'Desired', 'Current', 'Ready', 'Age', 'Containers', 'Images', 'Selector']],
    ])('of %s has the columns that kubectl prints', async (plural, columns) => {
      const { body } = await subject().get(workloadsPath(subject(), plural), TABLE);
      expect(arrayAt(body, 'columnDefinitions').map((column) => stringAt(column, 'name'))).toEqual(columns);
    });

    test.each([
      ['/api/v1/namespaces', ['Name', 'Status', 'Age']],
      [
        '/api/v1/nodes',
        [
          'Name',
          'Status',
          'Roles',
          'Age',
          'Version',
          'Internal-IP',
          'External-IP',
          'OS-Image',
          'Kernel-Version',
          'Container-Runtime',
        ],
      ],
      [
        '/api/v1/pods',
        ['Name', 'Ready', 'Status', 'Restarts', 'Age', 'IP', 'Node', 'Nominated Node', 'Readiness Gates'],
      ],
      ['/api/v1/services', ['Name', 'Type', 'Cluster-IP', 'External-IP', 'Port(s)', 'Age', 'Selector']],
      ['/api/v1/configmaps', ['Name', 'Data', 'Age']],
      ['/api/v1/secrets', ['Name', 'Type', 'Data', 'Age']],
      ['/api/v1/serviceaccounts', ['Name', 'Secrets', 'Age']],
      [
        '/api/v1/events',
        [
          'Last Seen',
          'Type',
          'Reason',
          'Object',
          'Subobject',
          'Source',
          'Message',
          'First Seen',
          'Count',
          'Name',
        ],
      ],
      ['/api/v1/endpoints', ['Name', 'Endpoints', 'Age']],
      ['/apis/coordination.k8s.io/v1/leases', ['Name', 'Holder', 'Age']],
      ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', ['Name', 'Created At']],
    ])('at %s has the columns that kubectl prints', async (path, columns) => {
      const { body } = await subject().get(path, TABLE);
      expect(arrayAt(body, 'columnDefinitions').map((column) => stringAt(column, 'name'))).toEqual(columns);
    });

    test('has a row per object, with as much of the object as was asked for', async () => {
      const path = workloadsPath(subject(), 'statefulsets');
      await subject().created(path, aWorkload('StatefulSet', 'tabled'));
      const cells = async (include: string): Promise<unknown> =>
        arrayAt((await subject().get(`${path}/tabled?includeObject=${include}`, TABLE)).body, 'rows')[0];
      expect(arrayAt(await cells('None'), 'cells').filter((_cell, index) => index !== 2)).toEqual([
        'tabled',
        '0/0',
        'web,side',
        'nginx:1.25.0,docker.io/library/busybox:1.36',
      ]);
      expect(objectAt(await cells('Metadata'), 'object')).toMatchObject({ kind: 'PartialObjectMetadata' });
      expect(objectAt(await cells('Object'), 'object')).toMatchObject({ kind: 'StatefulSet' });
    });
  });

  describe('discovery', () => {
    test('names the versions and groups', async () => {
      expect((await subject().get('/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
      const { body } = await subject().get('/apis');
      const groups = arrayAt(body, 'groups').map((group) => stringAt(group, 'name'));
      expect(groups).toEqual(
        expect.arrayContaining(['apps', 'coordination.k8s.io', 'apiextensions.k8s.io', 'headwind.sh']),
      );
      expect((await subject().get('/apis/apps')).body).toMatchObject({ kind: 'APIGroup', name: 'apps' });
    });

    test.each([
      ['/api/v1', 'pods', 'Pod', ['po']],
      ['/apis/apps/v1', 'deployments', 'Deployment', ['deploy']],
      ['/apis/headwind.sh/v1alpha1', 'updaterequests', 'UpdateRequest', ['ur', 'upd']],
    ])('%s lists %s', async (path, name, kind, shortNames) => {
      const { body } = await subject().get(path);
      const resources = arrayAt(body, 'resources');
      const found = resources.find((resource) => stringAt(resource, 'name') === name);
      expect(found).toMatchObject({ namespaced: true, kind, shortNames });
      expect(arrayAt(found, 'verbs')).toEqual(
        expect.arrayContaining(['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']),
      );
      expect(resources.map((resource) => stringAt(resource, 'name'))).toContain(`${name}/status`);
    });

    test.each(['/healthz', '/livez', '/readyz'])('%s says ok', async (path) => {
      expect(await subject().get(path)).toMatchObject({ status: 200, body: 'ok' });
    });

    test('/version has major and minor', async () => {
      expect((await subject().get('/version')).body).toMatchObject({
        major: '1',
        gitVersion: expect.stringMatching(/^v1\./),
      });
    });

    test('a review of the own rights says yes', async () => {
      const answer = await subject().post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
      });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ status: { allowed: true } });
    });
  });
}
