import type { ControlPlaneAccess } from '../parts/control-plane-access.ts';
import type { DockerRegistry } from '../parts/docker-registry.ts';
import type { RegistryFront } from './registry-front.ts';

/** One thing that breaks, by itself or among others, while updates are on their way. */
export interface Fault {
  /** A sentence's end: "the registry answers half pages". */
  readonly name: string;
  /** Begins it; answers how to end it. Draws what it needs of `random` (0 <= x < 1) at once, so that a seed tells all. */
  begin(scene: Scene, random: () => number): Promise<Healing>;
}

/** A fault that has begun. */
export interface Healing {
  /**
   * How often it has done something to somebody so far: watches that were cut, requests that were answered wrongly,
   * processes that were killed. A fault that never bites is a test that cannot fail.
   */
  bites(): number;
  /** Ends it: all is whole when this resolves, and the replicas may still have to find that out. Called once. */
  heal(): Promise<void>;
}

/** The running parts, as faults may break them. All are whole when a fault begins, but for another one beside it. */
export interface Scene {
  readonly controlPlane: FallibleControlPlane;
  /** Two, each with a proxy of its own before the API server. */
  readonly replicas: readonly Replica[];
  readonly registry: {
    /** Pushes go to it directly: they always arrive. */
    readonly real: DockerRegistry;
    /** What the replicas talk to in its place; `front.host` stands in all images. */
    readonly front: RegistryFront;
  };
  /** Writes a line into the timeline of the run. */
  note(what: string): void;
}

/** An API server and its etcd, which can be broken one by one. */
export interface FallibleControlPlane {
  /** As administrator, past all proxies. */
  readonly access: ControlPlaneAccess;
  killApiServer(): Promise<void>;
  /** On the same port with the same data; waits until it is ready. */
  startApiServer(): Promise<void>;
  /** SIGSTOP or SIGCONT: it keeps its connections and says nothing. */
  signalApiServer(signal: 'SIGSTOP' | 'SIGCONT'): void;
  signalEtcd(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Makes etcd forget all that is older than now, so that the API server has to answer 410 to whoever asks for it. */
  compactEtcd(): Promise<void>;
}

/** One Headwind. */
export interface Replica {
  readonly name: string;
  /** What it reaches the API server through. */
  readonly proxy: ApiProxy;
  /** The addresses of its servers, the same for each process that is this replica. */
  readonly urls: { readonly webhook: string; readonly api: string; readonly metrics: string };
  /** Whether it says that it leads; false where it says nothing. */
  leads(): Promise<boolean>;
  /** SIGKILL and SIGTERM make its end expected, and wait for it. The others return at once. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts it again where it has ended, and waits until it is ready. */
  start(): Promise<void>;
}

/** A request to the API server, as the proxy sees it. */
export interface ApiQuestion {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly isWatch: boolean;
}

/** What becomes of a request: `cut` closes its connection, `lose` does that after the API server has acted. */
export type ApiTrouble =
  | { readonly kind: 'cut' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number };

/** A proxy before the API server. */
export interface ApiProxy {
  readonly url: string;
  /** From now on asked about each request; undefined lets it through. Answers how to take that back. */
  trouble(make: (question: ApiQuestion) => ApiTrouble | undefined): () => void;
  /**
   * Stops the first request that `at` is true for, `before` the API server has seen it or `after` it has acted; `reached`
   * resolves then. Nothing more comes of that request unless `release` is called. `cancel` takes back what was not reached.
   */
  stopAt(gate: { readonly at: (question: ApiQuestion) => boolean; readonly when: 'before' | 'after' }): {
    readonly reached: Promise<void>;
    release(): void;
    cancel(): void;
  };
  /** Destroys the connections of all running watches; answers how many. */
  cutWatches(): number;
  /** How often the API server itself has answered 410, in a status or inside of a watch. */
  readonly gone: number;
}
