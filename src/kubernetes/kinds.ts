import { z } from 'zod';
import type { Artifact, Workload, WorkloadKind } from '../core/workload.ts';
import { ObjectMetadata } from './object-metadata.ts';
import { PlacementFields, placementOf } from './placement.ts';

/** What changes on a workload: the image of one container, and annotations (null takes one away). */
export interface WorkloadPatch {
  readonly artifact: Pick<Artifact, 'type' | 'name'>;
  readonly image: string;
  readonly annotations: Readonly<Record<string, string | null>>;
  /** The state that this was decided on; the API server answers 409 if the workload has changed since. */
  readonly resourceVersion: string;
  /** Names the request that this is for, where the version is set in an object that keeps no history. */
  readonly appliedBy?: string | undefined;
}

/** One call of several that make a change. */
export interface WorkloadWrite {
  readonly path: string;
  readonly contentType: string;
  readonly body: unknown;
}

/** How the objects of one kind are read and changed by whoever applies updates. */
export interface TargetKind {
  readonly kind: WorkloadKind;
  objectPath(namespace: string, name: string): string;
  /** Reads one object in full, by reading the paths that it needs; throws what `get` throws. */
  fetch(get: (path: string) => Promise<unknown>, namespace: string, name: string): Promise<Workload>;
  /**
   * The calls that make the change, to be made in this order. Each is guarded by a resourceVersion; where one fails,
   * `fetch` shows what has been made, and `writes` then answers the rest.
   */
  writes(workload: Workload, change: WorkloadPatch): readonly WorkloadWrite[];
  /** The call that changes annotations of the workload and nothing beside them. */
  annotate(workload: Workload, change: Pick<WorkloadPatch, 'annotations'>): WorkloadWrite;
}

/** Annotations of one object, changed as it was read. */
export function annotationWrite(
  path: string,
  { resourceVersion }: Pick<Workload, 'resourceVersion'>,
  annotations: WorkloadPatch['annotations'],
): WorkloadWrite {
  return {
    path,
    contentType: 'application/merge-patch+json',
    body: { metadata: { resourceVersion, annotations } },
  };
}

/** One kind of workload: where it lives and how it is read and changed. */
export interface WorkloadKindDescriptor extends TargetKind {
  readonly apiVersion: string;
  readonly plural: string;
  /** The collection in `namespace`, or in all namespaces. */
  listPath(namespace?: string): string;
  /**
   * What is kept of an object that carries `headwind.sh/policy`, without its update history; undefined for every
   * other object. Throws where the object is not of this kind.
   */
  project(object: unknown): Workload | undefined;
  /** The same of an object fetched in full, whether it carries the policy or not, with its update history. */
  read(object: unknown): Workload;
  /** A strategic merge patch that changes one container by name and nothing beside it. */
  patch(change: WorkloadPatch): { readonly contentType: string; readonly body: unknown };
}

const PREFIX = 'headwind.sh/';
export const POLICY_KEY = `${PREFIX}policy`;
// Up to ten entries per container: read when patching, too big to be kept of every workload.
export const HISTORY_KEY = `${PREFIX}update-history`;

/** What every workload has, of whatever kind. */
export const Annotated = z.object({
  metadata: ObjectMetadata.extend({
    namespace: z.string(),
    annotations: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  }),
});

// One bad entry must not lose the workload: it is read as null and left out.
const Container = z
  .object({ name: z.string(), image: z.string().catch('') })
  .nullable()
  .catch(null);
const Containers = z.array(Container).nullish().catch(undefined);
const SecretName = z
  .object({ name: z.string().min(1) })
  .nullable()
  .catch(null);

const WithTemplate = z.object({
  spec: z.object({
    template: z.object({
      spec: PlacementFields.extend({
        containers: Containers,
        initContainers: Containers,
        imagePullSecrets: z.array(SecretName).nullish().catch(undefined),
        serviceAccountName: z.string().min(1).optional().catch(undefined),
      }),
    }),
  }),
});

function artifactsOf(type: Artifact['type'], containers: z.infer<typeof Containers>): Artifact[] {
  const readable = (containers ?? []).filter((container) => container != null);
  return readable.map(({ name, image }) => ({ type, name, image }));
}

/** Those under `headwind.sh/`, but for the key `without`. */
export function ownAnnotations(
  annotations: Readonly<Record<string, unknown>>,
  without: string | undefined,
): Record<string, string> {
  const own: Record<string, string> = {};
  for (const [key, value] of Object.entries(annotations)) {
    if (key.startsWith(PREFIX) && key !== without && typeof value === 'string') own[key] = value;
  }
  return own;
}

/** A kind of apps/v1 whose pods come from `spec.template`. */
function defineTemplateKind(kind: WorkloadKind, plural: string): WorkloadKindDescriptor {
  const apiVersion = 'apps/v1';
  const listPath = (namespace?: string): string =>
    namespace === undefined
      ? `/apis/${apiVersion}/${plural}`
      : `/apis/${apiVersion}/namespaces/${encodeURIComponent(namespace)}/${plural}`;

  function toWorkload(
    object: unknown,
    metadata: z.infer<typeof Annotated>['metadata'],
    annotations: Record<string, string>,
  ): Workload {
    const template = WithTemplate.parse(object).spec.template.spec;
    const placement = placementOf(template);
    return {
      kind,
      apiVersion,
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      annotations,
      // map and concat make arrays of the exact size; one that was pushed into keeps room for sixteen more.
      artifacts: artifactsOf('container', template.containers).concat(
        artifactsOf('initContainer', template.initContainers),
      ),
      pullSecrets: (template.imagePullSecrets ?? [])
        .filter((secret) => secret != null)
        .map((secret) => secret.name),
      serviceAccount: template.serviceAccountName ?? 'default',
      ...(placement === undefined ? {} : { placement }),
    };
  }

  const objectPath = (namespace: string, name: string): string =>
    `${listPath(namespace)}/${encodeURIComponent(name)}`;
  const descriptor: WorkloadKindDescriptor = {
    kind,
    apiVersion,
    plural,
    listPath,
    objectPath,
    fetch: async (get, namespace, name) => descriptor.read(await get(objectPath(namespace, name))),
    writes: ({ namespace, name }, change) => [
      { path: objectPath(namespace, name), ...descriptor.patch(change) },
    ],
    annotate: (workload, { annotations }) =>
      annotationWrite(objectPath(workload.namespace, workload.name), workload, annotations),
    project(object) {
      const { metadata } = Annotated.parse(object);
      const annotations = metadata.annotations ?? {};
      if (typeof annotations[POLICY_KEY] !== 'string') return undefined;
      return toWorkload(object, metadata, ownAnnotations(annotations, HISTORY_KEY));
    },
    read(object) {
      const { metadata } = Annotated.parse(object);
      return toWorkload(object, metadata, ownAnnotations(metadata.annotations ?? {}, undefined));
    },
    patch({ artifact, image, annotations, resourceVersion }) {
      if (artifact.type === 'chart') throw new TypeError(`a ${kind} has containers and no chart`);
      const list = artifact.type === 'initContainer' ? 'initContainers' : 'containers';
      return {
        contentType: 'application/strategic-merge-patch+json',
        body: {
          metadata: { resourceVersion, annotations },
          spec: { template: { spec: { [list]: [{ name: artifact.name, image }] } } },
        },
      };
    },
  };
  return descriptor;
}

/** The kinds with a pod template that Headwind knows how to update; another one is one more entry. For releases see helm-release.ts. */
export const WORKLOAD_KINDS: readonly WorkloadKindDescriptor[] = [
  defineTemplateKind('Deployment', 'deployments'),
  defineTemplateKind('StatefulSet', 'statefulsets'),
  defineTemplateKind('DaemonSet', 'daemonsets'),
];
