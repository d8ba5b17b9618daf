import { HOLD_RELEASED_ANNOTATION } from '../core/holds.ts';
import { standingHolds, type StandingHold } from '../core/standing-holds.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { workloadKey, type Workload } from '../core/workload.ts';
import { artifactKeyOf, type RequestStore } from './request-store.ts';

/** A hold and where it stands. */
export interface PlacedHold extends StandingHold {
  readonly namespace: string;
  readonly kind: string;
  readonly workload: string;
  readonly artifact: string;
}

export type ReleaseOutcome =
  | { readonly kind: 'released' | 'released-before'; readonly request: UpdateRequest }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'conflict'; readonly message: string };

export interface HeldVersions {
  /** All versions that are held back, sorted by namespace and workload. */
  list(filter: {
    readonly namespace?: string | undefined;
    readonly visible?: ((namespace: string) => boolean) | undefined;
  }): readonly PlacedHold[];
  /** Lets the version be proposed again. Throws when Kubernetes cannot answer. */
  release(action: {
    readonly namespace: string;
    readonly name: string;
    readonly identity: string;
    readonly reason: string | undefined;
  }): Promise<ReleaseOutcome>;
}

export interface HeldVersionsOptions {
  readonly catalog: { get(key: string): Workload | undefined };
  readonly requests: Pick<RequestStore, 'all' | 'ofArtifact' | 'fetch' | 'annotate'>;
  /** Told of every hold that has been lifted, once each. */
  readonly onReleased?: (
    request: UpdateRequest,
    workload: Workload | undefined,
    by: { readonly identity: string; readonly reason: string | undefined },
  ) => void;
}

/** On an UpdateRequest whose hold was lifted through Headwind: who did that. */
const RELEASED_BY_ANNOTATION = 'headwind.sh/hold-released-by';
const MAX_TRIES = 5;

/** What is held back, and how that ends. */
export function createHeldVersions({ catalog, requests, onReleased }: HeldVersionsOptions): HeldVersions {
  const workloadOf = ({ spec }: UpdateRequest): Workload | undefined =>
    catalog.get(workloadKey(spec.targetRef));
  const runningOf = (request: UpdateRequest): string | undefined =>
    workloadOf(request)?.artifacts.find(({ name }) => name === request.spec.containerName)?.image;
  const isHeldBy = (request: UpdateRequest): boolean =>
    // Whether its work is done makes no difference to whoever wants to lift it.
    standingHolds([request], undefined).length > 0 || standingHolds([request], runningOf(request)).length > 0;

  return {
    list({ namespace, visible }) {
      const wanted = [...requests.all()].filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) &&
          (visible === undefined || visible(metadata.namespace)),
      );
      return [...Map.groupBy(wanted, artifactKeyOf).values()].flatMap(placed).sort(byPlace);
    },
    async release({ namespace, name, identity, reason }) {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const request = await requests.fetch(namespace, name);
        if (request === undefined) return { kind: 'not-found' };
        if (request.metadata.annotations?.[HOLD_RELEASED_ANNOTATION] === 'true')
          return { kind: 'released-before', request };
        if (!isHeldBy(request)) {
          const message = `UpdateRequest is in ${request.status.phase} state and holds nothing back`;
          return { kind: 'conflict', message };
        }
        const written = await requests.annotate(request, {
          [HOLD_RELEASED_ANNOTATION]: 'true',
          [RELEASED_BY_ANNOTATION]: identity,
        });
        if (written.ok) {
          onReleased?.(written.value, workloadOf(written.value), { identity, reason });
          return { kind: 'released', request: written.value };
        }
      }
      return { kind: 'conflict', message: 'UpdateRequest keeps changing, cannot release' };
    },
  };

  function placed(ofOneArtifact: readonly UpdateRequest[]): readonly PlacedHold[] {
    const [first] = ofOneArtifact;
    if (first === undefined) return [];
    const { targetRef, containerName } = first.spec;
    const place = {
      namespace: first.metadata.namespace,
      kind: targetRef.kind,
      workload: targetRef.name,
      artifact: containerName ?? '',
    };
    return standingHolds(ofOneArtifact, runningOf(first)).map((hold) => ({ ...place, ...hold }));
  }
}

function byPlace(a: PlacedHold, b: PlacedHold): number {
  const [one, other] = [a, b].map(({ namespace, kind, workload, artifact }) =>
    [namespace, workload, kind, artifact].join(' '),
  );
  return (one ?? '').localeCompare(other ?? '');
}
