// Answers the dashboard's lists as the server does, in a process that has done nothing else before. Prints JSON:
// milliseconds of the first answer, and of later ones, from the query to the text that goes over the wire; and of the
// floor, one pass over as many objects that compares two of their texts.
// Argument: how many requests and workloads there are.
import { ANNOTATION } from '../../src/core/annotations.ts';
import { UpdateRequest } from '../../src/core/update-request.ts';
import type { Workload } from '../../src/core/workload.ts';
import { UpdateListQuery } from '../../src/http/dashboard-shapes.ts';
import { WorkloadListQuery } from '../../src/http/dashboard-workload-shapes.ts';
import { listUpdates } from '../../src/http/dashboard/update-list.ts';
import { createRowIndex } from '../../src/http/dashboard/update-rows.ts';
import { listWorkloads } from '../../src/http/dashboard/workload-list.ts';
import { createWorkloadsView } from '../../src/pipeline/workloads-view.ts';
import { median } from '../quantile.ts';

const RUNS = 15;
const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
const PHASES = ['Pending', 'Completed', 'Completed', 'Rejected', 'Failed', 'Superseded'] as const;

const count = Number(process.argv[2]);
const requests = Array.from({ length: count }, (_, index) => aRequest(index));
const workloads = Array.from({ length: count }, (_, index) => aWorkload(index));
const view = createWorkloadsView({
  catalog: { all: () => workloads, get: () => undefined },
  requests: { ofArtifact: (key) => requests.slice(...placeOf(key)) },
  decisions: { get: () => undefined },
  troublesOf: () => [],
  waitingFor: () => [],
  clock: { now: () => NOW_MS, elapsed: () => NOW_MS, after: () => () => undefined },
});
const rows = createRowIndex();
const viewpoint = { synced: true, partial: false };

function aRequest(index: number): UpdateRequest {
  const name = `app-${index}`;
  const namespace = `team-${index % 50}`;
  return UpdateRequest.parse({
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: {
      name: `${name}-app-1-1-0`,
      namespace,
      uid: `uid-${index}`,
      resourceVersion: String(index),
      creationTimestamp: new Date(NOW_MS - index * 60_000).toISOString(),
    },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace },
      updateType: 'image',
      containerName: 'app',
      currentImage: `registry.example.com/${namespace}/${name}:1.0.0`,
      newImage: `registry.example.com/${namespace}/${name}:1.${index % 9}.0`,
      policy: index % 3 === 0 ? 'minor' : 'patch',
      requireApproval: true,
    },
    status: { phase: PHASES[index % PHASES.length] },
  });
}

function aWorkload(index: number): Workload {
  const name = `app-${index}`;
  const namespace = `team-${index % 50}`;
  return {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    namespace,
    name,
    uid: `uid-${index}`,
    resourceVersion: String(index),
    annotations: {
      [ANNOTATION.policy]: 'minor',
      [ANNOTATION.lastUpdate]: new Date(NOW_MS - index * 60_000).toISOString(),
    },
    artifacts: [
      { type: 'container', name: 'app', image: `registry.example.com/${namespace}/${name}:1.0.0` },
      { type: 'container', name: 'proxy', image: 'registry.example.com/proxy:2.0.0' },
    ],
    pullSecrets: [],
    serviceAccount: 'default',
  };
}

/** Where in `requests` those of an artifact are. */
function placeOf(key: string): readonly [number, number] {
  const [, number] = /app-(\d+)#app$/.exec(key) ?? [];
  return number === undefined ? [0, 0] : [Number(number), Number(number) + 1];
}

function timed(run: () => unknown): number {
  const startedMs = performance.now();
  run();
  return performance.now() - startedMs;
}

const updates = (query: object): string =>
  JSON.stringify(
    listUpdates({
      requests,
      query: UpdateListQuery.parse(query),
      rows,
      waitingFor: () => [],
      viewpoint,
    }),
  );
const ofWorkloads = (query: object): string =>
  JSON.stringify(
    listWorkloads({ outlines: view.outlines({}), query: WorkloadListQuery.parse(query), viewpoint }),
  );
const floor = (): number =>
  requests.filter(({ metadata }) => metadata.name.includes('99') && metadata.namespace !== 'team-1').length;

const QUERIES = [
  { q: 'app-99', sort: '-created' },
  { namespace: 'team-7,team-8', sort: 'namespace' },
  { sort: 'namespace', page: '3' },
];
const floors = Array.from({ length: RUNS }, () => timed(floor));
const measure = (list: (query: object) => string): object => ({
  firstMs: timed(() => list(QUERIES[0] ?? {})),
  laterMs: median(
    Array.from({ length: RUNS }, (_, run) => timed(() => list(QUERIES[run % QUERIES.length] ?? {}))),
  ),
});
console.log(
  JSON.stringify({
    updates: measure(updates),
    workloads: measure((query) => ofWorkloads({ ...query, sort: 'state' })),
    floorMs: median(floors),
  }),
);
