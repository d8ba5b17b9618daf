import { createServer, type ServerResponse } from 'node:http';

interface ScriptedObject {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

type Happened = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: ScriptedObject;
  readonly version: number;
};

/** The list and watch of one resource, small enough to be read at a glance; every path is its collection. */
export interface ScriptedApi {
  readonly url: string;
  /** Creates or changes an object. */
  put(name: string, annotations?: Readonly<Record<string, string>>): void;
  remove(name: string): void;
  /** Tells all watches the newest resourceVersion. */
  bookmark(): void;
  /** Forgets the past: watches from an older resourceVersion are told 410. */
  compact(): void;
  /** Makes the tokens of lists that are not complete answer 410. */
  expireContinues(): void;
  /** The resourceVersions from which watches were asked for, in order. */
  readonly watchedFrom: readonly string[];
  /** How many watches are open. */
  readonly openWatches: number;
  /** Called after each page, to change something in the middle of a list. */
  onPage: ((page: number) => void) | undefined;
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback interface. */
export async function startScriptedApi(): Promise<ScriptedApi> {
  const objects = new Map<string, ScriptedObject>();
  const history: Happened[] = [];
  const watchers = new Set<ServerResponse>();
  const snapshots = new Map<
    string,
    { readonly version: number; readonly items: readonly ScriptedObject[] }
  >();
  const watchedFrom: string[] = [];
  let version = 100;
  let compactedTo = 0;
  let nextUid = 1;
  let nextToken = 1;
  let pages = 0;

  function happen(type: Happened['type'], object: ScriptedObject): void {
    history.push({ type, object, version });
    for (const watcher of watchers) watcher.write(`${JSON.stringify({ type, object })}\n`);
  }

  function watch(from: string, answer: ServerResponse): void {
    watchedFrom.push(from);
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.flushHeaders();
    if (Number(from) < compactedTo) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      answer.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    for (const { type, object, version: at } of history) {
      if (at > Number(from)) answer.write(`${JSON.stringify({ type, object })}\n`);
    }
    watchers.add(answer);
    answer.on('close', () => watchers.delete(answer));
  }

  function list(query: URLSearchParams, answer: ServerResponse): void {
    const token = query.get('continue') ?? '';
    const limit = Number(query.get('limit') ?? '0') || Number.POSITIVE_INFINITY;
    const snapshot = token === '' ? { version, items: [...objects.values()] } : snapshots.get(token);
    if (snapshot === undefined) {
      answer.writeHead(410, { 'content-type': 'application/json' });
      answer.end(
        JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired', message: 'the token expired' }),
      );
      return;
    }
    const items = snapshot.items.slice(0, limit);
    const rest = snapshot.items.slice(limit);
    const metadata: Record<string, string> = { resourceVersion: String(snapshot.version) };
    if (rest.length > 0) {
      metadata['continue'] = `t${nextToken}`;
      snapshots.set(`t${nextToken}`, { version: snapshot.version, items: rest });
      nextToken += 1;
    }
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ metadata, items }));
    pages += 1;
    api.onPage?.(pages);
  }

  const server = createServer((asked, answer) => {
    const { searchParams } = new URL(asked.url ?? '/', 'http://api');
    if (searchParams.get('watch') === 'true') watch(searchParams.get('resourceVersion') ?? '0', answer);
    else list(searchParams, answer);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address == null || typeof address === 'string') throw new Error('a TCP server without a port');

  const api: ScriptedApi = {
    url: `http://127.0.0.1:${address.port}`,
    watchedFrom,
    get openWatches() {
      return watchers.size;
    },
    onPage: undefined,
    put(name, annotations = {}) {
      version += 1;
      const known = objects.get(name);
      const uid = known?.metadata.uid ?? `uid-${nextUid}`;
      nextUid += 1;
      const metadata = { namespace: 'shop', name, uid, resourceVersion: String(version), annotations };
      objects.set(name, { metadata });
      happen(known === undefined ? 'ADDED' : 'MODIFIED', { metadata });
    },
    remove(name) {
      const known = objects.get(name);
      if (known === undefined) throw new Error(`there is no ${name}`);
      objects.delete(name);
      version += 1;
      happen('DELETED', { metadata: { ...known.metadata, resourceVersion: String(version) } });
    },
    bookmark() {
      version += 1;
      const object = { kind: 'Deployment', metadata: { resourceVersion: String(version) } };
      for (const watcher of watchers) watcher.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    },
    compact() {
      compactedTo = version;
      history.length = 0;
    },
    expireContinues: () => snapshots.clear(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
