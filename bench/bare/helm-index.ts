// Reads a large chart index over HTTP in a process that has done nothing else before, as Headwind does. Prints JSON: MB
// of memory before and at most, and for how long at worst the loop was held up (in processor time) and the reading
// took, in milliseconds.
// Arguments: the repository's URL, how many charts of it are wanted.
import { readFileSync } from 'node:fs';
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

/** Looks as often as it gets to; the answer ends that and tells for how long at most the loop was at something else. */
function watchLoop(): () => number {
  let worstMs = 0;
  let lastMs = busyMs();
  const timer = setInterval(() => {
    const nowMs = busyMs();
    worstMs = Math.max(worstMs, nowMs - lastMs);
    lastMs = nowMs;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return worstMs;
  };
}

await sleep(IDLE_MS);
const idleMb = memoryMb('VmRSS');
const stopWatching = watchLoop();
const startedMs = performance.now();
const listing = await sources.list({
  source: {
    kind: 'HelmRepository',
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    namespace: 'bench',
    name: 'bench',
    uid: 'bench',
    type: 'http',
    url,
    passCredentials: false,
    insecure: false,
    timeoutMs: DEFAULT_CHART_SOURCE_TIMEOUT_MS,
    suspended: false,
    provider: 'generic',
  },
  charts: new Set(Array.from({ length: Number(wanted) }, (_, chart) => `chart-${chart}`)),
});
const tookMs = performance.now() - startedMs;
const worstDelayMs = stopWatching();
if (listing.outcome !== 'complete') throw new Error(listing.message);
const versions = Array.from(listing.charts.values(), (chart) =>
  'versions' in chart ? chart.versions.length : 0,
);
console.log(
  JSON.stringify({
    idleMb,
    peakMb: memoryMb('VmHWM'),
    worstDelayMs,
    tookMs,
    versions: versions.reduce((sum, count) => sum + count, 0),
  }),
);
sources.close();
