import type { LiveSettings } from '../config/live-settings.ts';
import type { ChartPlan, Charts } from '../helm/charts.ts';
import type { Engine } from '../pipeline/engine.ts';
import type { Notices } from '../pipeline/notices.ts';
import type { Pruner } from '../pipeline/prune.ts';
import type { Teller } from '../pipeline/teller.ts';
import type { Verifier } from '../pipeline/verify.ts';
import type { Log } from '../telemetry/log.ts';
import type { Poller } from '../triggers/poller/poller.ts';

export interface JobsOptions {
  readonly engine: Pick<Engine, 'start' | 'pause'>;
  readonly verifier: Pick<Verifier, 'start' | 'pause'>;
  readonly notices: Pick<Notices, 'start' | 'pause'>;
  readonly pruner: Pick<Pruner, 'start' | 'pause'>;
  readonly teller: Pick<Teller, 'start' | 'pause'>;
  readonly charts: Pick<Charts, 'start' | 'pause' | 'planChanged'>;
  readonly poller: Pick<Poller, 'start' | 'pause' | 'intervalChanged'>;
  readonly log: Log;
}

/** What Headwind does by itself, as far as it leads and the settings let it. */
export interface Jobs {
  /** Begins with what these settings want done, and ends what they do not: call it once everything is known. */
  follow(settings: LiveSettings): void;
  /** Begins when this replica leads, and ends at once when it leads no more. Before the first call nothing is done. */
  lead(leading: boolean): void;
}

/** Whoever switches something on waits for it: it begins sooner than it does after a start. */
const SOON_MS = 5000;

/** Ties the jobs to the switches. */
export function createJobs({ poller, charts, teller, log, ...others }: JobsOptions): Jobs {
  const acting = [others.engine, others.verifier, others.notices, others.pruner];
  let settings: LiveSettings | undefined;
  let leads = false;

  function act(): void {
    for (const job of acting) job.start();
  }

  function rest(): void {
    for (const job of acting) job.pause();
    charts.pause();
  }

  function tellOfSwitch({ controllers }: LiveSettings, isChange: boolean): void {
    if (!controllers.enabled)
      log.warn({}, 'nothing is applied, polled or sent: controllers are switched off');
    else if (isChange) log.info({}, 'controllers are switched on again');
  }

  /** Without `was` this is the beginning. */
  function followControllers(now: LiveSettings, was: LiveSettings | undefined): void {
    if (was?.controllers.enabled === now.controllers.enabled) {
      charts.planChanged(SOON_MS);
      return;
    }
    tellOfSwitch(now, was !== undefined);
    if (!now.controllers.enabled) {
      rest();
      return;
    }
    act();
    charts.start(was && SOON_MS);
  }

  function followPolling(now: LiveSettings, was: LiveSettings | undefined): void {
    const intervalMs = polledEvery(now);
    const before = was && polledEvery(was);
    if (intervalMs === before) return;
    if (intervalMs === undefined) poller.pause();
    else if (before === undefined) poller.start(was && SOON_MS);
    else poller.intervalChanged();
  }

  function followAll(now: LiveSettings, was: LiveSettings | undefined): void {
    followControllers(now, was);
    followPolling(now, was);
  }

  return {
    follow(now) {
      const was = settings;
      settings = now;
      if (leads) followAll(now, was);
    },
    lead(leading) {
      if (leads === leading) return;
      leads = leading;
      if (leading) {
        teller.start();
        if (settings !== undefined) followAll(settings, undefined);
        return;
      }
      teller.pause();
      rest();
      poller.pause();
    },
  };
}

/** How often images are polled that do not say; undefined where none are. */
function polledEvery({ controllers, polling }: LiveSettings): number | undefined {
  return controllers.enabled && polling.enabled ? polling.intervalMs : undefined;
}

/** Why and how often the sources of charts are looked at. */
export function chartPlanOf({ helm, polling }: LiveSettings): ChartPlan {
  return {
    discovers: helm.autoDiscovery,
    pollIntervalMs: polling.enabled ? polling.intervalMs : undefined,
  };
}
