import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { toMicroTime, type LeaseObject } from './lease-object.ts';
import {
  afterReading,
  afterWinning,
  leadsUntil,
  mayTake,
  nextLookMs,
  toHold,
  toRelease,
  UNKNOWN,
  type LeaseRecord,
  type LeaseTimes,
  type Standing,
} from './standing.ts';

export interface ElectionOptions {
  readonly lease: LeaseObject;
  /** Who we are: no two replicas may have the same. */
  readonly identity: string;
  readonly times: LeaseTimes;
  readonly clock: Clock;
  /** Milliseconds of a clock that only ever goes forward, whatever is done to the machine's. */
  readonly monotonicMs: () => number;
  readonly random: () => number;
  /** Told whenever that changes. */
  readonly onChanged: (leading: boolean) => void;
  readonly log: Log;
}

/** One of several replicas leads: the one that holds a Lease, and for as long as it can renew it. */
export interface Election {
  /** True at this very moment: false as soon as the time is over, even if no timer could run. */
  isLeading(): boolean;
  start(): void;
  /** Leads no more, and gives the Lease back so that another replica takes it at its next look. */
  stop(): Promise<void>;
}

/** How long the Lease may take to be given back; without that the others wait until its time is over. */
const RELEASE_MS = 3000;

/** Makes it; nothing happens before `start`. As client-go's leader election, with the same three times. */
export function createElection(options: ElectionOptions): Election {
  const { lease, identity, times, clock, monotonicMs, log } = options;
  const stopping = new AbortController();
  let standing: Standing = UNKNOWN;
  let leading = false;
  let stopped = false;
  // Whether the Lease may be ours: we have written into it, or tried to.
  let tried = false;
  let failed = false;
  let round = Promise.resolve();
  let cancelLook = (): void => undefined;
  let cancelEnd = (): void => undefined;
  // What was told of last, so that a state is told once and not at each look.
  let toldHolder = identity;
  let toldTrouble: string | undefined;

  const endsAtMs = (): number => leadsUntil(standing, times) ?? Number.NEGATIVE_INFINITY;

  /** Brings what we tell and do in line with what we know. */
  function judge(): void {
    const leads = !stopped && monotonicMs() < endsAtMs();
    cancelEnd();
    if (leads) cancelEnd = clock.after(Math.max(0, endsAtMs() - monotonicMs()), judge);
    if (leads === leading) return;
    leading = leads;
    if (leads) log.info({ identity }, 'this replica leads now');
    else if (!stopped) log.warn({ identity, holder: standing.record?.holder }, 'this replica leads no more');
    toldHolder = identity;
    options.onChanged(leads);
  }

  async function look(): Promise<void> {
    try {
      if (!(await renewed())) await readAndTake();
      failed = false;
      if (toldTrouble !== undefined) log.info({}, 'the Lease is at hand again');
      toldTrouble = undefined;
      tellHolder();
    } catch (error) {
      failed = true;
      if (!stopped) tellTrouble(error);
    }
    judge();
  }

  /** Whoever leads knows what the Lease says, and need not read it first. */
  async function renewed(): Promise<boolean> {
    return standing.wonAtMs === undefined ? false : take(standing.record);
  }

  async function readAndTake(): Promise<void> {
    const record = await lease.read(stopping.signal);
    standing = afterReading(standing, record, monotonicMs());
    if (mayTake(standing, identity, monotonicMs())) await take(record);
  }

  async function take(before: LeaseRecord | undefined): Promise<boolean> {
    const beganMs = monotonicMs();
    tried = true;
    const wanted = toHold(standing, { identity, times, now: toMicroTime(clock.now()) });
    const written = await lease.write(wanted, before, stopping.signal);
    if (written.ok) standing = afterWinning(written.value, beganMs);
    return written.ok;
  }

  function tellHolder(): void {
    const holder = standing.record?.holder ?? '';
    if (holder === '' || holder === toldHolder) return;
    toldHolder = holder;
    if (holder !== identity) log.info({ identity, holder }, 'another replica leads');
  }

  function tellTrouble(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== toldTrouble) log.warn({ identity, error }, 'the Lease cannot be read or written');
    toldTrouble = message;
  }

  function schedule(): void {
    if (stopped) return;
    const nowMs = monotonicMs();
    const waitMs = nextLookMs(standing, { identity, times, nowMs, random: options.random(), failed });
    cancelLook = clock.after(waitMs, turn);
  }

  function turn(): void {
    round = look().then(schedule);
  }

  async function release(): Promise<void> {
    if (!tried) return;
    const signal = AbortSignal.timeout(RELEASE_MS);
    try {
      // A write of ours that was broken off may have come through all the same: then only reading helps.
      for (let tries = 0; tries < 2; tries += 1) {
        const record = tries === 0 ? standing.record : await lease.read(signal);
        if (record?.holder !== identity) continue;
        const written = await lease.write(toRelease(record, toMicroTime(clock.now())), record, signal);
        if (!written.ok) continue;
        log.info({ identity }, 'the Lease is given back');
        return;
      }
    } catch (error) {
      log.warn(
        { identity, error },
        'the Lease could not be given back: another replica takes it when its time is over',
      );
    }
  }

  return {
    isLeading: () => leading && monotonicMs() < endsAtMs(),
    start: turn,
    async stop() {
      if (stopped) return;
      stopped = true;
      cancelLook();
      judge();
      stopping.abort(new Error('the election is over'));
      await round;
      await release();
    },
  };
}
