import { objectAt, stringAt, type JsonObject } from '../../src/sandbox/kubernetes/json.ts';
import { openWatch, send, type Answer, type Call, type Endpoint, type OpenWatch } from './contract-api.ts';

/** The API under test, with a namespace of its own. */
export interface Subject {
  readonly namespace: string;
  call(call: Call): Promise<Answer>;
  get(path: string, accept?: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  patch(path: string, kind: PatchKind, body: unknown): Promise<Answer>;
  remove(path: string, body?: unknown): Promise<Answer>;
  watch(path: string, accept?: string): Promise<OpenWatch>;
  /** Creates and gives the object; throws unless the answer is 201. */
  created(path: string, body: unknown): Promise<JsonObject>;
}

export type PatchKind = 'merge' | 'json' | 'strategic';

const MEDIA_TYPES: Readonly<Record<PatchKind, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

export function createSubject(endpoint: Endpoint, namespace: string): Subject {
  const call = (request: Call): Promise<Answer> => send(endpoint, request);
  const post = (path: string, body: unknown): Promise<Answer> => call({ method: 'POST', path, body });
  return {
    namespace,
    call,
    get: (path, accept) => call({ method: 'GET', path, ...(accept === undefined ? {} : { accept }) }),
    post,
    put: (path, body) => call({ method: 'PUT', path, body }),
    patch: (path, kind, body) => call({ method: 'PATCH', path, body, contentType: MEDIA_TYPES[kind] }),
    remove: (path, body) => call({ method: 'DELETE', path, ...(body === undefined ? {} : { body }) }),
    watch: (path, accept) => openWatch(endpoint, path, accept),
    created: async (path, body) => {
      const answer = await post(path, body);
      if (answer.status !== 201)
        throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return objectAt(answer.body);
    },
  };
}

export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export function configMapsPath({ namespace }: Subject): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

export function requestsPath({ namespace }: Subject): string {
  return `/apis/headwind.sh/v1alpha1/namespaces/${namespace}/updaterequests`;
}

export function workloadsPath({ namespace }: Subject, plural: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/${plural}`;
}

export function aConfigMap(name: string, more: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...objectAt(more, 'metadata') },
    data: { a: '1' },
  };
}

/** An UpdateRequest with all that its schema demands. */
export function anUpdateRequest(name: string, spec: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'headwind.sh/v1alpha1',
    kind: 'UpdateRequest',
    metadata: { name },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'default' },
      updateType: 'image',
      containerName: 'web',
      currentImage: 'nginx:1.25.0',
      newImage: 'nginx:1.26.0',
      policy: 'minor',
      ...spec,
    },
  };
}

/** A workload of two containers and an init container that wants no pods. */
export function aWorkload(kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', name: string): JsonObject {
  const perKind = {
    Deployment: { replicas: 0 },
    StatefulSet: { replicas: 0, serviceName: name },
    DaemonSet: {},
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, annotations: { 'headwind.sh/policy': 'minor' } },
    spec: {
      ...perKind[kind],
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          imagePullSecrets: [{ name: 'pull' }],
          nodeSelector: { nowhere: 'true' },
          volumes: [{ name: 'scratch', emptyDir: {} }],
          initContainers: [{ name: 'prepare', image: 'busybox:1.36' }],
          containers: [
            {
              name: 'web',
              image: 'nginx:1.25.0',
              env: [
                { name: 'A', value: '1' },
                { name: 'B', value: '2' },
              ],
              ports: [{ containerPort: 80 }],
            },
            { name: 'side', image: 'docker.io/library/busybox:1.36' },
          ],
        },
      },
    },
  };
}

export function versionOf(object: unknown): string {
  return stringAt(object, 'metadata', 'resourceVersion');
}

export function nameOf(object: unknown): string {
  return stringAt(object, 'metadata', 'name');
}

/** The fields that a 422 complains of, with the reason for each. */
export function causesOf(answer: Answer): readonly string[] {
  const { causes } = objectAt(answer.body, 'details');
  if (!Array.isArray(causes)) return [];
  return causes.map((cause) => `${stringAt(cause, 'field')}: ${stringAt(cause, 'reason')}`).sort();
}
