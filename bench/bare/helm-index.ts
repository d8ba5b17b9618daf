// Reads a large chart index over HTTP, as Headwind does, in a process that has only asked for one before that is not there:
// what Node.js loads for its first request is not counted. Prints JSON: MB
// of memory before and at most, for how long at worst the loop was held up (in processor time, and by the clock) and the
// reading took, in milliseconds, and the same of the floor.
// Arguments: the repository's URL, how many charts of it are wanted.
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_CHART_SOURCE_TIMEOUT_MS } from '../../src/core/chart-source.ts';
import { createChartSources } from '../../src/helm/chart-sources.ts';
import { createRegistry } from '../../src/registry/client.ts';
import { systemClock } from '../../src/system.ts';

const IDLE_MS = 1500;
const TICK_MS = 1;
const KIB_PER_MB = 1e6 / 1024;

const [url = '', wanted = '1'] = process.argv.slice(2);
const log = { debug: () => undefined, warn: () => undefined };
const sources = createChartSources({
  registry: createRegistry({ insecureHosts: [], clock: systemClock, log }),
  insecureRegistries: [],
  readSecret: () => Promise.resolve(undefined),
  cloudCredentials: () => Promise.resolve([]),
  serviceAccountCredentials: () => Promise.resolve([]),
  clock: systemClock,
  log,
});

function memoryMb(field: 'VmRSS' | 'VmHWM'): number {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  )?.[1];
  return Number(kib) / KIB_PER_MB;
}

/** The processor time of this thread, in milliseconds: what others do on a busy machine does not count. */
function busyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

interface HeldUp {
  /** Processor time. */
  readonly busyMs: number;
  /** By the clock: what others do on the machine is in it. */
  readonly wallMs: number;
}

/** Looks as often as it gets to; the answer ends that and tells for how long at most the loop was at something else. */
function watchLoop(): () => HeldUp {
  const worst = { busyMs: 0, wallMs: 0 };
  let last = { busyMs: busyMs(), wallMs: performance.now() };
  const timer = setInterval(() => {
    const now = { busyMs: busyMs(), wallMs: performance.now() };
    worst.busyMs = Math.max(worst.busyMs, now.busyMs - last.busyMs);
    worst.wallMs = Math.max(worst.wallMs, now.wallMs - last.wallMs);
    last = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

function list(repository: string): ReturnType<typeof sources.list> {
  return sources.list({
    source: {
      kind: 'HelmRepository',
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      namespace: 'bench',
      name: 'bench',
      uid: 'bench',
      type: 'http',
      url: repository,
      passCredentials: false,
      insecure: false,
      timeoutMs: DEFAULT_CHART_SOURCE_TIMEOUT_MS,
      suspended: false,
      provider: 'generic',
    },
    charts: new Set(Array.from({ length: Number(wanted) }, (_, chart) => `chart-${chart}`)),
  });
}

/** The floor: the same bytes, thrown away. */
function fetchBarely(): Promise<void> {
  return new Promise((resolve, reject) => {
    get(`${url}/index.yaml`, (response) => {
      response.resume();
      response.on('end', () => resolve());
    }).on('error', reject);
  });
}

const { outcome } = await list(`${url}/nowhere`);
if (outcome === 'complete') throw new Error('an index that nobody made was read');
await sleep(IDLE_MS);
const idleMb = memoryMb('VmRSS');
const stopWatching = watchLoop();
const startedMs = performance.now();
const listing = await list(url);
const tookMs = performance.now() - startedMs;
const heldUp = stopWatching();
const peakMb = memoryMb('VmHWM');
if (listing.outcome !== 'complete') throw new Error(listing.message);
const versions = Array.from(listing.charts.values(), (chart) =>
  'versions' in chart ? chart.versions.length : 0,
);
const stopWatchingBare = watchLoop();
const bareStartedMs = performance.now();
await fetchBarely();
const bareMs = performance.now() - bareStartedMs;
console.log(
  JSON.stringify({
    idleMb,
    peakMb,
    worstDelayMs: heldUp.busyMs,
    worstWallMs: heldUp.wallMs,
    tookMs,
    bareDelayMs: stopWatchingBare().busyMs,
    bareMs,
    versions: versions.reduce((sum, count) => sum + count, 0),
  }),
);
sources.close();
