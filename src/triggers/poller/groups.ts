import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { atMost } from '../../core/at-most.ts';
import type { Credential } from '../../core/credential.ts';
import { repositoryKey, type Repository } from '../../core/image-reference.ts';
import { pollWish, type PollWish } from '../../core/poll-wish.ts';
import { workloadKey, type Artifact, type Workload } from '../../core/workload.ts';

/** One artifact that a poll is for. */
export interface PollMember {
  /** Unique among all artifacts. */
  readonly key: string;
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly wish: PollWish;
}

/** The artifacts that one poll serves: of one repository, and with the same credentials for it. */
export interface PollGroup {
  /** Names the group in queues and logs; says nothing about the credentials. */
  readonly key: string;
  readonly repository: Repository;
  readonly credentials: readonly Credential[];
  /** At least one. */
  readonly members: readonly PollMember[];
  /** The shortest that any of them wants. */
  readonly intervalMs: number;
}

export interface GroupsOptions {
  readonly catalog: {
    byRepository(key: string): readonly { readonly workload: Workload; readonly artifact: Artifact }[];
  };
  readonly credentialsFor: (workload: Workload, repository: Repository) => Promise<readonly Credential[]>;
  /** For workloads that do not say, as of now. */
  readonly intervalMs: () => number;
}

/** Finds the groups of one repository, by its `repositoryKey`; rejects where credentials cannot be looked up. */
export type FindGroups = (repository: string) => Promise<readonly PollGroup[]>;

const MAX_IDENTITIES = 10_000;

/** Makes the finder; two groups are told apart by what they show to the registry, never by where it comes from. */
export function createGroups({ catalog, credentialsFor, intervalMs }: GroupsOptions): FindGroups {
  // Digest of the credentials to a number of our own: what is logged tells nothing about a password.
  const numbers = new LRUCache<string, number>(atMost(MAX_IDENTITIES));
  let next = 1;

  const numberOf = (credentials: readonly Credential[]): number => {
    if (credentials.length === 0) return 0;
    const digest = createHash('sha256').update(JSON.stringify(credentials)).digest('base64url');
    const known = numbers.get(digest) ?? next++;
    numbers.set(digest, known);
    return known;
  };

  return async (repository) => {
    const members = catalog.byRepository(repository).flatMap(({ workload, artifact }) => {
      const wish = pollWish(workload, artifact, intervalMs());
      const key = `${workloadKey(workload)}#${artifact.name}`;
      return wish === undefined ? [] : [{ key, workload, artifact, wish }];
    });
    const identified = await Promise.all(
      members.map(async (member) => {
        const credentials = await credentialsFor(member.workload, member.wish.reference.repository);
        return { member, credentials, number: numberOf(credentials) };
      }),
    );
    return Map.groupBy(identified, ({ number }) => number)
      .entries()
      .flatMap(([number, entries]) => toGroup(number, entries))
      .toArray();
  };
}

function toGroup(
  number: number,
  entries: readonly { readonly member: PollMember; readonly credentials: readonly Credential[] }[],
): readonly PollGroup[] {
  const [first] = entries;
  if (first === undefined) return [];
  const { repository } = first.member.wish.reference;
  const members = entries.map(({ member }) => member);
  return [
    {
      key: `${repositoryKey(repository)}#${number}`,
      repository,
      credentials: first.credentials,
      members,
      intervalMs: Math.min(...members.map(({ wish }) => wish.intervalMs)),
    },
  ];
}
