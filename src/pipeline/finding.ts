import { chartSourceKey, type ChartFindings, type ChartTrouble } from '../core/chart-source.ts';
import type { Confirmation } from '../core/decision.ts';
import { repositoryKey, type Repository } from '../core/image-reference.ts';
import { chartWish, pollWish, type ListWish } from '../core/poll-wish.ts';
import type { Signal } from '../core/signal.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import type { PollTrouble } from '../triggers/poller/ask.ts';
import type { PollResult } from '../triggers/poller/poller.ts';
import type { AskerOptions } from './ask.ts';
import { artifactKey } from './request-store.ts';

/** An artifact that something was found out for. */
export interface FindingMember {
  /** Its `artifactKey`. */
  readonly key: string;
  readonly workload: Workload;
  readonly artifact: Artifact;
  readonly wish: ListWish;
}

/** Why something is not known. */
export interface FindingTrouble {
  readonly kind: PollTrouble['kind'] | ChartTrouble['kind'];
  readonly message: string;
}

/** What was found out about one repository of images, or one chart of a source, for the artifacts that use it. */
export interface Finding {
  readonly source: Exclude<Signal['source'], 'webhook'>;
  /** Names what was asked; see `originOf`. */
  readonly origin: string;
  readonly members: readonly FindingMember[];
  /** Complete; `version` differs between two lists that differ. */
  readonly list: { readonly tags: readonly string[]; readonly version: string } | undefined;
  /** By tag. */
  readonly digests: ReadonlyMap<string, string>;
  readonly listTrouble: FindingTrouble | undefined;
  readonly digestTroubles: ReadonlyMap<string, FindingTrouble>;
  /** Asks for one version anew: what a list names may be gone, or something else. */
  readonly confirm: (tag: string, member: FindingMember) => Promise<Confirmation>;
  /** Where the credentials come from that were refused, for the person who has to mend them. */
  readonly explain: (member: FindingMember) => Promise<string>;
}

/** What is to be asked about an artifact, so that troubles of somewhere else are not told of it; undefined where nothing is. */
export function originOf(workload: Workload, artifact: Artifact): string | undefined {
  const image = pollWish(workload, artifact, 0);
  if (image !== undefined) return repositoryKey(image.reference.repository);
  const source = artifact.release?.source;
  if (source === undefined || chartWish(workload, artifact) === undefined) return undefined;
  return originOfChart(source, artifact.name);
}

/** A poll of an image repository. */
export function fromPoll(
  result: PollResult,
  ask: {
    readonly confirm: (query: {
      readonly repository: Repository;
      readonly tag: string;
      readonly workload: Workload;
    }) => Promise<Confirmation>;
    readonly explainCredentials: AskerOptions['explainCredentials'];
  },
): Finding {
  const { repository, members, list, digests, listTrouble, digestTroubles } = result;
  return {
    source: 'polling',
    origin: repositoryKey(repository),
    members,
    list,
    digests,
    listTrouble,
    digestTroubles,
    confirm: (tag, { workload }) => ask.confirm({ repository, tag, workload }),
    explain: ({ workload }) => ask.explainCredentials(workload, repository),
  };
}

/** A look at a source of charts. Members that discovery may not move (any more) are left out. */
export function fromCharts(
  { source, chart, members, list, trouble }: ChartFindings,
  by: Finding['source'],
  confirmChart: AskerOptions['confirmChart'],
): Finding {
  return {
    source: by,
    origin: originOfChart(source, chart),
    members: members.flatMap(({ workload, artifact }) => {
      const wish = chartWish(workload, artifact);
      return wish === undefined
        ? []
        : [{ key: artifactKey(workload, artifact.name), workload, artifact, wish }];
    }),
    list:
      list === undefined
        ? undefined
        : { tags: list.versions.map(({ version }) => version), version: list.version },
    digests: new Map(),
    listTrouble: trouble,
    digestTroubles: new Map(),
    confirm: (version, { workload, artifact }) => confirmChart({ workload, artifact, version }),
    // The source itself says which of its Secrets it showed.
    explain: () => Promise.resolve(''),
  };
}

function originOfChart(source: Parameters<typeof chartSourceKey>[0], chart: string): string {
  return `${chartSourceKey(source)} ${chart}`;
}
