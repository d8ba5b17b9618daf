import { describe, expect, test } from 'vitest';
import { arrayAt, objectAt, stringAt, stringMapAt, valueAt } from '../../src/sandbox/kubernetes/json.ts';
import { eventually } from '../parts/eventually.ts';
import {
  aConfigMap,
  anUpdateRequest,
  aWorkload,
  configMapsPath,
  requestsPath,
  versionOf,
  workloadsPath,
  type Subject,
} from './contract-fixtures.ts';
import type { Answer } from './contract-api.ts';

const KINDS = [
  ['Deployment', 'deployments'],
  ['StatefulSet', 'statefulsets'],
  ['DaemonSet', 'daemonsets'],
] as const;

function imagesOf(object: unknown): Record<string, string> {
  const spec = valueAt(object, 'spec', 'template', 'spec');
  const all = [...arrayAt(spec, 'initContainers'), ...arrayAt(spec, 'containers')];
  return Object.fromEntries(all.map((item) => [stringAt(item, 'name'), stringAt(item, 'image')]));
}

/** The three kinds of patch. */
export function describePatches(subject: () => Subject): void {
  describe('a patch of one image, guarded by the resourceVersion', () => {
    test.each(KINDS)('of a %s changes that container and nothing else', async (kind, plural) => {
      const path = `${workloadsPath(subject(), plural)}/patched`;
      await subject().created(workloadsPath(subject(), plural), aWorkload(kind, 'patched'));
      // Controllers may write in between; then the guard holds, and one tries again.
      const { before, after } = await eventually(
        async () => {
          const current = await subject().get(path);
          const answer = await subject().patch(path, 'strategic', {
            metadata: {
              resourceVersion: versionOf(current.body),
              annotations: { 'headwind.sh/last-update': 'now' },
            },
            spec: {
              template: { spec: { containers: [{ name: 'side', image: 'docker.io/library/busybox:1.37' }] } },
            },
          });
          return answer.status === 200 ? { before: current.body, after: answer.body } : undefined;
        },
        { what: 'a patch without a conflict' },
      );
      expect(imagesOf(after)).toEqual({
        prepare: 'busybox:1.36',
        web: 'nginx:1.25.0',
        side: 'docker.io/library/busybox:1.37',
      });
      expect(stringMapAt(after, 'metadata', 'annotations')).toMatchObject({
        'headwind.sh/policy': 'minor',
        'headwind.sh/last-update': 'now',
      });
      const others = (object: unknown): unknown => ({
        ...objectAt(object, 'spec', 'template', 'spec'),
        containers: arrayAt(object, 'spec', 'template', 'spec', 'containers').map((item) => ({
          ...objectAt(item),
          image: '',
        })),
      });
      expect(others(after)).toEqual(others(before));
    });

    test.each(KINDS)(
      'of a %s with an old resourceVersion answers 409 and changes nothing',
      async (kind, plural) => {
        const path = `${workloadsPath(subject(), plural)}/stale`;
        const first = await subject().created(workloadsPath(subject(), plural), aWorkload(kind, 'stale'));
        await subject().patch(path, 'merge', { metadata: { annotations: { somebody: 'else' } } });
        const answer = await subject().patch(path, 'strategic', {
          metadata: { resourceVersion: versionOf(first) },
          spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx:2' }] } } },
        });
        expect(answer.status).toBe(409);
        expect(answer.body).toMatchObject({
          kind: 'Status',
          reason: 'Conflict',
          details: { kind: plural, name: 'stale' },
        });
        expect(imagesOf((await subject().get(path)).body)).toMatchObject({ web: 'nginx:1.25.0' });
      },
    );

    test('of an init container changes the init container', async () => {
      const path = `${workloadsPath(subject(), 'deployments')}/prepared`;
      await subject().created(workloadsPath(subject(), 'deployments'), aWorkload('Deployment', 'prepared'));
      const answer = await subject().patch(path, 'strategic', {
        spec: { template: { spec: { initContainers: [{ name: 'prepare', image: 'busybox:1.37' }] } } },
      });
      expect(imagesOf(answer.body)).toMatchObject({ prepare: 'busybox:1.37', web: 'nginx:1.25.0' });
    });
  });

  describe('a strategic merge patch', () => {
    const template = async (name: string, patch: unknown): Promise<Answer> => {
      const path = workloadsPath(subject(), 'deployments');
      await subject().created(path, aWorkload('Deployment', name));
      return subject().patch(`${path}/${name}`, 'strategic', { spec: { template: { spec: patch } } });
    };
    const podSpec = (answer: Answer): unknown => valueAt(answer.body, 'spec', 'template', 'spec');
    const namesIn = (list: readonly unknown[]): readonly string[] =>
      list.map((item) => stringAt(item, 'name'));

    test('merges variables by name and removes one with a directive', async () => {
      const answer = await template('variables', {
        containers: [
          {
            name: 'web',
            env: [
              { name: 'A', value: '10' },
              { name: 'C', value: '3' },
              { $patch: 'delete', name: 'B' },
            ],
          },
        ],
      });
      const [web] = arrayAt(podSpec(answer), 'containers');
      expect(
        arrayAt(web, 'env')
          .map((item) => `${stringAt(item, 'name')}=${stringAt(item, 'value')}`)
          .sort(),
      ).toEqual(['A=10', 'C=3']);
    });

    test('merges ports by number, volumes and pull secrets by name', async () => {
      const answer = await template('merged-lists', {
        containers: [{ name: 'web', ports: [{ containerPort: 8080 }, { containerPort: 80, name: 'http' }] }],
        volumes: [{ name: 'more', emptyDir: {} }],
        imagePullSecrets: [{ name: 'second' }],
      });
      const [web] = arrayAt(podSpec(answer), 'containers');
      const ports = arrayAt(web, 'ports').map((port) => [
        valueAt(port, 'containerPort'),
        stringAt(port, 'name'),
      ]);
      expect(ports).toHaveLength(2);
      expect(ports).toContainEqual([80, 'http']);
      expect(namesIn(arrayAt(podSpec(answer), 'volumes')).toSorted()).toEqual(['more', 'scratch']);
      expect(namesIn(arrayAt(podSpec(answer), 'imagePullSecrets')).toSorted()).toEqual(['pull', 'second']);
    });

    test('removes a container with a directive', async () => {
      const answer = await template('removed-container', {
        containers: [{ $patch: 'delete', name: 'side' }],
      });
      expect(namesIn(arrayAt(podSpec(answer), 'containers'))).toEqual(['web']);
    });

    test('replaces a list with a directive', async () => {
      const answer = await template('replaced-list', {
        containers: [{ $patch: 'replace' }, { name: 'only', image: 'nginx:3' }],
      });
      expect(namesIn(arrayAt(podSpec(answer), 'containers'))).toEqual(['only']);
    });

    test('replaces a map with a directive', async () => {
      const answer = await template('replaced-map', {
        nodeSelector: { $patch: 'replace', elsewhere: 'yes' },
      });
      expect(valueAt(podSpec(answer), 'nodeSelector')).toEqual({ elsewhere: 'yes' });
    });

    test('puts the items in the order that a directive gives', async () => {
      const answer = await template('ordered', {
        '$setElementOrder/containers': [{ name: 'side' }, { name: 'web' }],
        containers: [{ name: 'web', image: 'nginx:1.26.0' }],
      });
      expect(namesIn(arrayAt(podSpec(answer), 'containers'))).toEqual(['side', 'web']);
    });

    test('removes a field with null', async () => {
      const answer = await template('nulled', { nodeSelector: null });
      expect(valueAt(podSpec(answer), 'nodeSelector')).toBeUndefined();
    });

    test('merges conditions by type', async () => {
      const path = `/api/v1/namespaces/${subject().namespace}/pods`;
      await subject().created(path, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'conditioned' },
        spec: { nodeSelector: { nowhere: 'true' }, containers: [{ name: 'web', image: 'nginx:1' }] },
      });
      for (const [type, status] of [
        ['Ready', 'False'],
        ['Other', 'True'],
        ['Ready', 'True'],
      ]) {
        const answer = await subject().patch(`${path}/conditioned/status`, 'strategic', {
          status: { conditions: [{ type, status }] },
        });
        expect(answer.status).toBe(200);
      }
      const { body } = await subject().get(`${path}/conditioned`);
      const conditions = arrayAt(body, 'status', 'conditions').map(
        (item) => `${stringAt(item, 'type')}=${stringAt(item, 'status')}`,
      );
      expect(conditions).toContain('Ready=True');
      expect(conditions).toContain('Other=True');
      expect(conditions).not.toContain('Ready=False');
    });

    test('of a custom resource answers 415', async () => {
      await subject().created(requestsPath(subject()), anUpdateRequest('not-strategic'));
      const answer = await subject().patch(`${requestsPath(subject())}/not-strategic`, 'strategic', {
        spec: {},
      });
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'UnsupportedMediaType' });
    });
  });

  describe('a merge patch', () => {
    test('sets, merges and removes', async () => {
      const path = configMapsPath(subject());
      await subject().created(path, { ...aConfigMap('merged'), data: { a: '1', b: '2' } });
      const answer = await subject().patch(`${path}/merged`, 'merge', { data: { a: null, c: '3' } });
      expect(answer.status).toBe(200);
      expect(objectAt(answer.body, 'data')).toEqual({ b: '2', c: '3' });
    });

    test('replaces lists', async () => {
      const path = workloadsPath(subject(), 'deployments');
      await subject().created(path, aWorkload('Deployment', 'list-replaced'));
      const answer = await subject().patch(`${path}/list-replaced`, 'merge', {
        spec: {
          template: { spec: { containers: [{ name: 'only', image: 'nginx:3' }], initContainers: null } },
        },
      });
      expect(imagesOf(answer.body)).toEqual({ only: 'nginx:3' });
    });

    test('that changes nothing keeps the resourceVersion', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('idle'));
      const answer = await subject().patch(`${path}/idle`, 'merge', { data: { a: '1' } });
      expect(versionOf(answer.body)).toBe(versionOf(first));
    });

    test('of what is missing answers 404', async () => {
      expect((await subject().patch(`${configMapsPath(subject())}/nobody`, 'merge', {})).status).toBe(404);
    });

    test('of the name answers 4xx and changes nothing', async () => {
      const path = configMapsPath(subject());
      await subject().created(path, aConfigMap('renamed'));
      const answer = await subject().patch(`${path}/renamed`, 'merge', { metadata: { name: 'other' } });
      expect([400, 422]).toContain(answer.status);
    });

    test('in an unknown media type answers 415', async () => {
      const path = `${configMapsPath(subject())}/any`;
      await subject().created(configMapsPath(subject()), aConfigMap('any'));
      const answer = await subject().call({
        method: 'PATCH',
        path,
        body: {},
        contentType: 'application/json',
      });
      expect(answer.status).toBe(415);
    });
  });

  describe('a JSON patch', () => {
    test('applies its operations in order', async () => {
      const path = configMapsPath(subject());
      await subject().created(path, { ...aConfigMap('in-order'), data: { a: '1', 'x.y': '2' } });
      const answer = await subject().patch(`${path}/in-order`, 'json', [
        { op: 'test', path: '/data/a', value: '1' },
        { op: 'copy', from: '/data/a', path: '/data/b' },
        { op: 'replace', path: '/data/a', value: '10' },
        { op: 'remove', path: '/data/x.y' },
        { op: 'move', from: '/data/b', path: '/data/c' },
      ]);
      expect(answer.status).toBe(200);
      expect(objectAt(answer.body, 'data')).toEqual({ a: '10', c: '1' });
    });

    test('whose test fails answers 422 and changes nothing', async () => {
      const path = configMapsPath(subject());
      const first = await subject().created(path, aConfigMap('tested'));
      const answer = await subject().patch(`${path}/tested`, 'json', [
        { op: 'replace', path: '/data/a', value: '2' },
        { op: 'test', path: '/data/a', value: '1' },
      ]);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ kind: 'Status', reason: 'Invalid' });
      expect(versionOf((await subject().get(`${path}/tested`)).body)).toBe(versionOf(first));
    });

    test('of an image, guarded by a test of the current one, also works on a list by index', async () => {
      const path = workloadsPath(subject(), 'deployments');
      await subject().created(path, aWorkload('Deployment', 'by-index'));
      const image = '/spec/template/spec/containers/0/image';
      const patch = [
        { op: 'test', path: image, value: 'nginx:1.25.0' },
        { op: 'replace', path: image, value: 'nginx:1.26.0' },
      ];
      expect((await subject().patch(`${path}/by-index`, 'json', patch)).status).toBe(200);
      expect((await subject().patch(`${path}/by-index`, 'json', patch)).status).toBe(422);
      expect(imagesOf((await subject().get(`${path}/by-index`)).body)['web']).toBe('nginx:1.26.0');
    });

    test.each([
      ['of a path that is missing', [{ op: 'remove', path: '/data/zzz' }], [422]],
      ['that is no list', { op: 'remove', path: '/data/a' }, [400]],
    ])('%s is refused', async (what, patch, statuses) => {
      const path = configMapsPath(subject());
      const name = what.replaceAll(' ', '-');
      await subject().created(path, aConfigMap(name));
      expect(statuses).toContain((await subject().patch(`${path}/${name}`, 'json', patch)).status);
    });
  });
}
