import { z } from 'zod';
import { eventually } from '../eventually.ts';
import type { World } from '../world.ts';

/** The workloads that every scenario is played with. */
export const SHAPES = {
  Deployment: { kind: 'Deployment', plural: 'deployments', pods: 2 },
  'StatefulSet of one': { kind: 'StatefulSet', plural: 'statefulsets', pods: 1 },
  'StatefulSet of three': { kind: 'StatefulSet', plural: 'statefulsets', pods: 3 },
  DaemonSet: { kind: 'DaemonSet', plural: 'daemonsets', pods: 1 },
} as const;
export type ShapeName = keyof typeof SHAPES;
export type Shape = (typeof SHAPES)[ShapeName];
export const SHAPE_NAMES = [
  'Deployment',
  'StatefulSet of one',
  'StatefulSet of three',
  'DaemonSet',
] as const satisfies readonly ShapeName[];

export interface RunningWorkload {
  readonly name: string;
  readonly image: string;
  /** Without `headwind.sh/`; a patch or minor version is applied at once and watched, unless told. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** No pod at all: zero replicas, or a node selector that no node fulfils. */
  readonly scaledToZero?: boolean;
}

const WATCHED = {
  policy: 'minor',
  'require-approval': 'false',
  'min-update-interval': '0',
  'auto-rollback': 'true',
  'rollback-timeout': '90s',
  'health-check-retries': '2',
};

/** A workload whose pods run: one container called `app`, ready when it serves HTTP. */
export function runningWorkload(shape: Shape, workload: RunningWorkload): object {
  const labels = { app: workload.name };
  const annotations = Object.entries({ ...WATCHED, ...workload.annotations });
  const none = workload.scaledToZero === true;
  return {
    apiVersion: 'apps/v1',
    kind: shape.kind,
    metadata: {
      name: workload.name,
      annotations: Object.fromEntries(annotations.map(([key, value]) => [`headwind.sh/${key}`, value])),
    },
    spec: {
      selector: { matchLabels: labels },
      ...(shape.kind === 'StatefulSet' ? { serviceName: workload.name } : {}),
      ...(shape.kind === 'DaemonSet' ? {} : { replicas: none ? 0 : shape.pods }),
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          automountServiceAccountToken: false,
          dnsPolicy: 'Default',
          ...(shape.kind === 'DaemonSet' && none ? { nodeSelector: { nowhere: 'true' } } : {}),
          containers: [
            {
              name: 'app',
              image: workload.image,
              readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
            },
          ],
        },
      },
    },
  };
}

const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ containers: z.tuple([z.object({ name: z.string(), image: z.string() })]) }),
  status: z.object({
    containerStatuses: z
      .tuple([z.object({ ready: z.boolean(), restartCount: z.number(), imageID: z.string() })])
      .optional(),
  }),
});
export type Pod = z.infer<typeof Pod>;

/** The pods of a workload, those that are being deleted too. */
export async function podsOf(world: World, name: string): Promise<readonly Pod[]> {
  const path = `/api/v1/namespaces/${world.namespace}/pods?labelSelector=app%3D${name}`;
  return z.object({ items: z.array(Pod) }).parse(await world.api.expectOk('GET', path)).items;
}

/** Waits until the workload has exactly its pods, and all of them run this image and are ready. */
export async function allRun(
  world: World,
  { shape, name, image }: { readonly shape: Shape; readonly name: string; readonly image: string },
  timeoutMs = 120_000,
): Promise<readonly Pod[]> {
  return eventually(
    async () => {
      const pods = await podsOf(world, name);
      const right = pods.filter(({ spec, status }) => {
        const [status0] = status.containerStatuses ?? [];
        return spec.containers[0].image === image && status0?.ready === true;
      });
      if (pods.length === shape.pods && right.length === pods.length) return pods;
      throw new Error(`its pods are ${JSON.stringify(pods.map(shownOf))}`);
    },
    { what: `all ${shape.pods} pods of ${name} run ${image} and are ready`, timeoutMs, everyMs: 300 },
  );
}

function shownOf({ metadata, spec, status }: Pod): string {
  const [container] = status.containerStatuses ?? [];
  const state = container?.ready === true ? 'ready' : 'not ready';
  const leaving = metadata.deletionTimestamp === undefined ? '' : ', being deleted';
  return `${metadata.name} ${spec.containers[0].image} ${state}, ${container?.restartCount ?? 0} restarts${leaving}`;
}
