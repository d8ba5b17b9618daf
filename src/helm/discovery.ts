import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import {
  chartSourceKey,
  type ChartFindings,
  type ChartMember,
  type ChartSource,
  type ChartTrouble,
  type ChartVersion,
} from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import type { Workload } from '../core/workload.ts';
import { backoffDelay } from '../scheduling/backoff.ts';
import { createWorkQueue, type Outcome, type WorkFailure } from '../scheduling/work-queue.ts';
import { inSpan, type Work } from '../telemetry/trace.ts';
import type { ChartSources } from './chart-sources.ts';
import { groupBySource, memberKey, type SourceGroup } from './groups.ts';
import type { ChartListing } from './listing.ts';

/** A look at a source that has ended: for metrics and traces. */
export interface LookObservation {
  readonly source: ChartSource;
  readonly durationMs: number;
  /** `not-asked`: it is suspended. */
  readonly outcome: 'complete' | 'failed' | 'not-asked';
  /** How many charts, and how many versions of them, it was told. */
  readonly charts: number;
  readonly versions: number;
  /** Entries that could not be read. */
  readonly skipped: number;
}

export interface ChartDiscoveryOptions {
  /** All releases whose charts are to be followed, each with its source. */
  readonly members: () => Iterable<ChartMember>;
  readonly sources: Pick<ChartSources, 'list'>;
  /** Decides about what was found; `unresolved` counts the releases for which that has to be tried again. */
  readonly deliver: (findings: ChartFindings) => Promise<{ readonly unresolved: number }>;
  /** For sources where neither the release nor the source says, in milliseconds, as of now. */
  readonly intervalMs: () => number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: {
    debug(fields: object, message: string): void;
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  readonly onLook?: (observation: LookObservation) => void;
  readonly onDepth?: (depth: number) => void;
}

/** Looks at chart sources for news. */
export interface ChartDiscovery {
  /**
   * Begins, with a first look at everything within so many milliseconds (30 s): call it once releases and sources are
   * known. If it has begun, plans what is now wanted sooner.
   */
  start(withinMs?: number): void;
  /** Looks at nothing more, until `start` is called again; what looks under way find out is dropped. */
  pause(): void;
  /** A release is new, has changed, or is gone; workloads of other kinds are none of it. */
  releaseChanged(workload: Pick<Workload, 'kind'>): void;
  /** A source is new, or has changed: it is asked at once if it is in use. */
  sourceChanged(source: ChartSource): void;
  /** A hint says that there may be something new at this source (`chartSourceKey`). */
  look(sourceKey: string): void;
  /** Ends the looks under way. */
  stop(): Promise<void>;
}

const LOOKS_AT_ONCE = 16;
const DELIVERIES_AT_ONCE = 8;
/** The first looks after a start are spread over this time, or over one interval where that is shorter. */
const SPREAD_MS = 30_000;
/** Each pause between two looks is up to this part shorter or longer, so that they do not fall into step. */
const JITTER = 0.1;
/** Changes of releases come in bursts. */
const GATHER_MS = 250;
/** A source that was asked so shortly ago is not asked at once because a release of it has changed. */
const QUIET_MS = 5000;
/** What is known of the releases is gathered anew for a look unless that was done so shortly ago. */
const FRESH_MS = 1000;
const FIRST_RETRY_MS = 5000;
/** A refused credential is mended by a person, who then waits for it. */
const LONGEST_RETRY_DENIED_MS = 60_000;
const LONGEST_RETRY_MS = 300_000;
const ALL = 'all';

/** What is remembered of a source between two looks; the same object for as long as a release uses it. */
interface Standing {
  group: SourceGroup;
  /** The interval that its next look was planned by, in milliseconds; undefined before the first. */
  plannedMs: number | undefined;
  /** When its last look began, as `Clock.elapsed` counts; undefined before the first. */
  lookedAtMs: number | undefined;
  /** When it is to be asked for all its charts again, as `Clock.elapsed` counts. */
  dueAtMs: number;
  /** Somebody wants that now. */
  isWanted: boolean;
  /** Charts whose releases have changed since they were asked for. */
  readonly news: Set<string>;
  /** Looks in a row that failed. */
  failures: number;
}

/**
 * Decides when to look: work is by source, so that all releases of a repository cost one question. A source that failed
 * is asked again with growing pauses, and not before it wants to be.
 */
export function createChartDiscovery(options: ChartDiscoveryOptions): ChartDiscovery {
  const { clock, random, log } = options;
  // Invariant: holds exactly the sources that were in use when they were gathered last.
  const standings = new Map<string, Standing>();
  // Ends the looks of one run, from a start to a pause or a stop.
  let stopping = new AbortController();
  const deliveries = pLimit(DELIVERIES_AT_ONCE);
  let running = false;
  let isDirty = true;
  let gatheredAtMs = 0;

  let spreadMs = SPREAD_MS;
  const spread = (intervalMs: number): number => random() * Math.min(intervalMs, spreadMs);
  const untilNext = (intervalMs: number): number => intervalMs * (1 - JITTER + 2 * JITTER * random());

  /** Looks again which releases use which source, and plans what is new or wanted sooner; not `looking`, which plans itself. */
  function gather(delayFor: (intervalMs: number) => number, looking?: string): void {
    const groups = groupBySource(options.members(), options.intervalMs());
    for (const key of standings.keys()) if (!groups.has(key)) standings.delete(key);
    for (const [key, group] of groups) {
      const standing = standings.get(key);
      if (standing === undefined) {
        standings.set(key, newStanding(group));
        if (key !== looking) looks.addAfter(key, delayFor(group.intervalMs));
        continue;
      }
      const before = standing.group;
      standing.group = group;
      for (const chart of chartsWithNews(group, before)) standing.news.add(chart);
      if (group.sourceState !== before.sourceState) standing.isWanted = true;
      if (key !== looking) planSooner(standing);
    }
    isDirty = false;
    gatheredAtMs = clock.elapsed();
  }

  function planSooner(standing: Standing): void {
    const { group, plannedMs, lookedAtMs, dueAtMs, isWanted, news } = standing;
    const { key, intervalMs } = group;
    // Before the first look there is one planned already.
    if (lookedAtMs === undefined) return;
    if (isWanted) looks.add(key);
    else if (news.size > 0) looks.addAfter(key, lookedAtMs + QUIET_MS - clock.elapsed());
    if (plannedMs === undefined || intervalMs >= plannedMs) return;
    standing.plannedMs = intervalMs;
    standing.dueAtMs = Math.min(dueAtMs, lookedAtMs + untilNext(intervalMs));
    looks.addAfter(key, Math.max(0, standing.dueAtMs - clock.elapsed()));
  }

  async function look(key: string): Promise<Outcome> {
    const { signal } = stopping;
    if (!running) return { kind: 'done' };
    if (isDirty || clock.elapsed() - gatheredAtMs >= FRESH_MS) gather(() => 0, key);
    const standing = standings.get(key);
    if (standing === undefined) return { kind: 'done' };
    const { group } = standing;
    const startedAtMs = clock.elapsed();
    const isDue = standing.isWanted || startedAtMs >= standing.dueAtMs;
    const asked = takeUp(standing, isDue);
    if (asked.charts.size === 0) return { kind: 'requeue', afterMs: standing.dueAtMs - startedAtMs };
    standing.lookedAtMs = startedAtMs;
    const charts = new Set(asked.charts.keys());
    const { kind, namespace, name } = group.source;
    const facts = {
      'headwind.chart.source': `${kind}/${namespace}/${name}`,
      'headwind.charts': charts.size,
    };
    return inSpan({ name: 'discovery', parent: 'nothing', facts }, async (span) => {
      const listing = await options.sources.list({ source: group.source, charts, signal });
      if (signal.aborted) return { kind: 'done' };
      return conclude(standing, asked, { listing, startedAtMs, isDue, span });
    });
  }

  /** Hands on what was found, and says when to look again. */
  async function conclude(
    standing: Standing,
    asked: SourceGroup,
    { listing, startedAtMs, isDue, span }: LookMade,
  ): Promise<Outcome> {
    const { group } = standing;
    const durationMs = clock.elapsed() - startedAtMs;
    const findings = toFindings(asked, listing);
    const { source } = group;
    options.onLook?.({ source, durationMs, ...summaryOf(findings, listing) });
    const unresolved = await deliverAll(findings);
    const trouble = worstOf(findings);
    const failure = trouble?.kind ?? (unresolved > 0 ? 'unresolved' : undefined);
    if (failure !== undefined && failure !== 'suspended') span.fail(failure);
    const untilDueMs = standing.dueAtMs - clock.elapsed();
    // A part of it that went well changes nothing about the rest.
    if (!isDue && trouble === undefined && unresolved === 0 && untilDueMs > 0)
      return { kind: 'requeue', afterMs: untilDueMs };
    const afterMs = pauseAfter(standing, trouble, unresolved);
    standing.plannedMs = Math.max(afterMs, group.intervalMs);
    standing.dueAtMs = clock.elapsed() + afterMs;
    return { kind: 'requeue', afterMs };
  }

  /** What is asked about now: everything where a look is due, else what has changed. */
  function takeUp(standing: Standing, isDue: boolean): SourceGroup {
    const { group, news } = standing;
    const asked = isDue ? group : { ...group, charts: ofCharts(group.charts, news) };
    standing.isWanted = false;
    news.clear();
    return asked;
  }

  /** How many artifacts there are for which it has to be tried again. */
  async function deliverAll(findings: readonly ChartFindings[]): Promise<number> {
    const outcomes = await Promise.all(findings.map((found) => deliveries(() => options.deliver(found))));
    return outcomes.reduce((sum, outcome) => sum + outcome.unresolved, 0);
  }

  /** How long to wait until the next look, in milliseconds. */
  function pauseAfter(standing: Standing, trouble: ChartTrouble | undefined, unresolved: number): number {
    const { key, intervalMs } = standing.group;
    if ((trouble === undefined && unresolved === 0) || trouble?.kind === 'suspended') {
      if (standing.failures > 0)
        log.info({ source: key, failures: standing.failures }, 'a chart source can be asked again');
      standing.failures = 0;
      return untilNext(intervalMs);
    }
    standing.failures += 1;
    const { failures } = standing;
    const { kind = 'cluster', message, retryAfterMs = 0 } = trouble ?? {};
    const level = failures === 1 ? 'warn' : 'debug';
    log[level]({ source: key, failures, why: kind, message }, 'a look at a chart source failed');
    // What it said for certain does not change by asking sooner.
    if (kind === 'missing') return untilNext(intervalMs);
    const capMs =
      kind === 'denied'
        ? LONGEST_RETRY_DENIED_MS
        : Math.min(LONGEST_RETRY_MS, Math.max(LONGEST_RETRY_DENIED_MS, intervalMs));
    return Math.max(backoffDelay(failures, { baseMs: FIRST_RETRY_MS, capMs }, random), retryAfterMs);
  }

  function lookNow(key: string): void {
    const standing = standings.get(key);
    if (standing !== undefined) standing.isWanted = true;
    looks.add(key);
  }

  const common = {
    clock,
    random,
    onError: (failure: WorkFailure) => log.warn({ ...failure }, 'a look at a chart source could not be made'),
  };
  const gatherings = createWorkQueue({
    ...common,
    name: 'chart-plans',
    concurrency: 1,
    handle: () => {
      if (running) gather(() => 0);
      return Promise.resolve({ kind: 'done' });
    },
  });
  const looks = createWorkQueue({
    ...common,
    name: 'charts',
    handle: look,
    concurrency: LOOKS_AT_ONCE,
    onDepth: options.onDepth,
  });

  const pause = (): void => {
    running = false;
    stopping.abort(new Error('the discovery of charts is stopping'));
    standings.clear();
  };

  return {
    start(withinMs = SPREAD_MS) {
      spreadMs = withinMs;
      if (!running) stopping = new AbortController();
      running = true;
      gather(spread);
    },
    pause,
    releaseChanged({ kind }) {
      if (kind !== 'HelmRelease') return;
      isDirty = true;
      if (running) gatherings.addAfter(ALL, GATHER_MS);
    },
    sourceChanged(source) {
      isDirty = true;
      if (!running) return;
      gatherings.addAfter(ALL, GATHER_MS);
      // Also where nothing of it is different to the eye: somebody wants it to be asked.
      if (standings.has(chartSourceKey(source))) lookNow(chartSourceKey(source));
    },
    look(sourceKey) {
      if (running) lookNow(sourceKey);
    },
    async stop() {
      pause();
      await Promise.all([gatherings.stop(), looks.stop()]);
    },
  };
}

function newStanding(group: SourceGroup): Standing {
  const plan = { plannedMs: undefined, lookedAtMs: undefined, dueAtMs: 0, isWanted: false };
  return { group, ...plan, news: new Set(), failures: 0 };
}

function ofCharts(charts: SourceGroup['charts'], names: ReadonlySet<string>): SourceGroup['charts'] {
  return new Map([...charts].filter(([chart]) => names.has(chart)));
}

/** The charts of releases that are new or differ in what matters here. */
function* chartsWithNews({ charts, memberStates }: SourceGroup, before: SourceGroup): Generator<string> {
  for (const [chart, members] of charts)
    if (members.some((member) => isNews(memberKey(member), memberStates, before.memberStates))) yield chart;
}

function isNews(key: string, now: ReadonlyMap<string, string>, before: ReadonlyMap<string, string>): boolean {
  return now.get(key) !== before.get(key);
}

function toFindings(group: SourceGroup, listing: ChartListing): readonly ChartFindings[] {
  const { key, source } = group;
  return Array.from(group.charts, ([chart, members]) => {
    const found = { source, chart, members };
    const told = listing.outcome === 'complete' ? listing.charts.get(chart) : undefined;
    if (told !== undefined && 'versions' in told) {
      const { versions } = told;
      const version = `${key} ${chart} ${fingerprint(versions)}`;
      return { ...found, list: { versions, version }, trouble: undefined };
    }
    return { ...found, list: undefined, trouble: told?.problem ?? toTrouble(listing, key) };
  });
}

function toTrouble(listing: ChartListing, key: string): ChartTrouble {
  if (listing.outcome === 'complete')
    return { kind: 'unavailable', message: `${key} says nothing of this chart` };
  const { message } = listing;
  if (listing.outcome === 'missing') return { kind: 'missing', message };
  const { suspended, denied, retryAfterMs } = listing;
  if (suspended === true) return { kind: 'suspended', message };
  return { kind: denied === true ? 'denied' : 'unavailable', message, retryAfterMs };
}

function summaryOf(
  findings: readonly ChartFindings[],
  listing: ChartListing,
): Pick<LookObservation, 'outcome' | 'charts' | 'versions' | 'skipped'> {
  const lists = findings.flatMap(({ list }) => list ?? []);
  const trouble = worstOf(findings)?.kind;
  return {
    outcome: trouble === undefined ? 'complete' : trouble === 'suspended' ? 'not-asked' : 'failed',
    charts: lists.length,
    versions: lists.reduce((sum, { versions }) => sum + versions.length, 0),
    skipped: listing.outcome === 'complete' ? listing.skipped : 0,
  };
}

interface LookMade {
  readonly listing: ChartListing;
  readonly startedAtMs: number;
  readonly isDue: boolean;
  readonly span: Pick<Work, 'fail'>;
}

/** The trouble that decides when to look again: one that may pass by itself before one that does not. */
function worstOf(findings: readonly ChartFindings[]): ChartTrouble | undefined {
  const kinds = ['denied', 'unavailable', 'missing', 'suspended'];
  return findings
    .flatMap(({ trouble }) => trouble ?? [])
    .toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))[0];
}

/** Equal for equal sets of versions, in whatever order the source has them. */
function fingerprint(versions: readonly ChartVersion[]): string {
  const lines = versions.map(({ version, digest = '' }) => `${version} ${digest}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('base64url');
}
