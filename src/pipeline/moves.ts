import { requestKey, type UpdateRequest, type UpdateRequestStatus } from '../core/update-request.ts';

/** A request that has come into another phase, and how it was before. */
export type MoveListener = (request: UpdateRequest, before: UpdateRequest) => void;

/**
 * Which transitions this process tells of (Event, metric, log), so that of several replicas exactly one does: whoever
 * wrote it. `status.announced` is the phase that was told of last, written together with the phase itself. Where the two
 * differ, somebody wrote past Headwind; that is told by whoever writes `announced` next, since only one can.
 */
export interface Moves {
  /** Tells from now on, and marks what it writes. Without a listener nothing is marked: nobody would tell. */
  follow(listener: MoveListener): () => void;
  /** The status as it should be written. */
  marked(status: UpdateRequestStatus): UpdateRequestStatus;
  /** Before a status is written over the one of `before`. */
  begin(before: UpdateRequest, status: UpdateRequestStatus): Move;
  /** After the API server has shown another version of a request. */
  saw(before: UpdateRequest | undefined, after: UpdateRequest): void;
  /** Whether its phase was written past Headwind while we looked, and nobody has told of it yet. */
  isUntold(request: UpdateRequest): boolean;
  forget(request: UpdateRequest): void;
}

/** One write of a status. */
export interface Move {
  /** It was written. */
  done(after: UpdateRequest): void;
  /** No answer came: it may have come through. `known` is what is known of the request by now. */
  lost(known: UpdateRequest | undefined): void;
}

interface Uncertain {
  readonly status: UpdateRequestStatus;
  readonly done: Move['done'];
}

export function createMoves(): Moves {
  const listeners = new Set<MoveListener>();
  // By uid. Invariant: only known requests whose phase is not the one that was told of last.
  const untold = new Set<string>();
  // By key: writes without an answer, until another version of that request is seen.
  const uncertain = new Map<string, Uncertain>();

  const tell: MoveListener = (request, before) => {
    for (const listener of listeners) listener(request, before);
  };
  const resolve = ({ done, status }: Uncertain, request: UpdateRequest): void => {
    const { phase, announced, lastUpdated, message } = request.status;
    const isOurs = announced === status.phase && phase === status.phase;
    if (isOurs && lastUpdated === status.lastUpdated && message === status.message) done(request);
  };

  return {
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    marked: (status) => (listeners.size === 0 ? status : { ...status, announced: status.phase }),
    begin(before, status) {
      // The watch may bring the write back before its answer comes.
      const wasUntold = untold.has(before.metadata.uid);
      const done = (after: UpdateRequest): void => {
        if (wasUntold) tell(before, asPending(before));
        if (before.status.phase !== after.status.phase) tell(after, before);
      };
      return {
        done,
        lost(known) {
          const { resourceVersion } = before.metadata;
          if (known === undefined || known.metadata.resourceVersion === resourceVersion)
            uncertain.set(requestKey(before), { status, done });
          else resolve({ status, done }, known);
        },
      };
    },
    saw(before, after) {
      const key = requestKey(after);
      const open = uncertain.get(key);
      if (open !== undefined) {
        uncertain.delete(key);
        resolve(open, after);
      }
      const { uid } = after.metadata;
      const { phase, announced } = after.status;
      if (announced === phase) untold.delete(uid);
      else if (before?.metadata.uid === uid && before.status.phase !== phase) untold.add(uid);
    },
    isUntold: ({ metadata }) => untold.has(metadata.uid),
    forget(request) {
      untold.delete(request.metadata.uid);
      uncertain.delete(requestKey(request));
    },
  };
}

/** What somebody wrote past us, they wrote over a request that waited: how exactly it looked is not known any more. */
function asPending(request: UpdateRequest): UpdateRequest {
  const { message: _, ...status } = request.status;
  return { ...request, status: { ...status, phase: 'Pending' } };
}
