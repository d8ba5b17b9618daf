import { z } from 'zod';

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
  'rollback-timeout': '180s',
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
          // kubelet takes a minute or two to let go of every fourth pod that ends in its own time (it misses that a
          // container has ended, and clears up once a minute). Where the next pod waits for that, it is not asked.
          terminationGracePeriodSeconds: shape.kind === 'Deployment' ? 1 : 0,
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

export const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ containers: z.tuple([z.object({ name: z.string(), image: z.string() })]) }),
  status: z.object({
    containerStatuses: z
      .tuple([
        z.object({
          ready: z.boolean(),
          restartCount: z.number(),
          state: z.object({
            waiting: z.object({ reason: z.string() }).optional(),
            terminated: z.object({ exitCode: z.number() }).optional(),
          }),
        }),
      ])
      .optional(),
  }),
});
export type Pod = z.infer<typeof Pod>;

/** The name of the workload that the pod belongs to. */
export function workloadNameOf(pod: Pod): string {
  return pod.metadata.labels['app'] ?? '';
}
