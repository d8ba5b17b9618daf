import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { z } from 'zod';

/** A Kubernetes API that knows UpdateRequests and workloads of apps/v1, and shows what was asked of it. */
export interface RequestCluster {
  readonly url: string;
  readonly requests: Map<string, UpdateRequest>;
  /** Objects by their path, such as `/apis/apps/v1/namespaces/shop/deployments/web`. */
  readonly workloads: Map<string, object>;
  /** `METHOD path?query` of each call. */
  readonly calls: string[];
  /** Called before each patch is judged: somebody else is faster. */
  beforePatch: (request: UpdateRequest) => void;
  /** Called after each call that succeeded: the operator goes on. */
  afterPatch: (request: UpdateRequest) => void;
  /** What the API server says that the caller is called; undefined: it does not know the question. */
  userName: string | undefined;
  /** Refuses everything with this status. */
  refuseWith: number | undefined;
  put(request: UpdateRequest): void;
  close(): Promise<void>;
}

const Patch = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  status: z.record(z.string(), z.unknown()).optional(),
});
const Creation = z.looseObject({ metadata: z.looseObject({ namespace: z.string(), name: z.string() }) });

interface OneCall {
  readonly method: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly status: string | undefined;
  readonly body: unknown;
}

/** Starts it on a free port of the loopback interface. */
export async function startRequestCluster(): Promise<RequestCluster> {
  let version = 100;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => refuse(response, 500, String(error)));
  });

  const cluster: Omit<RequestCluster, 'url' | 'close'> = {
    requests: new Map(),
    workloads: new Map(),
    calls: [],
    beforePatch: () => {},
    afterPatch: () => {},
    userName: undefined,
    refuseWith: undefined,
    put(request) {
      version += 1;
      const { namespace, name } = request.metadata;
      const metadata = { ...request.metadata, resourceVersion: String(version) };
      cluster.requests.set(`${namespace}/${name}`, { ...request, metadata });
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://cluster');
    cluster.calls.push(`${request.method ?? ''} ${url.pathname}${url.search}`);
    const body = await readJson(request);
    if (cluster.refuseWith !== undefined) return refuse(response, cluster.refuseWith, 'refused by the test');
    if (url.pathname.endsWith('/selfsubjectreviews')) return review(response);
    const path =
      /^\/apis\/headwind\.sh\/v1alpha1(?:\/namespaces\/([^/]+))?\/updaterequests(?:\/([^/]+))?(\/status)?$/;
    if (!path.test(url.pathname)) return answerOther(response, url);
    const [, namespace, name, status] = path.exec(url.pathname) ?? [];
    if (request.method === 'POST') return create(response, Creation.parse(body));
    if (namespace === undefined || name === undefined) return list(response, namespace, url.searchParams);
    return answerOne(response, { method: request.method, namespace, name, status, body });
  }

  function answerOne(response: ServerResponse, { method, namespace, name, status, body }: OneCall): void {
    const found = cluster.requests.get(`${namespace}/${name}`);
    if (found === undefined) {
      return refuse(response, 404, `updaterequests.headwind.sh "${name}" not found`, { name });
    }
    if (method === 'GET' && status === undefined) return reply(response, found);
    return patch(response, found, Patch.parse(body));
  }

  function answerOther(response: ServerResponse, { pathname }: URL): void {
    const found = cluster.workloads.get(pathname);
    if (found !== undefined) return reply(response, found);
    const collection = /^\/apis\/apps\/v1(?:\/namespaces\/[^/]+)?\/([a-z]+)$/.exec(pathname);
    if (collection === null) {
      const name = pathname.slice(pathname.lastIndexOf('/') + 1);
      return refuse(response, 404, `"${name}" not found`, pathname.includes('/namespaces/') ? { name } : {});
    }
    const [, plural = ''] = collection;
    const items = [...cluster.workloads].filter(([path]) => path.includes(`/${plural}/`));
    return reply(response, { kind: 'List', metadata: {}, items: items.map(([, object]) => object) });
  }

  function create(response: ServerResponse, body: z.infer<typeof Creation>): void {
    const { namespace, name } = body.metadata;
    if (cluster.requests.has(`${namespace}/${name}`)) return refuse(response, 409, 'it exists', { name });
    const creationTimestamp = '2026-01-01T12:00:00Z';
    const metadata = { ...body.metadata, uid: `uid-of-${name}`, resourceVersion: '1', creationTimestamp };
    cluster.put(UpdateRequest.parse({ ...body, metadata }));
    return reply(response, cluster.requests.get(`${namespace}/${name}`) ?? {});
  }

  function review(response: ServerResponse): void {
    if (cluster.userName === undefined) return refuse(response, 404, 'no such resource');
    return reply(response, { status: { userInfo: { username: cluster.userName } } });
  }

  function list(response: ServerResponse, namespace: string | undefined, query: URLSearchParams): void {
    const all = [...cluster.requests.values()].filter(
      ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
    );
    const start = Number(query.get('continue') ?? 0);
    const end = start + Number(query.get('limit') ?? all.length);
    const metadata = end < all.length ? { continue: String(end) } : {};
    return reply(response, { kind: 'UpdateRequestList', metadata, items: all.slice(start, end) });
  }

  function patch(response: ServerResponse, seen: UpdateRequest, wanted: z.infer<typeof Patch>): void {
    cluster.beforePatch(seen);
    const key = `${seen.metadata.namespace}/${seen.metadata.name}`;
    const now = cluster.requests.get(key) ?? seen;
    if (now.metadata.resourceVersion !== wanted.metadata.resourceVersion)
      return refuse(response, 409, 'the object has been modified');
    const annotations = { ...now.metadata.annotations, ...wanted.metadata.annotations };
    const metadata = { ...now.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
    cluster.put(UpdateRequest.parse({ ...now, metadata, status: { ...now.status, ...wanted.status } }));
    const written = cluster.requests.get(key) ?? seen;
    reply(response, written);
    cluster.afterPatch(written);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address != null ? address.port : 0;
  return Object.assign(cluster, {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function reply(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** `details.name` is there, as at an API server, where a certain object is the matter. */
function refuse(response: ServerResponse, code: number, message: string, details: object = {}): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, message, details }));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}
