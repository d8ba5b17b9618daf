import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { Credential } from '../../core/credential.ts';
import { createSingleFlight } from '../single-flight.ts';
import { CloudIdentityError, type CloudIdentity, type IssuedCredential } from './cloud-identity.ts';
import { failureText } from './failure-text.ts';

export interface CloudCredentials {
  /**
   * What Headwind's own identity is worth at `host`: one credential, or none where the host is no cloud's, where there
   * is no identity here, or where it gave nothing (see `problemOf`). Never rejects; answers within 10 s.
   */
  credentialsFor(host: string): Promise<readonly Credential[]>;
  /** Why there is an identity but no credential for `host`: a text for people without secrets. */
  problemOf(host: string): string | undefined;
  /**
   * What this had to do with a refusal by `host`, for the person who has to mend it: the problem, or that its credential
   * was refused; empty where there is no identity.
   */
  explain(host: string): string;
  /** Gives up what is under way. */
  close(): void;
}

/** What is needed of a log. */
export interface CloudLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface CloudCredentialsOptions {
  /** The first that matches a host answers for it. */
  readonly identities: readonly CloudIdentity[];
  readonly clock: Clock;
  readonly log: CloudLog;
}

const MAX_HOSTS = 500;
const DEADLINE_MS = 10_000;
/**
 * How long before its end a credential is replaced. Less than 5 minutes: that long before a token's end Google's
 * metadata server begins to give out a new one.
 */
const REFRESH_BEFORE_MS = 180_000;
const FIRST_BACKOFF_MS = 30_000;
const MAX_BACKOFF_MS = 300_000;

/** What is known of one host. Times are as `Clock.elapsed` counts: the clock of the machine may be set meanwhile. */
interface Known {
  readonly issued: IssuedCredential | undefined;
  /** Until when what was issued counts. */
  readonly endsAtMs: number;
  /** When to ask again, and not before. */
  readonly askAgainAtMs: number;
  /** How often in a row nothing came. */
  readonly fruitless: number;
  readonly problem: string | undefined;
}

const NOTHING: Known = { issued: undefined, endsAtMs: 0, askAgainAtMs: 0, fruitless: 0, problem: undefined };

/**
 * Asks the clouds for credentials and keeps them, per host, until shortly before they expire. Where nothing comes, it
 * asks again only after 30 s, then 1 min, 2 min, 4 min and every 5 min; a credential that could not be replaced in time
 * is used to its end.
 */
export function createCloudCredentials({
  identities,
  clock,
  log,
}: CloudCredentialsOptions): CloudCredentials {
  const kept = new LRUCache<string, Known>({ max: MAX_HOSTS });
  const flights = createSingleFlight<Known>();
  const closing = new AbortController();

  const askAnew = async (identity: CloudIdentity, host: string, before: Known): Promise<Known> => {
    const about = { identity: identity.name, host };
    try {
      const issued = await withDeadline({ clock, closing: closing.signal }, (signal) =>
        identity.credentials(host, signal),
      );
      if (issued !== undefined) return fresh(issued, clock);
      log.debug(about, 'no cloud identity here');
      return fruitless(before, clock.elapsed(), undefined);
    } catch (error) {
      const why = failureText(error);
      const problem = `${identity.name} gave no credential for ${host}: ${why}`;
      const known = fruitless(before, clock.elapsed(), problem);
      const retryInMs = known.askAgainAtMs - clock.elapsed();
      log.warn({ ...about, why, retryInMs }, 'cloud identity gives no credential');
      return known;
    }
  };

  const knownOf = async (host: string): Promise<Known> => {
    const identity = identities.find((candidate) => candidate.matches(host));
    if (identity === undefined) return NOTHING;
    const known = kept.get(host) ?? NOTHING;
    if (clock.elapsed() < known.askAgainAtMs || closing.signal.aborted) return known;
    return flights.run(host, async () => {
      const after = await askAnew(identity, host, known);
      kept.set(host, after);
      return after;
    });
  };

  return {
    credentialsFor: async (host) => {
      const { issued, endsAtMs } = await knownOf(host);
      return issued !== undefined && clock.elapsed() < endsAtMs ? [issued.credential] : [];
    },
    problemOf: (host) => kept.peek(host)?.problem,
    explain: (host) => {
      const { problem, issued } = kept.peek(host) ?? NOTHING;
      if (problem !== undefined) return problem;
      const name = identities.find((identity) => identity.matches(host))?.name;
      return issued === undefined || name === undefined
        ? ''
        : `Headwind's own identity at ${name} is refused too`;
    },
    close: () => closing.abort(),
  };
}

function fresh(issued: IssuedCredential, clock: Pick<Clock, 'elapsed' | 'now'>): Known {
  const lifetimeMs = issued.expiresAtMs - clock.now();
  // Also what is not a number.
  if (!(lifetimeMs > 0))
    throw new CloudIdentityError('what it gave has expired already; do the clocks agree?');
  // One that lives for minutes only is used for half of them.
  const endsAtMs = clock.elapsed() + lifetimeMs;
  const askAgainAtMs = endsAtMs - Math.min(REFRESH_BEFORE_MS, lifetimeMs / 2);
  return { issued, endsAtMs, askAgainAtMs, fruitless: 0, problem: undefined };
}

function fruitless(before: Known, nowMs: number, problem: string | undefined): Known {
  const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** before.fruitless, MAX_BACKOFF_MS);
  return {
    issued: before.issued,
    endsAtMs: before.endsAtMs,
    askAgainAtMs: nowMs + backoffMs,
    fruitless: before.fruitless + 1,
    problem,
  };
}

/** The result of `work`, or a rejection after 10 s or when all is closed; `signal` tells `work` of both. */
async function withDeadline<T>(
  { clock, closing }: { readonly clock: Clock; readonly closing: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const giveUp = (why: string): void => {
    const error = new CloudIdentityError(why);
    controller.abort(error);
    reject(error);
  };
  const close = (): void => giveUp('Headwind is stopping');
  const stopTimer = clock.after(DEADLINE_MS, () => giveUp(`no answer within ${DEADLINE_MS / 1000} s`));
  closing.addEventListener('abort', close, { once: true });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    stopTimer();
    closing.removeEventListener('abort', close);
  }
}
