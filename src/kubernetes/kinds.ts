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
}

/** One kind of workload: where it lives and how it is read and changed. */
export interface WorkloadKindDescriptor {
  readonly kind: WorkloadKind;
  readonly apiVersion: string;
  readonly plural: string;
  /** The collection in `namespace`, or in all namespaces. */
  listPath(namespace?: string): string;
  objectPath(namespace: string, name: string): string;
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
const POLICY = `${PREFIX}policy`;
// Up to ten entries per container: read when patching, too big to be kept of every workload.
const HISTORY = `${PREFIX}update-history`;

const Annotated = z.object({
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

function ownAnnotations(
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

  return {
    kind,
    apiVersion,
    plural,
    listPath,
    objectPath: (namespace, name) => `${listPath(namespace)}/${encodeURIComponent(name)}`,
    project(object) {
      const { metadata } = Annotated.parse(object);
      const annotations = metadata.annotations ?? {};
      if (typeof annotations[POLICY] !== 'string') return undefined;
      return toWorkload(object, metadata, ownAnnotations(annotations, HISTORY));
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
}

/** The kinds that Headwind knows how to update. Another one is one more entry. */
export const WORKLOAD_KINDS: readonly WorkloadKindDescriptor[] = [
  defineTemplateKind('Deployment', 'deployments'),
  defineTemplateKind('StatefulSet', 'statefulsets'),
  defineTemplateKind('DaemonSet', 'daemonsets'),
];
