import type { Repository } from './image-reference.ts';

/** A hint that a repository may hold a new version. It is never believed without asking the registry. */
export interface Signal {
  /** `discovery`: a chart's source was looked at because the release asks for that by being there. */
  readonly source: 'webhook' | 'polling' | 'discovery';
  /** Who sent it, e.g. `dockerhub`, `distribution`: a metric label, so from a fixed list. */
  readonly sender: string;
  readonly type: 'image' | 'chart';
  readonly repository: Repository;
  readonly tag: string;
  /** The digest as claimed by the sender, if any. */
  readonly digest?: string | undefined;
}
