/** What a Lease says (coordination.k8s.io/v1), as far as it decides who leads. */
export interface LeaseRecord {
  /** Empty where nobody holds it. */
  readonly holder: string;
  /** How long after its last change the others leave it alone, in milliseconds. */
  readonly durationMs: number;
  /** As the holder wrote them: of another machine's clock, and therefore only compared for being the same. */
  readonly acquiredAt: string;
  readonly renewedAt: string;
  /** How often the holder was another one than before. */
  readonly transitions: number;
  readonly resourceVersion: string;
  /** Labels and the like, which are nobody's sign of life, and are written as they were. */
  readonly others?: object | undefined;
}

/** All in milliseconds, each longer than the one after it. */
export interface LeaseTimes {
  /** How long the others leave a Lease alone that its holder does not renew. */
  readonly durationMs: number;
  /** How long the holder goes on without having renewed it. */
  readonly renewDeadlineMs: number;
  /** Between two renewals; the others look at it twice as often. */
  readonly retryPeriodMs: number;
}

/** What one replica knows. Times are milliseconds of a clock of its own that only ever goes forward. */
export interface Standing {
  /** As last read; undefined where there is none. */
  readonly record: LeaseRecord | undefined;
  /** When the record was first seen to say this. */
  readonly observedAtMs: number;
  /** When the last write of ours began that made us the holder; undefined if the record is not ours. */
  readonly wonAtMs: number | undefined;
  /**
   * Who held it last, where it names nobody and was not given back: somebody has deleted or emptied it. The holder does
   * not know that before its next renewal, and acts until then.
   */
  readonly ousted?: { readonly holder: string; readonly untilMs: number } | undefined;
}

export const UNKNOWN: Standing = { record: undefined, observedAtMs: 0, wonAtMs: undefined };
/** By that duration the others tell a Lease that was given back from one that was emptied (as client-go writes it). */
const GIVEN_BACK_MS = 1000;

/** After the Lease has been read. What others wrote into it counts from the moment at which it is seen, never by their clocks. */
export function afterReading(standing: Standing, record: LeaseRecord | undefined, nowMs: number): Standing {
  const known = standing.record;
  const isSame = known !== undefined && record !== undefined && saysTheSame(known, record);
  // Ours, but not as we know it: a write of ours came through whose answer did not.
  const isStillOurs = record !== undefined && known?.holder === record.holder;
  return {
    // For how long it is left alone was said with the sign of life; what others make of it later does not count.
    record: isSame ? { ...record, durationMs: known.durationMs } : record,
    observedAtMs: isSame ? standing.observedAtMs : nowMs,
    wonAtMs: isStillOurs ? standing.wonAtMs : undefined,
    ousted: oustedAfter(standing, record),
  };
}

function oustedAfter(
  { record: known, observedAtMs, ousted }: Standing,
  record: LeaseRecord | undefined,
): Standing['ousted'] {
  if (record !== undefined && (record.holder !== '' || record.durationMs <= GIVEN_BACK_MS)) return undefined;
  if (known === undefined || known.holder === '') return ousted;
  return { holder: known.holder, untilMs: observedAtMs + known.durationMs };
}

/** After we have written ourselves into it, with a call that began at `beganMs`. */
export function afterWinning(record: LeaseRecord, beganMs: number): Standing {
  return { record, observedAtMs: beganMs, wonAtMs: beganMs };
}

/** Until when the replica leads; undefined where it does not hold the Lease. */
export function leadsUntil(
  { wonAtMs }: Standing,
  times: Pick<LeaseTimes, 'renewDeadlineMs'>,
): number | undefined {
  return wonAtMs === undefined ? undefined : wonAtMs + times.renewDeadlineMs;
}

/** Whether the replica may write itself into the Lease: it is its own, nobody's, or was not renewed in time. */
export function mayTake(
  { record, observedAtMs, ousted }: Standing,
  identity: string,
  nowMs: number,
): boolean {
  if (record === undefined || record.holder === '')
    return ousted === undefined || ousted.holder === identity || nowMs >= ousted.untilMs;
  if (record.holder === identity) return true;
  return nowMs >= observedAtMs + record.durationMs;
}

/**
 * How long to wait until the next look, in milliseconds. Those that do not hold the Lease look twice as often as it is
 * renewed: how late they see a renewal is how late they take over. `random` (0 to 1) makes it up to a fifth shorter, so
 * that replicas do not all ask at the same moment; the moment at which a holder's time is over is never slept through.
 */
export function nextLookMs(
  { record, observedAtMs, wonAtMs }: Standing,
  { identity, times, nowMs, random, failed = false }: Looking,
): number {
  const spread = 1 - 0.2 * random;
  // Half of the time may be gone with a call that was not answered: there has to be enough for another.
  if (failed && wonAtMs !== undefined) return (times.retryPeriodMs / 4) * spread;
  if (record?.holder === identity) return times.retryPeriodMs * spread;
  const usual = (times.retryPeriodMs / 2) * spread;
  if (record === undefined || record.holder === '') return usual;
  const leftMs = observedAtMs + record.durationMs - nowMs;
  return leftMs <= 0 ? usual : Math.min(usual, leftMs);
}

interface Looking {
  readonly identity: string;
  readonly times: LeaseTimes;
  readonly nowMs: number;
  readonly random: number;
  /** Whether the last look came to nothing: no answer, or none that helps. */
  readonly failed?: boolean;
}

/** What the replica writes to hold the Lease, or to go on holding it. */
export function toHold(
  { record }: Standing,
  { identity, times, now }: { readonly identity: string; readonly times: LeaseTimes; readonly now: string },
): Omit<LeaseRecord, 'resourceVersion'> {
  const isOurs = record?.holder === identity;
  return {
    holder: identity,
    durationMs: times.durationMs,
    acquiredAt: isOurs ? record.acquiredAt : now,
    renewedAt: now,
    transitions: record === undefined ? 0 : record.transitions + (isOurs ? 0 : 1),
  };
}

/** What it writes so that the next one need not wait. */
export function toRelease(record: LeaseRecord, now: string): Omit<LeaseRecord, 'resourceVersion'> {
  return { ...record, holder: '', durationMs: GIVEN_BACK_MS, renewedAt: now };
}

/** Labels and annotations of the Lease are nobody's sign of life. */
function saysTheSame(a: LeaseRecord, b: LeaseRecord): boolean {
  return (
    a.holder === b.holder &&
    a.renewedAt === b.renewedAt &&
    a.acquiredAt === b.acquiredAt &&
    a.transitions === b.transitions
  );
}
