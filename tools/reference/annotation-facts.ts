import type { ANNOTATION } from '../../src/core/annotations.ts';

export interface AnnotationFact {
  /** The default as it would be written; absent where the setting is then not there. */
  readonly fallback?: string;
  /** What the default is where that is no value, or not the same for everybody. */
  readonly fallbackNote?: string;
  /** One cell of a table; links are relative to `docs`, here and below. */
  readonly meaning: string;
  /** Further sentences, for the reference alone. */
  readonly more?: string;
  readonly examples: readonly string[];
  /** A value that is refused; what would be right is asked of the program. Absent where every text is taken. */
  readonly wrong?: string;
}

/** What people need to know of each annotation; a test holds it against what the program makes of them. */
export const ANNOTATION_FACTS: Readonly<Record<keyof typeof ANNOTATION, AnnotationFact>> = {
  policy: {
    fallbackNote: 'none: the workload is ignored',
    meaning: '`none`, `patch`, `minor`, `major`, `all`, `glob` or `force`: how far it may move',
    more: 'A workload without this annotation is none of Headwind’s business; one with `none` is shown and never changed. What each policy admits, with examples: [policies](policies.md).',
    examples: ['minor', 'glob'],
    wrong: 'latest',
  },
  pattern: {
    fallbackNote: 'not set',
    meaning:
      'which tags count: a glob (`v1.*`), or `regex:` and an RE2 expression; needed by `glob`, a filter under every other policy',
    more: 'A glob knows `*` (any number of characters), `?` (one) and `[...]`, and covers the whole tag. A regular expression matches anywhere in the tag unless it says `^` and `$`; it runs in linear time, so it has no look-around and no back-references.',
    examples: ['v1.*', 'regex:^\\d+\\.\\d+\\.\\d+-alpine$'],
    wrong: 'regex:(?<=v)1',
  },
  requireApproval: {
    fallback: 'true',
    meaning: 'whether a person has to approve',
    more: 'With `false` an update is approved by `policy`, and applied as soon as nothing blocks it.',
    examples: ['false'],
    wrong: 'never',
  },
  minUpdateInterval: {
    fallback: '300',
    meaning: 'time between two updates of this workload; what comes earlier is applied later, not dropped',
    more: 'Counted from `headwind.sh/last-update`. A person’s approval does not wait for it; `0` switches it off.',
    examples: ['1h', '0'],
    wrong: 'soon',
  },
  images: {
    fallbackNote: 'all',
    meaning: 'container names, chart names or image repositories, separated by commas, globs allowed',
    more: 'A repository may be spelled in any way (`nginx`, `docker.io/library/nginx`), without a tag. Init containers count like all others.',
    examples: ['app', 'nginx, ghcr.io/shop/*'],
    wrong: 'nginx:1.25',
  },
  eventSource: {
    fallbackNote: '`webhook`; `both` for a HelmRelease',
    meaning: '`webhook`, `polling`, `both` or `none`: which trigger may move it; `none` freezes',
    more: '`polling` stands for the discovery of charts too. Registries are polled only where `HEADWIND_POLLING_ENABLED` is `true`.',
    examples: ['both'],
    wrong: 'push',
  },
  pollingInterval: {
    fallbackNote: '`HEADWIND_POLLING_INTERVAL`',
    meaning: 'time between two polls for this workload, shorter or longer',
    more: 'Workloads that use the same repository with the same credentials are asked for at once; the shortest interval among them counts.',
    examples: ['60', '30m'],
    wrong: '0',
  },
  prerelease: {
    fallback: 'false',
    meaning: 'whether pre-releases are admitted while the running version is none',
    more: 'Where a pre-release runs, newer ones of it are admitted without this.',
    examples: ['true'],
    wrong: 'beta',
  },
  trackDigest: {
    fallbackNote: '`false`; `true` under `force`',
    meaning: 'whether a new digest under the running tag is an update, written as `tag@sha256:…`',
    more: 'For tags that are pushed again and again, such as `1.2` or `stable`.',
    examples: ['true'],
    wrong: 'sha256',
  },
  paused: {
    fallback: 'false',
    meaning: '`true` freezes everything for this workload, visibly',
    more: 'An approved request waits too. `kubectl headwind pause` and `resume` and the dashboard set it. A value that cannot be read counts as `true`.',
    examples: ['true'],
    wrong: 'until monday',
  },
  autoRollback: {
    fallback: 'false',
    meaning:
      '`true` watches over each rollout, and takes back a version whose pods fail: [rollback](rollback.md)',
    more: 'The version that failed is held: it is not proposed again until a newer one comes or a person lifts the hold.',
    examples: ['true'],
    wrong: 'maybe',
  },
  rollbackTimeout: {
    fallback: '300',
    meaning: 'by when all new pods have to be ready',
    more: 'Counted from the change of the workload. Only with `headwind.sh/auto-rollback`.',
    examples: ['10m'],
    wrong: '0',
  },
  healthCheckRetries: {
    fallback: '3',
    meaning: 'bad checks in a row, ten seconds apart, that roll back',
    more: 'Only with `headwind.sh/auto-rollback`.',
    examples: ['5'],
    wrong: '0',
  },
  lastUpdate: {
    fallbackNote: 'written by Headwind',
    meaning: 'when it last changed the workload',
    more: 'An RFC 3339 time in UTC. Whoever deletes it lets the minimum interval end.',
    examples: ['2026-01-02T03:04:05Z'],
    wrong: 'yesterday',
  },
  updateHistory: {
    fallbackNote: 'written by Headwind',
    meaning: 'JSON, newest first, ten entries for each container',
    more: 'Each entry has `container`, `image`, `timestamp`, and where known `updateRequestName` and `approvedBy`. Rollbacks choose from it: [rollback](rollback.md).',
    examples: [],
  },
};

/** The default as a cell of a table. */
export function fallbackOf({ fallback, fallbackNote = '' }: AnnotationFact): string {
  return fallback === undefined ? fallbackNote : `\`${fallback}\``;
}
