/** One call to the Kubernetes API. */
export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the API, such as `/apis/apps/v1/deployments`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; without it `application/json`. Patches need theirs. */
  readonly contentType?: string | undefined;
  /** Breaks the call off; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Of the whole exchange, for a stream until its first byte; without it 30 s. */
  readonly timeoutMs?: number | undefined;
}

/** What RBAC and the metrics call a call. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

const VERBS = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;

/** The verb under which RBAC judges `call` (https://kubernetes.io/docs/reference/access-authn-authz/authorization/). */
export function verbOf(call: Pick<ApiCall, 'method' | 'path' | 'query'>): Verb {
  if (call.method !== 'GET') return VERBS[call.method];
  const watch = call.query?.['watch'];
  if (watch === true || watch === 'true' || watch === '1') return 'watch';
  return isCollection(call.path) ? 'list' : 'get';
}

/** Whether `path` names all objects of a resource, in a namespace or in all, rather than one of them. */
function isCollection(path: string): boolean {
  const [root, ...rest] = path.split('/').filter((segment) => segment !== '');
  if (root !== 'api' && root !== 'apis') return false;
  const inGroup = rest.slice(root === 'api' ? 1 : 2);
  const inNamespace = inGroup[0] === 'namespaces' && inGroup.length > 2 ? inGroup.slice(2) : inGroup;
  return inNamespace.length === 1;
}

/** Path and query as they go into the request line, below the path prefix of the server's own address. */
export function requestTarget(server: URL, call: Pick<ApiCall, 'path' | 'query'>): string {
  const path = `${server.pathname.replace(/\/+$/, '')}${call.path}`;
  if (call.query === undefined) return path;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return `${path}${text === '' ? '' : `?${text}`}`;
}
