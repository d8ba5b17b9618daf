import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { ObservabilitySettings } from '../config/live-settings.ts';
import type { Clock } from '../core/clock.ts';
import { BackendError, type Backend } from './backend.ts';
import { backendsOf } from './backends.ts';
import { CHARTED_METRICS, CURRENT_METRICS, SUMMARY_METRICS } from './charted.ts';
import { createChooser, type Choice, type ChooserOptions } from './choice.ts';
import type { BackendHttp } from './http.ts';
import type { LiveMetrics } from './live.ts';
import type { Queryable } from './queryable.ts';
import { windowOf, type RangeName, type TimeWindow } from './ranges.ts';
import { toSteps, toValue, type StepValues } from './series.ts';

export interface MetricsViewOptions {
  /** As they are now; they may change at any time. */
  readonly settings: () => ObservabilitySettings;
  readonly live: LiveMetrics;
  /** All that may be asked for. */
  readonly metrics: ReadonlyMap<string, Queryable>;
  readonly http: BackendHttp;
  readonly clock: Clock;
  readonly log: ChooserOptions['log'];
}

/** Values over time, and where they come from. */
export interface Charts {
  readonly choice: Choice;
  /** What the settings ask for. */
  readonly wanted: ObservabilitySettings['metricsBackend'];
  readonly window: TimeWindow;
  readonly series: ReadonlyMap<string, StepValues>;
}

export interface MetricsView {
  /** The names of all metrics that there are. */
  names(): readonly string[];
  /** What is counted so far, by the names of the API. */
  summary(): Promise<{ readonly backend: string; readonly values: Readonly<Record<string, number>> }>;
  /** One metric over time; undefined for a name that is not among `names`. */
  timeseries(name: string, range: RangeName): Promise<Charts | undefined>;
  /** All that the page draws. Without a range: a day, or an hour where only the process itself remembers. */
  charts(range: RangeName | undefined): Promise<Charts>;
  /** What the cards count, as this process knows it now. */
  current(): Promise<ReadonlyMap<string, number>>;
  /** Since when this process remembers. */
  liveSince(): number | undefined;
}

/** Thrown where too many questions wait already. */
export class TooManyQuestionsError extends Error {
  override readonly name = 'TooManyQuestionsError';
}

/** Pages that look at the same time share an answer. */
const ANSWER_TTL_MS = 10_000;
const MAX_ANSWERS = 64;
const CONCURRENCY = 4;
const MAX_WAITING = 100;

/** The metrics of Headwind, wherever they are kept. */
export function createMetricsView(options: MetricsViewOptions): MetricsView {
  const { settings, live, metrics, http, clock, log } = options;
  const chooser = createChooser({ clock, log });
  const limit = pLimit(CONCURRENCY);
  const answers = new LRUCache<string, { readonly atMs: number; readonly answer: Promise<unknown> }>({
    max: MAX_ANSWERS,
  });
  const pick = (names: Iterable<string>): Queryable[] =>
    Array.from(names).flatMap((name) => metrics.get(name) ?? []);

  /** Asks the first backend that can; one that fails is passed over, down to the process itself. */
  const ask = async <T>(
    scope: string,
    run: (backend: Backend) => Promise<T>,
  ): Promise<{ readonly choice: Choice; readonly value: T }> => {
    const now = settings();
    const backends = backendsOf(now, { http, clock });
    const asked = { key: keyOf(now), scope, backends, last: live.backend };
    for (;;) {
      const choice = await chooser.choose(asked);
      try {
        return { choice, value: await run(choice.backend) };
      } catch (error) {
        // The last resort does not fail; were it to, it would be a mistake in the program.
        if (!(error instanceof BackendError) || choice.backend === live.backend) throw error;
        chooser.failed(asked, choice.backend.id, error);
      }
    }
  };

  const shared = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const name = `${key} ${keyOf(settings())}`;
    const known = answers.get(name);
    const age = known === undefined ? Infinity : clock.elapsed() - known.atMs;
    // What stands under a key was made by its own `make`.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (known !== undefined && age >= 0 && age < ANSWER_TTL_MS) return known.answer as Promise<T>;
    if (limit.pendingCount >= MAX_WAITING) return Promise.reject(new TooManyQuestionsError());
    const answer = limit(make);
    answers.set(name, { atMs: clock.elapsed(), answer });
    answer.catch(() => answers.delete(name));
    return answer;
  };

  const over = async (
    scope: string,
    wantedMetrics: readonly Queryable[],
    rangeFor: (backend: Backend) => RangeName,
  ): Promise<Charts> => {
    const { choice, value } = await ask(scope, async (backend) => {
      const window = windowOf(rangeFor(backend), clock.now());
      const samples = await backend.sample(wantedMetrics, window);
      return {
        window,
        series: new Map(wantedMetrics.map((one) => [one.name, toSteps(one, samples, window)])),
      };
    });
    return { choice, wanted: settings().metricsBackend, ...value };
  };

  return {
    names: () => [...metrics.keys()],
    liveSince: () => live.since(),
    timeseries: (name, range) => {
      const metric = metrics.get(name);
      if (metric === undefined) return Promise.resolve(undefined);
      return shared(`series ${range} ${name}`, () => over(range, [metric], () => range));
    },
    charts: (range) =>
      shared(`charts ${range ?? ''}`, () =>
        over(range ?? '24h', pick(CHARTED_METRICS), ({ id }) => range ?? (id === 'live' ? '1h' : '24h')),
      ),
    async summary() {
      const asked = pick(Object.values(SUMMARY_METRICS));
      return shared('summary', async () => {
        const { choice, value: series } = await ask('now', (backend) => backend.latest(asked));
        const values = Object.entries(SUMMARY_METRICS).map(([key, name]) => {
          const metric = metrics.get(name);
          return [key, metric === undefined ? 0 : (toValue(metric, series) ?? 0)] as const;
        });
        return { backend: choice.backend.name, values: Object.fromEntries(values) };
      });
    },
    async current() {
      const series = await live.backend.latest(pick(CURRENT_METRICS));
      return new Map(series.map(({ metric, points }) => [metric, points.at(-1)?.value ?? 0]));
    },
  };
}

/** Tells settings apart without holding the token in yet another place. */
function keyOf(settings: ObservabilitySettings): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('base64');
}
