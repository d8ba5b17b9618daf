import type { NewRequest } from '../core/new-request.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { createSharedStrings } from '../core/shared-strings.ts';
import {
  API_VERSION,
  GROUP,
  KIND,
  PLURAL,
  requestKey,
  VERSION,
  type UpdateRequest,
  type UpdateRequestStatus,
} from '../core/update-request.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { isAbsent, KubernetesError } from '../kubernetes/errors.ts';
import { readRequest } from './known-request.ts';
import { createMoves, type Moves } from './moves.ts';

export type RequestListener = (
  request: UpdateRequest,
  /** `left`: it is there, but no longer ours. */
  event: 'changed' | 'removed' | 'left',
  /** What was known of it until now. */
  before: UpdateRequest | undefined,
) => void;

/** Adds to what is written whom it is to be told, so that no write of its own is needed to owe that. */
export interface Outbox {
  atCreation(request: NewRequest): NewRequest;
  /** The status to write in the place of `status`, over the one that `request` has. */
  atChange(request: UpdateRequest, status: UpdateRequestStatus): UpdateRequestStatus;
}

export interface RequestStore {
  /** Takes in what the watch says; an older version than the one already known is ignored. */
  observe(request: UpdateRequest): void;
  /** Takes it away; another one of its name, which came after it, stays. */
  forget(gone: UpdateRequest, why?: 'removed' | 'left'): void;
  get(key: string): UpdateRequest | undefined;
  all(): IterableIterator<UpdateRequest>;
  readonly size: number;
  /** All requests of one artifact, open and finished; `artifact` is a key of `artifactKey`. */
  ofArtifact(artifact: string): readonly UpdateRequest[];
  /** Asks the API server; undefined if there is none. Throws KubernetesError or KubernetesUnreachableError. */
  fetch(namespace: string, name: string): Promise<UpdateRequest | undefined>;
  /** Creates it; where one of that name exists already, answers that one instead. */
  create(request: NewRequest): Promise<{ readonly created: boolean; readonly request: UpdateRequest }>;
  /** Writes the status under the resourceVersion of `request`; fails where somebody else has written meanwhile. */
  writeStatus(
    request: UpdateRequest,
    status: UpdateRequestStatus,
  ): Promise<Result<UpdateRequest, 'conflict' | 'gone'>>;
  /** Adds annotations, or changes their values, under the resourceVersion of `request`, as `writeStatus` does. */
  annotate(
    request: UpdateRequest,
    annotations: Readonly<Record<string, string>>,
  ): Promise<Result<UpdateRequest, 'conflict' | 'gone'>>;
  /** Deletes exactly this version of it; one that is gone or has changed is left alone. */
  remove(request: UpdateRequest): Promise<void>;
  subscribe(listener: RequestListener): () => void;
  /** Is told of each transition that this process has to tell of: of several replicas, one is. */
  followMoves: Moves['follow'];
  /** Whether somebody has moved it past Headwind, and nobody has told of that yet. */
  isUntold: Moves['isUntold'];
}

export interface RequestStoreOptions {
  readonly outbox?: Outbox;
  /** Whether a request is ours to know; all are unless told. */
  readonly concerns?: (request: UpdateRequest) => boolean;
}

const NO_REQUESTS: readonly UpdateRequest[] = [];
const COLLECTION = `/apis/${GROUP}/${VERSION}`;

/** Names one artifact of one workload: the key under which its requests are found. */
export function artifactKey(
  target: { kind: string; namespace: string; name: string },
  artifact: string,
): string {
  return `${target.kind}/${target.namespace}/${target.name}#${artifact}`;
}

/** The key of the artifact that a request is about. */
export function artifactKeyOf({ spec }: UpdateRequest): string {
  return artifactKey(spec.targetRef, spec.containerName ?? '');
}

/**
 * All UpdateRequests, as the watch and our own writes tell them. Our own writes are seen at once, before the watch
 * brings them back, so that what we decide next builds on them.
 */
export function createRequestStore(
  client: Pick<KubernetesClient, 'request'>,
  { outbox = NOBODY_IS_TOLD, concerns = () => true }: RequestStoreOptions = {},
): RequestStore {
  const byKey = new Map<string, UpdateRequest>();
  // Invariant: holds exactly the requests of byKey, each under its artifact.
  const byArtifact = new Map<string, readonly UpdateRequest[]>();
  const share = createSharedStrings();
  // By uid: as of which version requests were last known that have been deleted; the last MAX_REMEMBERED of them.
  const deleted = new Map<string, string>();
  const listeners = new Set<RequestListener>();
  const moves = createMoves();

  const read = (answer: unknown): UpdateRequest => share(readRequest(answer, (key) => byKey.get(key)));
  const index = (request: UpdateRequest): void => {
    const artifact = artifactKeyOf(request);
    byArtifact.set(artifact, [...(byArtifact.get(artifact) ?? NO_REQUESTS), request]);
  };
  const unindex = (request: UpdateRequest): void => {
    const artifact = artifactKeyOf(request);
    const others = byArtifact.get(artifact)?.filter((one) => one !== request) ?? NO_REQUESTS;
    if (others.length === 0) byArtifact.delete(artifact);
    else byArtifact.set(artifact, others);
  };
  const observe = (request: UpdateRequest): void => {
    const key = requestKey(request);
    const known = byKey.get(key);
    if (known !== undefined && !supersedes(request, known)) return;
    // The answer to a write may come after the watch has told that the request was deleted.
    const { uid, resourceVersion } = request.metadata;
    const last = deleted.get(uid);
    if (last !== undefined && !isLater(resourceVersion, last)) return;
    if (known !== undefined) unindex(known);
    byKey.set(key, request);
    index(request);
    moves.saw(known, request);
    for (const listener of listeners) listener(request, 'changed', known);
  };
  const remember = ({ metadata }: UpdateRequest): void => {
    deleted.set(metadata.uid, metadata.resourceVersion);
    const [oldest] = deleted.keys();
    if (deleted.size > MAX_REMEMBERED && oldest !== undefined) deleted.delete(oldest);
  };
  const forget = (gone: UpdateRequest, why: 'removed' | 'left' = 'removed'): void => {
    const key = requestKey(gone);
    const known = byKey.get(key);
    if (known === undefined || known.metadata.uid !== gone.metadata.uid) return;
    byKey.delete(key);
    if (why === 'removed') remember(known);
    unindex(known);
    moves.forget(known);
    for (const listener of listeners) listener(known, why, known);
  };
  const fetch = async (namespace: string, name: string): Promise<UpdateRequest | undefined> => {
    const before = byKey.get(`${namespace}/${name}`);
    try {
      const request = read(await client.request({ method: 'GET', path: pathOf(namespace, name) }));
      if (!concerns(request)) return undefined;
      observe(request);
      return request;
    } catch (error) {
      if (!isAbsent(error)) throw error;
      if (before !== undefined) forget(before);
      return undefined;
    }
  };

  /** Writes under the resourceVersion of `request`. */
  const patch = async (
    request: UpdateRequest,
    subresource: '' | '/status',
    {
      annotations,
      ...change
    }: Partial<Pick<UpdateRequest['metadata'], 'annotations'> & Pick<UpdateRequest, 'status'>>,
  ): Promise<Result<UpdateRequest, 'conflict' | 'gone'>> => {
    const { namespace, name, resourceVersion } = request.metadata;
    const body = { metadata: { resourceVersion, annotations }, ...change };
    try {
      const answer = await client.request({
        method: 'PATCH',
        path: `${pathOf(namespace, name)}${subresource}`,
        contentType: 'application/merge-patch+json',
        body,
      });
      const written = read(answer);
      observe(written);
      return ok(written);
    } catch (error) {
      if (isStatus(error, 409)) return fail('conflict');
      if (isAbsent(error)) return fail('gone');
      throw error;
    }
  };

  return {
    observe,
    forget,
    fetch,
    get: (key) => byKey.get(key),
    all: () => byKey.values(),
    get size() {
      return byKey.size;
    },
    ofArtifact: (artifact) => byArtifact.get(artifact) ?? NO_REQUESTS,
    async create(wanted) {
      const body = outbox.atCreation(wanted);
      const { namespace, name } = body.metadata;
      try {
        const answer = await client.request({
          method: 'POST',
          path: pathOf(namespace),
          body: { apiVersion: API_VERSION, kind: KIND, ...body },
        });
        const request = read(answer);
        observe(request);
        return { created: true, request };
      } catch (error) {
        if (!isStatus(error, 409)) throw error;
        const existing = await fetch(namespace, name);
        if (existing === undefined) throw error;
        return { created: false, request: existing };
      }
    },
    async writeStatus(request, status) {
      const wanted = moves.marked(outbox.atChange(request, status));
      const move = moves.begin(request, wanted);
      try {
        const written = await patch(request, '/status', { status: wanted });
        if (written.ok) move.done(written.value);
        return written;
      } catch (error) {
        if (mayHaveComeThrough(error)) move.lost(byKey.get(requestKey(request)));
        throw error;
      }
    },
    annotate: (request, annotations) => patch(request, '', { annotations }),
    async remove(request) {
      const { namespace, name, uid, resourceVersion } = request.metadata;
      try {
        const body = { preconditions: { uid, resourceVersion } };
        await client.request({ method: 'DELETE', path: pathOf(namespace, name), body });
        forget(request);
      } catch (error) {
        if (isAbsent(error)) forget(request);
        else if (!isStatus(error, 409)) throw error;
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    followMoves: (listener) => moves.follow(listener),
    isUntold: (request) => moves.isUntold(request),
  };
}

const MAX_REMEMBERED = 1000;

const NOBODY_IS_TOLD: Outbox = {
  atCreation: (request) => request,
  atChange: (_, status) => status,
};

/** Where the watch's requests are listed: in all namespaces, or in one. */
export function requestsPath(namespace?: string): string {
  return namespace === undefined ? `${COLLECTION}/${PLURAL}` : pathOf(namespace);
}

function pathOf(namespace: string, name?: string): string {
  const collection = `${COLLECTION}/namespaces/${encodeURIComponent(namespace)}/${PLURAL}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}

/** Whether `next` is to replace `known`: another object, or a later version of the same one. */
function supersedes(next: UpdateRequest, known: UpdateRequest): boolean {
  if (next.metadata.uid !== known.metadata.uid)
    return next.metadata.creationTimestamp >= known.metadata.creationTimestamp;
  return isLater(next.metadata.resourceVersion, known.metadata.resourceVersion);
}

/** Kubernetes lets resource versions of one object be compared as whole numbers; one that is no number counts as later. */
function isLater(version: string, than: string): boolean {
  if (!/^[0-9]+$/.test(version) || !/^[0-9]+$/.test(than)) return version !== than;
  return BigInt(version) > BigInt(than);
}

/** A server that fails (its store did not answer in time, a proxy before it gave up) cannot say whether it has written. */
function mayHaveComeThrough(error: unknown): boolean {
  return !(error instanceof KubernetesError) || error.status >= 500;
}

/** Whether `error` is the API server's own answer with this HTTP status. */
export function isStatus(error: unknown, status: number): error is KubernetesError {
  return error instanceof KubernetesError && error.status === status;
}
