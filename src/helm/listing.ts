import type { ChartTrouble, ChartVersion } from '../core/chart-source.ts';

/** What a source says about one chart. */
export type ListedChart =
  | {
      readonly versions: readonly ChartVersion[];
      /** The same as in the answer before this one. */
      readonly unchanged: boolean;
    }
  | { readonly problem: ChartTrouble };

/** What a source says about the charts that it was asked for. The messages are for a person and hold no secret. */
export type ChartListing =
  | {
      readonly outcome: 'complete';
      /** Every chart that was asked for. */
      readonly charts: ReadonlyMap<string, ListedChart>;
      /** Entries of these charts that cannot be read, or name no version. */
      readonly skipped: number;
    }
  /** There is no such source. */
  | { readonly outcome: 'missing'; readonly message: string }
  /** Nothing is known. */
  | {
      readonly outcome: 'unavailable';
      readonly message: string;
      readonly retryAfterMs?: number;
      /** It works, but refuses whoever asks. */
      readonly denied?: boolean;
      /** A person has said that it is not to be asked. */
      readonly suspended?: boolean;
    };
