import type { Clock } from '../../core/clock.ts';
import type { PushOptions } from '../registry/embedded-registry.ts';

/** A version that arrives. */
export interface Chapter {
  readonly repository: string;
  readonly tag: string;
  /** An image unless told. */
  readonly type?: 'image' | 'chart';
  /** What to look for, in few words. */
  readonly note: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What happens first, in this order. */
export const CHAPTERS: readonly Chapter[] = [
  { repository: 'shop/checkout', tag: '1.5.0', note: 'a minor version, which waits for approval' },
  {
    repository: 'charts/metrics',
    tag: '0.8.5',
    type: 'chart',
    note: 'a patch of a chart, applied at once',
  },
  {
    repository: 'shop/storefront',
    tag: '2.3.5',
    note: 'a broken patch, applied at once: its containers crash, and Headwind takes it back',
    labels: { 'headwind.demo/behaviour': 'crash' },
  },
  { repository: 'platform/log-agent', tag: '2.2.0', note: 'a minor version for the DaemonSet' },
  {
    repository: 'charts/search',
    tag: '3.2.0',
    type: 'chart',
    note: 'a minor version of a chart, whose HelmRelease waits for approval',
  },
  { repository: 'shop/orders', tag: '15.4', note: 'a minor version for the StatefulSet' },
  { repository: 'platform/gateway', tag: '4.0.0', note: 'a major version, where only patches are wanted' },
  { repository: 'platform/reports', tag: 'nightly-2026-03-02', note: 'the next nightly build' },
  {
    repository: 'shop/cart',
    tag: '0.9.2',
    note: 'a patch for what is paused: not applied, even if it is approved',
  },
  { repository: 'shop/storefront', tag: '2.3.6', note: 'the repaired patch, since 2.3.5 is held back' },
  {
    repository: 'shop/checkout',
    tag: '1.5.1',
    note: 'a newer one, which takes the place of a waiting 1.5.0',
  },
];

/** What comes after the last chapter: a patch here and there, for as long as somebody watches. */
export function laterChapter(number: number): Chapter {
  if (number % 3 === 1)
    return { repository: 'platform/log-agent', tag: `2.2.${number}`, note: 'a patch for the DaemonSet' };
  if (number % 3 === 2)
    return {
      repository: 'shop/checkout',
      tag: `1.5.${number + 2}`,
      note: 'a patch, which waits for approval',
    };
  return {
    repository: 'shop/storefront',
    tag: `2.3.${number + 8}`,
    note: 'a patch, which is applied at once',
  };
}

export interface StoryPace {
  /** Before the first version, in milliseconds. */
  readonly firstMs: number;
  /** Between two versions, in milliseconds; the half more at most, by chance. */
  readonly betweenMs: number;
}

/** A first request within seconds, then time enough to look at each. */
export const STORY_PACE: StoryPace = { firstMs: 4_000, betweenMs: 20_000 };

export interface StoryOptions {
  readonly push: (options: PushOptions) => Promise<unknown>;
  readonly onPushed: (chapter: Chapter) => void;
  readonly onFailed: (chapter: Chapter, error: unknown) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pace: StoryPace;
}

/** Lets new versions arrive, one at a time, until the returned function is called. */
export function startStory(options: StoryOptions): () => void {
  const { clock, random, pace } = options;
  let number = 0;
  let stopped = false;
  let cancel = clock.after(pace.firstMs, () => void next());

  const next = async (): Promise<void> => {
    const chapter = CHAPTERS[number] ?? laterChapter(number - CHAPTERS.length);
    number += 1;
    const { note: _, ...push } = chapter;
    try {
      // Told before it is pushed, so that cause comes before effect.
      options.onPushed(chapter);
      await options.push(push);
    } catch (error) {
      options.onFailed(chapter, error);
    }
    if (stopped) return;
    cancel = clock.after(pace.betweenMs * (1 + random() / 2), () => void next());
  };

  return () => {
    stopped = true;
    cancel();
  };
}
