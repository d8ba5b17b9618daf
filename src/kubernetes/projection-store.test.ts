import { describe, expect, it } from 'vitest';
import { createProjectionStore, type ProjectionStore } from './projection-store.ts';

interface Told {
  readonly store: ProjectionStore<string>;
  readonly told: string[];
}

/** Keeps the annotation `keep` of an object; throws on `keep: "bad"`. */
function aStore(): Told {
  const told: string[] = [];
  const store = createProjectionStore<string>({
    project: (object) => {
      const keep = JSON.stringify(object).match(/"keep":"(\w+)"/)?.[1];
      if (keep === 'bad') throw new Error('bad');
      return keep;
    },
    keyOf: ({ name }) => name,
    onChange: ({ type, key, item }) => told.push(`${type} ${key}=${item}`),
    onUnparsable: (key) => told.push(`unparsable ${key}`),
  });
  return { store, told };
}

function anObject(
  name: string,
  version: number,
  keep: string | undefined = 'yes',
  uid = `uid-${name}`,
): unknown {
  return { metadata: { name, uid, resourceVersion: String(version), annotations: { keep } } };
}

describe('the store of projections', () => {
  it('tells an object once, and again only when its version changes', () => {
    const { store, told } = aStore();
    store.apply(anObject('a', 1));
    store.apply(anObject('a', 1));
    store.apply(anObject('a', 2, 'other'));
    expect(told).toEqual(['upsert a=yes', 'upsert a=other']);
    expect(store.get('a')).toBe('other');
    expect([...store.values()]).toEqual(['other']);
  });

  it('keeps nothing of an object that projects to nothing, and removes it when it did before', () => {
    const { store, told } = aStore();
    store.apply(anObject('a', 1, 'no thing'));
    store.apply(anObject('b', 1));
    store.apply({ metadata: { name: 'b', uid: 'uid-b', resourceVersion: '2' } });
    expect(told).toEqual(['upsert b=yes', 'remove b=yes']);
    expect(store.size).toBe(0);
  });

  it('removes what a list no longer shows, and tells nothing of what did not change', () => {
    const { store, told } = aStore();
    for (const name of ['same', 'changed', 'gone', 'unannotated']) store.apply(anObject(name, 1));
    told.length = 0;
    const listing = store.beginList();
    store.apply(anObject('same', 1));
    store.apply(anObject('changed', 2));
    store.apply({ metadata: { name: 'unannotated', uid: 'uid-unannotated', resourceVersion: '2' } });
    store.apply(anObject('new', 3));
    listing.end();
    expect(told).toEqual([
      'upsert changed=yes',
      'remove unannotated=yes',
      'upsert new=yes',
      'remove gone=yes',
    ]);
  });

  it('removes nothing when a list breaks off', () => {
    const { store, told } = aStore();
    for (const name of ['a', 'b']) store.apply(anObject(name, 1));
    store.beginList();
    store.apply(anObject('a', 1));
    const second = store.beginList();
    store.apply(anObject('b', 1));
    store.apply(anObject('a', 1));
    second.end();
    expect(told).toEqual(['upsert a=yes', 'upsert b=yes']);
  });

  it('tells a removal when another object took the name, even with the same version', () => {
    const { store, told } = aStore();
    store.apply(anObject('a', 1, 'old', 'uid-1'));
    store.apply(anObject('a', 1, 'new', 'uid-2'));
    expect(told).toEqual(['upsert a=old', 'remove a=old', 'upsert a=new']);
  });

  it('skips an object that cannot be read, and does not act on what it was before', () => {
    const { store, told } = aStore();
    store.apply(anObject('a', 1));
    store.apply(anObject('a', 2, 'bad'));
    store.apply('not an object');
    store.apply(anObject('b', 3));
    expect(told).toEqual([
      'upsert a=yes',
      'unparsable a',
      'remove a=yes',
      'unparsable undefined',
      'upsert b=yes',
    ]);
  });

  it('forgets a deleted object and does not mind one that it never knew', () => {
    const { store, told } = aStore();
    store.apply(anObject('a', 1));
    store.forget(anObject('a', 2));
    store.forget(anObject('b', 2));
    store.forget(undefined);
    expect(told).toEqual(['upsert a=yes', 'remove a=yes']);
  });
});
