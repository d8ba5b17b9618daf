import type { ApiObject } from '../api-object.ts';
import { numberAt, objectAt, stringMapAt, type JsonObject } from '../json.ts';
import type { ObjectStore } from '../store.ts';
import { controllerReference, ownedBy } from './owned.ts';
import { REVISION_HASH_LABEL, templateHash } from './revision-hash.ts';

const RESOURCE = 'controllerrevisions';

export interface TemplateRevision {
  /** The ControllerRevision's name. */
  readonly name: string;
  readonly hash: string;
}

/** Records the present template of a StatefulSet or DaemonSet as its newest ControllerRevision. */
export function recordRevision(store: ObjectStore, owner: ApiObject): TemplateRevision {
  const template = objectAt(owner, 'spec', 'template');
  const hash = templateHash(template);
  const name = `${owner.metadata.name}-${hash}`;
  const all = ownedBy(store, RESOURCE, owner);
  const known = all.find((revision) => revision.metadata.name === name);
  const newest = Math.max(0, ...all.map((revision) => numberAt(revision, 'revision')));
  if (known === undefined) {
    store.create(RESOURCE, {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name,
        ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
        labels: { ...stringMapAt(template, 'metadata', 'labels'), [REVISION_HASH_LABEL]: hash },
        ownerReferences: [controllerReference(owner)],
      },
      data: { spec: { template: { ...template, $patch: 'replace' } } },
      revision: newest + 1,
    });
  } else if (numberAt(known, 'revision') < newest) {
    // Going back to an older template makes its revision the newest again.
    store.update(RESOURCE, { ...known, revision: newest + 1 });
  }
  return { name, hash };
}

/** The template that a revision recorded; undefined when it is gone. */
export function templateOfRevision(
  store: ObjectStore,
  owner: ApiObject,
  name: string,
): JsonObject | undefined {
  const revision = store.get(RESOURCE, owner.metadata.namespace ?? '', name);
  if (revision === undefined) return undefined;
  const { $patch: _, ...template } = objectAt(revision, 'data', 'spec', 'template');
  return template;
}

/** Removes the oldest revisions beyond `spec.revisionHistoryLimit` that are not `inUse`. */
export function pruneRevisions(store: ObjectStore, owner: ApiObject, inUse: ReadonlySet<string>): void {
  const idle = ownedBy(store, RESOURCE, owner)
    .filter((revision) => !inUse.has(revision.metadata.name))
    .toSorted((a, b) => numberAt(a, 'revision') - numberAt(b, 'revision'));
  const excess = idle.length - numberAt(owner, 'spec', 'revisionHistoryLimit');
  for (const { metadata } of idle.slice(0, Math.max(0, excess)))
    store.remove(RESOURCE, metadata.namespace ?? '', metadata.name);
}
