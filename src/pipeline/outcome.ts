import type { Blocker } from '../core/blocker.ts';
import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import type { Artifact, Workload } from '../core/workload.ts';

/** What a candidate came to for one artifact. */
export type Outcome =
  | { readonly kind: 'created' | 'known'; readonly request: UpdateRequest }
  /** `unsure`: because something is not known yet that may become known without a further sign. */
  | { readonly kind: 'stay'; readonly blockers: readonly Blocker[]; readonly unsure?: boolean }
  | { readonly kind: 'unresolved' };

/** What became of signals, once that is durable. */
export interface AcceptOutcome {
  /** Artifacts that use the repository. */
  readonly matched: number;
  /** Requests that did not exist before. */
  readonly created: number;
  /** Artifacts about which nothing could be made durable: the sender should try again. */
  readonly unresolved: number;
  /** What became of the signals one by one, MAX_RESULTS at most. */
  readonly results: readonly SignalResult[];
}

/** What became of a signal for one artifact, or that it concerns none. */
export interface SignalResult extends Partial<Pick<Workload, 'kind' | 'namespace' | 'name'>> {
  readonly result: Outcome['kind'] | 'unmatched';
  /** A sentence for a person. */
  readonly message: string;
  readonly artifact?: string;
  /** The UpdateRequest's name. */
  readonly request?: string;
}

/** So many results of one delivery are told; the counts are complete. */
export const MAX_RESULTS = 20;

/** The result of a signal that concerns no artifact. */
export function toUnmatched({ type, repository }: Signal): SignalResult {
  const message = `no workload that Headwind follows uses the ${type} ${repositoryKey(repository)}`;
  return { result: 'unmatched', message };
}

/** The result of a signal for one artifact. */
export function toResult(
  { kind, namespace, name }: Workload,
  artifact: Artifact,
  outcome: Outcome,
): SignalResult {
  const common = { result: outcome.kind, kind, namespace, name, artifact: artifact.name };
  const message = describe(outcome);
  return 'request' in outcome
    ? { ...common, message, request: outcome.request.metadata.name }
    : { ...common, message };
}

function describe(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'created':
      return 'an update is proposed';
    case 'known':
      return 'this update is proposed already';
    case 'stay': {
      const reasons = outcome.blockers.map(({ code, message }) => `${code}: ${message}`).join('; ');
      return reasons === '' ? 'the workload has changed meanwhile' : reasons;
    }
    case 'unresolved':
    default:
      return 'it could not be decided or recorded, and is tried again';
  }
}
