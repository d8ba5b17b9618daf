import type { BlockerCode } from '../../src/core/blocker.ts';

export interface BlockerFact {
  /** One cell of a table. */
  readonly meaning: string;
  /** When it is gone. */
  readonly lifts: string;
}

/** What people need to know of each blocker; the types hold the list to be complete. */
export const BLOCKER_FACTS: Readonly<Record<BlockerCode, BlockerFact>> = {
  'invalid-annotation': {
    meaning: 'an annotation cannot be read; the message says what is expected',
    lifts: 'when the annotation is mended',
  },
  'invalid-image': {
    meaning: 'the container’s image, or the chart, cannot be read',
    lifts: 'when the workload names one that can',
  },
  'not-selected': {
    meaning: '`headwind.sh/images` names other containers or charts',
    lifts: 'when `headwind.sh/images` names it too, or is gone',
  },
  'policy-none': { meaning: 'the policy is `none`', lifts: 'when `headwind.sh/policy` says something else' },
  paused: {
    meaning: '`headwind.sh/paused` is `true`',
    lifts: 'when somebody resumes the workload',
  },
  suspended: {
    meaning: '`spec.suspend` of the HelmRelease (or of where its chart comes from) is `true`',
    lifts: 'when Flux is let go on with it',
  },
  'event-source': {
    meaning: 'this trigger is not listened to',
    lifts: 'when `headwind.sh/event-source` names the trigger, or another trigger brings the version',
  },
  'up-to-date': { meaning: 'it runs already', lifts: 'when there is another version; nothing is wrong' },
  'current-unversioned': {
    meaning: 'the running tag has no order (`latest`, a commit)',
    lifts: 'when a tag with an order runs; or by a push, under `glob`, `all` or `force`',
  },
  'flux-owns-range': {
    meaning:
      'the HelmRelease names a range of versions (`1.x`, `*`, none), within which Flux itself moves it',
    lifts: 'when the HelmRelease names an exact version',
  },
  'chart-source': {
    meaning:
      'where the HelmRelease’s chart comes from is not there, or is nothing whose versions can be followed and set',
    lifts: 'when the source is there, and is a HelmRepository or an OCIRepository',
  },
  policy: {
    meaning: 'the policy does not go that far, or the two have no order',
    lifts: 'under a policy that goes further',
  },
  pattern: { meaning: 'the tag does not match', lifts: 'when `headwind.sh/pattern` admits the tag' },
  'tag-missing': {
    meaning: 'the registry says that there is no such tag, or no such repository',
    lifts: 'when the tag is pushed, or the image names the right repository',
  },
  registry: {
    meaning: 'the registry could not be asked, and has to be',
    lifts: 'by itself, when the registry answers again',
  },
  'registry-auth': {
    meaning: 'the registry refuses the credentials, or wants some; the message names the Secret',
    lifts: 'about a minute after the Secret is mended',
  },
  'tag-budget': {
    meaning: 'the repository has more tags than are read',
    lifts: 'with a greater budget for that registry (`HEADWIND_REGISTRY_CONFIG`), or fewer tags',
  },
  platform: {
    meaning: 'the image is built for none of the nodes that the pods may land on',
    lifts: 'when the image is built for one of them',
  },
  held: {
    meaning: 'it was rejected, rolled back, or taken back by hand',
    lifts: 'when a newer version comes, or somebody lifts the hold',
  },
  'min-update-interval': {
    meaning: 'the last update was too short ago',
    lifts: 'by itself, at the time that is told; or when a person approves',
  },
  'not-before': {
    meaning: 'the request says when, and it is not yet then; or the same update failed within the last hour',
    lifts: 'by itself, at the time that is told',
  },
  'awaiting-approval': {
    meaning: 'a person has to approve or reject',
    lifts: 'when somebody does, or the request expires',
  },
  'newer-request': {
    meaning: 'a newer version is already proposed',
    lifts: 'when that request is finished',
  },
  cluster: {
    meaning:
      'Kubernetes refused to record or apply the update, or could not be asked; the message says which',
    lifts: 'by itself, where Kubernetes could not be asked; else when its reason is gone',
  },
};
