import type { WorkloadRow } from '../../../src/http/dashboard-workload-shapes.ts';

type Artifact = WorkloadRow['artifacts'][number];
export type Blocker = Artifact['blockers'][number];

/** What each reason is called; the sentence that comes with it says the rest. */
const TITLES: Readonly<Record<string, string>> = {
  'invalid-annotation': 'An annotation cannot be read',
  'invalid-image': 'The image cannot be read',
  'not-selected': 'Left out',
  'policy-none': 'The policy is none',
  paused: 'Paused',
  suspended: 'Suspended in Flux',
  'event-source': 'This trigger is not listened to',
  'up-to-date': 'Up to date',
  'current-unversioned': 'What runs has no order',
  'flux-owns-range': 'Flux chooses within a range',
  'chart-source': 'The source of the chart',
  policy: 'The policy does not go that far',
  pattern: 'The pattern does not match',
  'tag-missing': 'The registry has no such version',
  registry: 'The registry could not be asked',
  'registry-auth': 'The registry refuses the credentials',
  'tag-budget': 'Too many tags to choose from',
  platform: 'Not made for these nodes',
  held: 'Held back',
  'min-update-interval': 'Too soon after the last update',
  'not-before': 'Not yet',
  'awaiting-approval': 'Waits for an approval',
  'newer-request': 'A newer update is open',
  cluster: 'The cluster does not answer',
};
/** These tell that all is well, or that somebody wanted it so: what else there is comes before them. */
const CALM = ['up-to-date', 'not-selected'];

/** What a reason is called; its own code where this page is older than the server. */
export function titleOf(code: string): string {
  return TITLES[code] ?? code;
}

/** The reason that says most about a workload, and whose it is; undefined where there is nothing to say. */
export function mainReason(
  artifacts: readonly Pick<Artifact, 'name' | 'blockers'>[],
): { readonly artifact: string; readonly blocker: Blocker } | undefined {
  const all = artifacts.flatMap(({ name, blockers }) =>
    blockers.map((blocker) => ({ artifact: name, blocker })),
  );
  return all.find(({ blocker }) => !CALM.includes(blocker.code)) ?? all[0];
}

/** The last part of an image's name, which is what people call it. */
export function shortName(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1);
}
