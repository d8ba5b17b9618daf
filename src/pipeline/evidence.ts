import type { Credential } from '../core/credential.ts';
import type { Repository } from '../core/image-reference.ts';
import type { Placement } from '../core/placement.ts';
import { findPlatform, type Platform, type PlatformFinding } from '../core/platform.ts';
import { compareRunning, type RunningDigests } from '../core/running.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import { KubernetesError } from '../kubernetes/errors.ts';
import type { Log } from '../telemetry/log.ts';
import { artifactKey } from './request-store.ts';

/** What an image is built for, as its registry tells it. */
export type PlatformsAnswer =
  | {
      readonly outcome: 'found';
      readonly platforms: readonly Platform[];
      /** What else a container runtime may call the image, beside the digest that was asked for. */
      readonly otherNames: readonly string[];
    }
  | { readonly outcome: 'missing' | 'unavailable'; readonly message: string };

export interface EvidenceOptions {
  /** The digests that the pods of the current revision run; rejects where Kubernetes does not tell. */
  readonly runningDigests: (workload: Workload, artifact: Artifact) => Promise<readonly string[]>;
  /** What the nodes are on which the pods may land; empty where that is not known. Never rejects. */
  readonly nodePlatforms: (placement: Placement | undefined) => Promise<readonly Platform[]>;
  /** Never rejects for what a registry may answer. */
  readonly platformsOf: (question: {
    readonly repository: Repository;
    readonly digest: string;
    readonly credentials: () => Promise<readonly Credential[]>;
  }) => Promise<PlatformsAnswer>;
  readonly credentialsFor: (workload: Workload, repository: Repository) => Promise<readonly Credential[]>;
  readonly log: Log;
}

export interface EvidenceQuestion {
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly repository: Repository;
  /** As the registry has just confirmed it. */
  readonly digest: string;
}

/** Looks up what a decision depends on beside the registry's word on a tag. */
export interface EvidenceGatherer {
  /** What runs under the tag whose digest is in question. Rejects where the API server cannot be asked. */
  running(question: EvidenceQuestion): Promise<RunningDigests>;
  platform(question: EvidenceQuestion): Promise<PlatformFinding>;
  /** Drops what is known of these artifacts. */
  forget(artifacts: readonly string[]): void;
}

/** Makes the gatherer; of each artifact it remembers one digest, and forgets it with the workload. */
export function createEvidence(options: EvidenceOptions): EvidenceGatherer {
  // What the tag was when it was first seen, by artifact: a base to compare with where no pod tells what it runs.
  const firstSeen = new Map<string, { readonly image: string; readonly digest: string }>();

  const ask = ({ workload, repository, digest }: EvidenceQuestion): Promise<PlatformsAnswer> =>
    options.platformsOf({
      repository,
      digest,
      credentials: () => options.credentialsFor(workload, repository),
    });

  /** Pods are asked first: only they know what changed while Headwind was not there. */
  async function running(question: EvidenceQuestion): Promise<RunningDigests> {
    const { workload, artifact, digest } = question;
    const digests = await podDigests(workload, artifact);
    if (digests.length === 0) return sinceFirstSeen(question);
    const named = { digests, otherNames: [] };
    if (compareRunning(named, digest) === 'same') return named;
    const answer = await ask(question);
    return answer.outcome === 'found' ? { digests, otherNames: answer.otherNames } : named;
  }

  async function podDigests(workload: Workload, artifact: Artifact): Promise<readonly string[]> {
    try {
      return await options.runningDigests(workload, artifact);
    } catch (error) {
      if (!(error instanceof KubernetesError) || ![403, 404].includes(error.status)) throw error;
      const { kind, namespace, name } = workload;
      options.log.warn({ kind, namespace, name, error }, 'what the pods run cannot be read');
      return [];
    }
  }

  function sinceFirstSeen({ workload, artifact, digest }: EvidenceQuestion): RunningDigests {
    const key = artifactKey(workload, artifact.name);
    const seen = firstSeen.get(key);
    if (seen?.image === artifact.image) return { digests: [seen.digest], otherNames: [] };
    firstSeen.set(key, { image: artifact.image, digest });
    return { digests: [], otherNames: [] };
  }

  return {
    running,
    async platform(question) {
      const nodes = await options.nodePlatforms(question.workload.placement);
      if (nodes.length === 0) return { fits: 'unknown', message: '' };
      const answer = await ask(question);
      if (answer.outcome === 'found') return findPlatform(answer.platforms, nodes);
      return { fits: 'unknown', message: `platforms not compared: ${answer.message}` };
    },
    forget(artifacts) {
      for (const artifact of artifacts) firstSeen.delete(artifact);
    },
  };
}
