import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * The process metrics that Prometheus clients of all languages share
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs, "Process metrics"), and a few of Node's own. They are
 * read when somebody asks, so that they cost nothing in between; prom-client's default set keeps a 10 ms timer and a
 * collector of garbage-collector events.
 */
export function registerProcessMetrics(registry: Registry): void {
  registry.registerMetric(
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'Time that the process spent on a CPU, in seconds',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
  const gauge = (name: string, help: string, read: () => number | undefined): void => {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          const value = read();
          if (value !== undefined) this.set(value);
        },
      }),
    );
  };
  gauge('process_start_time_seconds', 'When the process started, in seconds since the Unix epoch', () =>
    Math.round(performance.timeOrigin / 1000),
  );
  gauge('process_resident_memory_bytes', 'Memory of the process that is held in RAM', () =>
    process.memoryUsage.rss(),
  );
  gauge('process_open_fds', 'Open file descriptors', countOpenFiles);
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use', () => process.memoryUsage().heapUsed);
  gauge(
    'nodejs_external_memory_bytes',
    'Memory outside the JavaScript heap that JavaScript objects hold',
    () => {
      return process.memoryUsage().external;
    },
  );
  gauge(
    'nodejs_eventloop_utilization',
    'Share of time in which the event loop was busy, since the start',
    () => {
      return performance.eventLoopUtilization().utilization;
    },
  );
}

/** Known on Linux only. */
function countOpenFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
