import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload } from '../../test/builders.ts';
import { fail, ok } from '../core/result.ts';
import { requestKey, type UpdateRequest } from '../core/update-request.ts';
import { workloadKey } from '../core/workload.ts';
import { createHeldVersions, type HeldVersions } from './held-versions.ts';
import { artifactKeyOf } from './request-store.ts';

const REJECTED = aRequest({
  name: 'no',
  status: { phase: 'Rejected', rejectedBy: 'bob', rejectedAt: '2026-01-01T11:00:00Z' },
});
const COMPLETED = aRequest({ name: 'done', status: { phase: 'Completed' } });

/** Over requests in memory; the first `conflicts` writes find that somebody else was faster. */
function underTest(
  all: readonly UpdateRequest[],
  { image = 'nginx:1.25.0', conflicts = 0 }: { readonly image?: string; readonly conflicts?: number } = {},
) {
  const requests = new Map(all.map((request) => [requestKey(request), request]));
  const told: string[] = [];
  let toRefuse = conflicts;
  const web = aWorkload({ artifacts: [aContainer({ image })] });
  const held: HeldVersions = createHeldVersions({
    catalog: { get: (key) => (key === workloadKey(web) ? web : undefined) },
    requests: {
      all: () => requests.values(),
      ofArtifact: (key) => [...requests.values()].filter((request) => artifactKeyOf(request) === key),
      fetch: (namespace, name) => Promise.resolve(requests.get(`${namespace}/${name}`)),
      annotate: (request, annotations) => {
        toRefuse -= 1;
        if (toRefuse >= 0) return Promise.resolve(fail('conflict'));
        const written = { ...request, metadata: { ...request.metadata, annotations } };
        requests.set(requestKey(written), written);
        return Promise.resolve(ok(written));
      },
    },
    onReleased: (request, workload, { identity }) =>
      told.push(`${request.metadata.name} ${workload?.name ?? 'gone'} ${identity}`),
  });
  const release = (name: string) =>
    held.release({ namespace: 'shop', name, identity: 'ann', reason: undefined });
  return { held, release, told, requests };
}

describe('the versions that are held back', () => {
  it('are told with where they are held', () => {
    const far = aRequest({
      name: 'far',
      namespace: 'other',
      spec: { targetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', namespace: 'other' } },
      status: { phase: 'RolledBack' },
    });
    const { held } = underTest([REJECTED, far, aRequest({ name: 'open' })]);
    expect(
      held.list({}).map(({ namespace, kind, workload, why }) => [namespace, kind, workload, why]),
    ).toEqual([
      ['other', 'DaemonSet', 'agent', 'rolled back'],
      ['shop', 'Deployment', 'web', 'rejected'],
    ]);
    expect(held.list({ namespace: 'shop' })).toMatchObject([{ request: 'no', artifact: 'web', by: 'bob' }]);
    expect(held.list({ visible: (namespace) => namespace === 'other' })).toMatchObject([{ request: 'far' }]);
  });

  it('are those that were taken back by hand too', () => {
    expect(underTest([COMPLETED]).held.list({})).toMatchObject([
      { request: 'done', why: 'taken back by hand' },
    ]);
    expect(underTest([COMPLETED], { image: 'nginx:1.26.0' }).held.list({})).toEqual([]);
  });
});

describe('lifting a hold', () => {
  it('is written once, told once, and may be asked for twice', async () => {
    const { held, release, told, requests } = underTest([REJECTED]);
    expect(await release('no')).toMatchObject({ kind: 'released', request: { metadata: { name: 'no' } } });
    expect(requests.get('shop/no')?.metadata.annotations).toEqual({
      'headwind.sh/hold-released': 'true',
      'headwind.sh/hold-released-by': 'ann',
    });
    expect(held.list({})).toEqual([]);
    expect(await release('no')).toMatchObject({ kind: 'released-before' });
    expect(told).toEqual(['no web ann']);
  });

  it('is tried again where somebody else has written, but not for ever', async () => {
    expect(await underTest([REJECTED], { conflicts: 2 }).release('no')).toMatchObject({ kind: 'released' });
    expect(await underTest([REJECTED], { conflicts: 99 }).release('no')).toMatchObject({ kind: 'conflict' });
  });

  it('is possible for one that has done its work', async () => {
    expect(await underTest([REJECTED], { image: 'nginx:1.27.0' }).release('no')).toMatchObject({
      kind: 'released',
    });
  });

  it.each<[string, string, string]>([
    ['what is not there', 'gone', 'not-found'],
    ['what is only proposed', 'open', 'conflict'],
    ['what runs', 'done', 'conflict'],
  ])('is refused for %s', async (_name, name, kind) => {
    const { release, told } = underTest([aRequest({ name: 'open' }), COMPLETED], { image: 'nginx:1.26.0' });
    expect(await release(name)).toMatchObject({ kind });
    expect(told).toEqual([]);
  });
});
