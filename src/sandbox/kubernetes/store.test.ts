import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../test/parts/fake-clock.ts';
import { updateRequestCrd } from '../../core/update-request-crd.ts';
import { toDraft } from './api-object.ts';
import { BUILT_IN_TYPES } from './built-in-types.ts';
import { CRD_TYPE, followCrds } from './crds.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { createResourceTypes } from './resource-type.ts';
import { createObjectStore, type RevisionedStore } from './store.ts';

function aStore(historyLimit = 1000): { store: RevisionedStore; clock: FakeClock } {
  const types = createResourceTypes([...BUILT_IN_TYPES, CRD_TYPE]);
  const clock = new FakeClock();
  let uids = 0;
  const newUid = (): string => `00000000-0000-4000-8000-${String((uids += 1)).padStart(12, '0')}`;
  const store = createObjectStore({ types, clock, newUid, historyLimit });
  followCrds({ store, types, clock });
  startGarbageCollector({ store, types, clock });
  for (const name of ['default', 'other']) store.create('namespaces', { metadata: { name } });
  return { store, clock };
}

const named = (name: string, more: object = {}): { metadata: { name: string; namespace: string } } => ({
  metadata: { name, namespace: 'default', ...more },
});

describe('the object store', () => {
  test('gives objects that nobody can change', () => {
    const { store } = aStore();
    const object = store.create('configmaps', { ...named('a'), data: { key: 'value' } });
    expect(Object.isFrozen(object)).toBe(true);
    expect(() => Object.assign(Object(object['data']), { key: 'other' })).toThrow(TypeError);
  });

  test('lists by namespace and name', () => {
    const { store } = aStore();
    for (const [namespace, name] of [
      ['other', 'a'],
      ['default', 'b'],
      ['default', 'a'],
    ])
      store.create('configmaps', { metadata: { name: name ?? '', namespace: namespace ?? '' } });
    const keys = (namespace?: string): readonly string[] =>
      store.list('configmaps', namespace).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(keys()).toEqual(['default/a', 'default/b', 'other/a']);
    expect(keys('other')).toEqual(['other/a']);
  });

  test('tells listeners in the order of the revisions, also when a listener writes', () => {
    const { store } = aStore();
    const revisions: number[] = [];
    store.subscribe((event) => {
      if (event.type === 'ADDED') store.update(event.resource, { ...event.object, data: { seen: 'yes' } });
    });
    const unsubscribe = store.subscribe((event) => revisions.push(event.revision));
    store.create('configmaps', named('a'));
    unsubscribe();
    store.create('configmaps', named('b'));
    expect(revisions).toHaveLength(2);
    expect(revisions).toEqual(revisions.toSorted((left, right) => left - right));
  });

  test('does not write what changes nothing', () => {
    const { store } = aStore();
    const object = store.create('configmaps', named('a'));
    const before = store.revision;
    expect(store.update('configmaps', object)).toBe(object);
    expect(store.revision).toBe(before);
  });

  test('forgets the oldest events, and says so', () => {
    const { store } = aStore(10);
    const start = store.revision;
    store.create('configmaps', named('a'));
    const middle = store.revision;
    expect(store.since('configmaps', start)).toHaveLength(1);
    for (let count = 0; count < 50; count += 1)
      store.update('configmaps', { ...named('a'), data: { count: String(count) } });
    expect(store.since('configmaps', start)).toBeUndefined();
    expect(store.snapshot('configmaps', middle)).toBeUndefined();
    expect(store.since('configmaps', store.revision)).toEqual([]);
  });

  test('shows how things were', () => {
    const { store } = aStore();
    store.create('configmaps', { ...named('a'), data: { key: '1' } });
    store.create('configmaps', named('b'));
    const then = store.revision;
    store.update('configmaps', { ...named('a'), data: { key: '2' } });
    store.remove('configmaps', 'default', 'b');
    store.create('configmaps', named('c'));
    const names = (revision: number): unknown =>
      store.snapshot('configmaps', revision)?.map(({ metadata, data }) => [metadata.name, data]);
    expect(names(then)).toEqual([
      ['a', { key: '1' }],
      ['b', undefined],
    ]);
    expect(names(store.revision)).toEqual([
      ['a', { key: '2' }],
      ['c', undefined],
    ]);
  });

  test('keeps only so many Events', () => {
    const { store } = aStore(100);
    for (let count = 0; count < 2100; count += 1)
      store.create('events', {
        ...named(`event-${count}`),
        involvedObject: { kind: 'Deployment', name: 'web', namespace: 'default' },
      });
    expect(store.list('events')).toHaveLength(2000);
    expect(store.get('events', 'default', 'event-0')).toBeUndefined();
    expect(store.get('events', 'default', 'event-2099')).toBeDefined();
  });

  test('refuses a resource that there is not', () => {
    const { store } = aStore();
    expect(() => store.get('nonsense', 'default', 'a')).toThrow('could not find the requested resource');
  });
});

describe('the garbage collector', () => {
  test('takes dependents with their owner, and theirs with them', async () => {
    const { store, clock } = aStore();
    let owner = store.create('configmaps', named('owner'));
    for (const name of ['child', 'grandchild']) {
      const ownerReferences = [
        { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid },
      ];
      owner = store.create('configmaps', named(name, { ownerReferences }));
    }
    store.remove('configmaps', 'default', 'owner');
    await clock.advance(1);
    await clock.advance(1);
    expect(store.list('configmaps')).toEqual([]);
  });

  test('keeps what has another owner, and what has an owner of a kind that is not known', async () => {
    const { store, clock } = aStore();
    const [first, second] = ['first', 'second'].map((name) => store.create('configmaps', named(name)));
    const reference = (uid = '', name = '', kind = 'ConfigMap'): object => ({
      apiVersion: 'v1',
      kind,
      name,
      uid,
    });
    const both = [reference(first?.metadata.uid, 'first'), reference(second?.metadata.uid, 'second')];
    store.create('configmaps', toDraft(named('shared', { ownerReferences: both })));
    store.create(
      'configmaps',
      toDraft(named('foreign', { ownerReferences: [reference('x', 'x', 'Spaceship')] })),
    );
    store.remove('configmaps', 'default', 'first');
    await clock.advance(1);
    expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual([
      'foreign',
      'second',
      'shared',
    ]);
  });

  test('takes what comes after its owner has gone', async () => {
    const { store, clock } = aStore();
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'gone' }];
    store.create('configmaps', named('late', { ownerReferences }));
    await clock.advance(1);
    expect(store.list('configmaps')).toEqual([]);
  });

  test.each([
    ['Foreground', []],
    ['Orphan', ['child']],
  ] as const)('with %s leaves %j', async (propagation, left) => {
    const { store, clock } = aStore();
    const owner = store.create('configmaps', named('owner'));
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    store.create('configmaps', named('child', { ownerReferences }));
    expect(store.remove('configmaps', 'default', 'owner', { propagation }).gone).toBe(false);
    await clock.advance(1);
    await clock.advance(1);
    expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(left);
  });

  test('empties a namespace that is deleted, and nothing may be created in it meanwhile', async () => {
    const { store, clock } = aStore();
    store.create('configmaps', { metadata: { name: 'a', namespace: 'other' } });
    const { object, gone } = store.remove('namespaces', '', 'other');
    expect([gone, object['status']]).toEqual([false, { phase: 'Terminating' }]);
    expect(() => store.create('configmaps', { metadata: { name: 'b', namespace: 'other' } })).toThrow(
      'terminated',
    );
    await clock.advance(1);
    await clock.advance(1);
    expect(store.get('namespaces', '', 'other')).toBeUndefined();
    expect(store.list('configmaps', 'other')).toEqual([]);
  });

  test('never lets go of the namespace default', () => {
    const { store } = aStore();
    expect(() => store.remove('namespaces', '', 'default')).toThrow('may not be deleted');
  });
});

describe('custom resources in the store', () => {
  test('come and go with their definition', () => {
    const { store } = aStore();
    store.create('customresourcedefinitions', toDraft(updateRequestCrd()));
    expect(store.list('updaterequests')).toEqual([]);
    store.remove('customresourcedefinitions', '', 'updaterequests.headwind.sh');
    expect(() => store.list('updaterequests')).toThrow('could not find');
  });
});
