import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { chartSourceKey, type ChartSource } from '../core/chart-source.ts';
import type { Clock } from '../core/clock.ts';
import { withDeadline, type NoAnswer } from '../registry/deadline.ts';
import type { Hosts } from '../registry/hosts.ts';
import { basicAuthorization, secretsOf } from '../registry/identity.ts';
import { createSingleFlight } from '../registry/single-flight.ts';
import { timeoutsFor } from '../registry/transport.ts';
import type { IndexedChart, IndexedCharts } from './index-entries.ts';
import { createIndexReader, type IndexAnswer, type Validators } from './index-reader.ts';
import type { IndexThread } from './index-thread.ts';
import type { ChartListing, ListedChart } from './listing.ts';
import { indexAddress } from './repository-url.ts';
import type { SourceAccess } from './source-access.ts';

export interface HttpIndexQuestion {
  readonly source: ChartSource;
  readonly access: SourceAccess;
  readonly charts: ReadonlySet<string>;
  /** What was read so short a time ago may be told again, in milliseconds; 0 to ask in any case. */
  readonly freshForMs: number;
  /** Somebody waits for the answer. */
  readonly urgent: boolean;
}

export interface HttpIndexes {
  /** What the index says about the charts; one question serves all who ask at the same time. */
  list(question: HttpIndexQuestion): Promise<ChartListing>;
  /** What is kept of indexes between two questions, in bytes, roughly. */
  keptBytes(): number;
}

export interface HttpIndexesOptions {
  readonly hosts: Pick<Hosts, 'ask'>;
  readonly thread: IndexThread;
  readonly clock: Clock;
  /** Aborted when all is to end. */
  readonly closing: AbortSignal;
}

/** What is remembered of an index: of the wanted charts alone. */
interface KeptIndex {
  readonly readAtMs: number;
  readonly validators: Validators;
  readonly asWhole: boolean;
  /** By the charts that were asked for; undefined for one that is not in the index. */
  readonly charts: ReadonlyMap<string, IndexedChart | undefined>;
}

/** One look at an index. */
interface Look {
  readonly kept: KeptIndex;
  readonly before: KeptIndex | undefined;
}

type Looked =
  | { readonly kind: 'looked'; readonly look: Look }
  | Exclude<IndexAnswer, { readonly kind: 'read' }>;

const MAX_KEPT = 5000;
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
const BYTES_PER_VERSION = 160;
const BYTES_PER_OBJECT = 400;
/** Beside the source's own limit for the answer: for the wait at a busy host, and one more answer where it is asked twice. */
const WAIT_LIMIT_MS = 120_000;

/** Makes a reader of chart repositories that remembers the versions of wanted charts, and asks only for what is new. */
export function createHttpIndexes({ hosts, thread, clock, closing }: HttpIndexesOptions): HttpIndexes {
  const reader = createIndexReader({ hosts, thread, clock });
  const kept = new LRUCache<string, KeptIndex>({
    max: MAX_KEPT,
    maxSize: MAX_KEPT_BYTES,
    sizeCalculation: sizeOf,
  });
  const flights = createSingleFlight<Looked | NoAnswer>();

  const look = async (key: string, question: HttpIndexQuestion): Promise<Looked | NoAnswer> => {
    const { source, access, urgent } = question;
    const address = indexAddress(source.url);
    if (!address.ok) return { kind: 'missing', message: `${chartSourceKey(source)}: ${address.error}` };
    const { url } = address.value;
    const identity = access.basic ?? address.value.credential;
    const before = kept.get(key);
    // Whoever asked before asks again, so that one answer serves all.
    const wanted = new Set([...question.charts, ...(before?.charts.keys() ?? [])]);
    const knowsAll = before !== undefined && [...wanted].every((chart) => before.charts.has(chart));
    const limitMs = 2 * source.timeoutMs + WAIT_LIMIT_MS;
    const answer = await withDeadline({ host: url.host, clock, limitMs, closing }, (signal) =>
      reader.read({
        url,
        authorization: identity === undefined ? undefined : basicAuthorization(identity),
        secrets: secretsOf(identity),
        tls: access.tls,
        timeouts: timeoutsFor(source.timeoutMs),
        wanted,
        known: knowsAll ? before.validators : undefined,
        asWhole: before?.asWhole ?? false,
        urgent,
        signal,
      }),
    );
    if (!('kind' in answer)) return answer;
    if (answer.kind === 'unchanged' && before !== undefined)
      return keep(key, { ...before, readAtMs: clock.elapsed() }, before);
    if (answer.kind !== 'read') return answer;
    const { validators, asWhole } = answer;
    const charts = withAbsent(answer.charts, wanted);
    return keep(key, { readAtMs: clock.elapsed(), validators, asWhole, charts }, before);
  };

  const keep = (key: string, now: KeptIndex, before: KeptIndex | undefined): Looked => {
    kept.set(key, now);
    return { kind: 'looked', look: { kept: now, before } };
  };

  const lookFor = async (question: HttpIndexQuestion): Promise<Looked | NoAnswer> => {
    const { source, access, charts, freshForMs } = question;
    // With the credentials in it, so that what one Secret opens is never told to another.
    const key = JSON.stringify([chartSourceKey(source), source.uid, source.url, access.version]);
    const known = kept.get(key);
    const coversAll = (index: KeptIndex): boolean => [...charts].every((chart) => index.charts.has(chart));
    if (known !== undefined && clock.elapsed() - known.readAtMs < freshForMs && coversAll(known))
      return { kind: 'looked', look: { kept: known, before: known } };
    const joined = await flights.run(key, () => look(key, question));
    if (!('kind' in joined) || joined.kind !== 'looked' || coversAll(joined.look.kept)) return joined;
    // It was under way for other charts; the next one is for all.
    return flights.run(`${key} ${JSON.stringify([...charts])}`, () => look(key, question));
  };

  return {
    list: async (question) => {
      const looked = await lookFor(question);
      if (!('kind' in looked)) return looked;
      const { kind } = looked;
      if (kind === 'looked') return toListing(looked.look, question);
      if (kind === 'refused')
        return { outcome: 'unavailable', message: withWhom(looked.message, question), denied: true };
      if (kind === 'missing') return { outcome: 'missing', message: looked.message };
      return { outcome: 'unavailable', message: 'an index that is not known is said to be unchanged' };
    },
    keptBytes: () => kept.calculatedSize,
  };
}

function withAbsent(
  found: IndexedCharts,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, IndexedChart | undefined> {
  return new Map(Array.from(wanted, (chart) => [chart, found.get(chart)]));
}

function toListing({ kept, before }: Look, { charts, source }: HttpIndexQuestion): ChartListing {
  let skipped = 0;
  const listed = Array.from(charts, (name): [string, ListedChart] => {
    const chart = kept.charts.get(name);
    if (chart === undefined) {
      const message = `the index of ${chartSourceKey(source)} has no chart ${name}`;
      return [name, { problem: { kind: 'missing', message } }];
    }
    skipped += chart.skipped;
    const unchanged = isSame(before?.charts.get(name), chart);
    return [name, { versions: chart.versions, unchanged }];
  });
  return { outcome: 'complete', charts: new Map(listed), skipped };
}

function isSame(before: IndexedChart | undefined, now: IndexedChart): boolean {
  if (before === now) return true;
  return before !== undefined && fingerprint(before) === fingerprint(now);
}

/** Equal for equal sets of versions, in whatever order the index has them. */
function fingerprint({ versions }: IndexedChart): string {
  const lines = versions.map(({ version, digest = '' }) => `${version} ${digest}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('base64url');
}

function withWhom(message: string, { source, access }: HttpIndexQuestion): string {
  const { secretName, namespace } = source;
  if (secretName === undefined) return `${message} (${chartSourceKey(source)} names no secretRef)`;
  const which = access.basic === undefined ? 'has no username' : 'was shown';
  return `${message} (Secret ${namespace}/${secretName} ${which})`;
}

function sizeOf({ charts }: KeptIndex, key: string): number {
  let bytes = BYTES_PER_OBJECT + key.length;
  for (const [name, chart] of charts)
    bytes += BYTES_PER_OBJECT + name.length + (chart?.versions.length ?? 0) * BYTES_PER_VERSION;
  return bytes;
}
