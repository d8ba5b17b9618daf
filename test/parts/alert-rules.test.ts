import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAlerts, type Alert } from '../../tools/reference/alert-rules.ts';
import { requirePart } from './binaries.ts';

const run = promisify(execFile);
const RULES = fileURLToPath(new URL('../../monitoring/alerts.yaml', import.meta.url));
const INSTANCE = 'job="headwind", instance="a:9090"';

/** A story that ends in an alert. */
interface Case {
  /** Series to their values minute by minute, as promtool writes them. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Labels of the alert beside severity. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly summary?: string;
  readonly description?: string;
}

const CASES: Readonly<Record<string, Case>> = {
  HeadwindAbsent: { series: { 'something_else{}': '1x30' }, at: '11m' },
  HeadwindReplicaDown: {
    series: { [`up{${INSTANCE}}`]: '1x4 0x20' },
    at: '11m',
    labels: { job: 'headwind', instance: 'a:9090' },
    description: 'a:9090 has not answered a scrape for 5 minutes.',
  },
  HeadwindNotReady: {
    series: { [`headwind_ready{${INSTANCE}}`]: '1x4 0x20' },
    at: '11m',
    labels: { job: 'headwind', instance: 'a:9090' },
    description: 'a:9090 has not been ready for 5 minutes; /readyz says what is missing.',
  },
  HeadwindWithoutLeader: {
    series: {
      [`headwind_leader{${INSTANCE}}`]: '1x4 0x20',
      [`headwind_leader{${INSTANCE.replace('a:', 'b:')}}`]: '0x8 1x0 0x20',
    },
    at: '14m',
    labels: { job: 'headwind' },
  },
  HeadwindRestarts: {
    series: { [`headwind_start_time_seconds{${INSTANCE}}`]: '100+0x9 200+0x9 300+0x9 400+0x9 500+0x20' },
    at: '55m',
    labels: { job: 'headwind', instance: 'a:9090' },
    description: 'a:9090 has started 4 times within an hour.',
  },
  HeadwindBusy: {
    series: {
      [`process_cpu_seconds_total{${INSTANCE}}`]: '0+57x60',
      [`process_cpu_seconds_total{job="other", instance="b:9090"}`]: '0+60x60',
      [`headwind_ready{${INSTANCE}}`]: '1x60',
    },
    at: '40m',
    labels: { job: 'headwind', instance: 'a:9090' },
    description: 'a:9090 has used 95% of a core for 15 minutes; its work runs on one.',
  },
  HeadwindWatchBroken: {
    series: {
      [`headwind_watch_events_total{${INSTANCE}, resource="deployments", event="failed"}`]: '0+2x60',
      [`headwind_watch_events_total{${INSTANCE}, resource="statefulsets", event="closed"}`]: '0+9x60',
    },
    at: '40m',
    labels: { resource: 'deployments' },
    summary: 'Headwind cannot watch deployments.',
    description:
      'Watching deployments broke 30 times within 15 minutes. What changes meanwhile is seen late, or not at all.',
  },
  HeadwindForbidden: {
    series: { [`headwind_kubernetes_requests_total{${INSTANCE}, verb="list", code="403"}`]: '0+2x60' },
    at: '40m',
    description: '30 requests were answered with 403 within 15 minutes: a right is missing.',
  },
  HeadwindReconcileErrors: {
    series: { [`headwind_reconcile_errors_total{${INSTANCE}}`]: '0+3x60' },
    at: '40m',
    description: '45 reconciliations failed within 15 minutes and are tried again.',
  },
  HeadwindQueueGrows: {
    series: {
      [`headwind_queue_depth{${INSTANCE}, queue="signals"}`]: '0+10x60',
      [`headwind_queue_depth{${INSTANCE}, queue="requests"}`]: '500x60',
      [`headwind_queue_depth{${INSTANCE}, queue="polls"}`]: '0+1x60',
    },
    at: '40m',
    labels: { job: 'headwind', instance: 'a:9090', queue: 'signals' },
    description: 'The queue signals of a:9090 holds 400 and has grown for 15 minutes.',
  },
  HeadwindWebhooksRefused: {
    series: {
      [`headwind_webhook_requests_total{${INSTANCE}, sender="harbor", outcome="not-proven"}`]: '0+1x60',
      [`headwind_webhook_requests_total{${INSTANCE}, sender="harbor", outcome="ignored"}`]: '0+9x60',
    },
    at: '40m',
    labels: { sender: 'harbor', outcome: 'not-proven' },
    summary: 'Webhooks of harbor are refused.',
    description:
      '30 webhooks of harbor were refused within 30 minutes: not-proven. Their versions are found by polls alone, if at all.',
  },
  HeadwindWebhooksNotRecorded: {
    series: {
      // One is enough, since the series is there before it.
      [`headwind_webhook_requests_total{${INSTANCE}, sender="harbor", outcome="not-durable"}`]: '0x30 1x40',
    },
    at: '40m',
  },
  HeadwindRegistryUnreachable: {
    series: { [`headwind_registry_circuit_open{${INSTANCE}}`]: '0x4 2x60' },
    at: '40m',
    description:
      '2 registries have kept failing for 15 minutes and are left alone. Their versions cannot be confirmed.',
  },
  HeadwindRegistryErrors: {
    series: {
      [`headwind_registry_requests_total{${INSTANCE}, purpose="tags", outcome="timeout"}`]: '0+4x60',
      [`headwind_registry_requests_total{${INSTANCE}, purpose="tags", outcome="answered"}`]: '0+6x60',
    },
    at: '50m',
    description: '40% of the requests to registries have failed or were put off for 15 minutes.',
  },
  HeadwindPollsFail: {
    series: {
      [`headwind_polling_errors_total{${INSTANCE}}`]: '0+3x120',
      [`headwind_polling_cycles_total{${INSTANCE}}`]: '0+4x120',
    },
    at: '110m',
    description: '75% of the polls of the last hour could not find out everything.',
  },
  HeadwindChartSourcesFail: {
    series: {
      [`headwind_helm_repository_errors_total{${INSTANCE}}`]: '0+3x120',
      [`headwind_helm_repository_queries_total{${INSTANCE}}`]: '0+3x120',
    },
    at: '110m',
    description: '100% of the looks at sources of charts failed within the last hour.',
  },
  HeadwindUpdatesFail: {
    series: { [`headwind_updates_failed_total{${INSTANCE}}`]: '0x20 2x10' },
    at: '25m',
    description: '2 updates failed within 15 minutes; `kubectl get ur -A` shows which, and their status why.',
  },
  HeadwindRolledBack: {
    series: { [`headwind_rollbacks_automatic_total{${INSTANCE}}`]: '0x20 1x10' },
    at: '25m',
    description: '1 rollouts failed within 15 minutes and were taken back. Those versions are held.',
  },
  HeadwindRollbacksFail: {
    series: { [`headwind_rollbacks_failed_total{${INSTANCE}}`]: '0x20 1x10' },
    at: '25m',
    description: '1 rollbacks failed within 15 minutes: a broken version may be running.',
  },
  HeadwindApprovalsWait: {
    series: { [`headwind_updates_pending{${INSTANCE}}`]: '3x780' },
    at: '725m',
    description:
      '3 update requests wait for an approval, and some have for 12 hours. They expire after a day unless HEADWIND_REQUEST_EXPIRY says otherwise.',
  },
  HeadwindNotificationsLost: {
    series: { [`headwind_notifications_failed_total{${INSTANCE}}`]: '0x60 4x30' },
    at: '70m',
    description:
      '4 notifications were refused, or tried for too long, within an hour. `GET /api/v1/notifications` lists them.',
  },
  HeadwindEventsDropped: {
    series: { [`headwind_events_dropped_total{${INSTANCE}}`]: '0+1x120' },
    at: '100m',
    description: '60 Events could not be written within an hour. The audit log has everything.',
  },
};

/** Two replicas of which everything is said that there is to say, and nothing is wrong. */
const HEALTHY: Readonly<Record<string, string>> = Object.fromEntries(
  ['a:9090', 'b:9090'].flatMap((instance) => {
    const of = (name: string, labels = ''): string =>
      `${name}{job="headwind", instance="${instance}"${labels}}`;
    return [
      [of('up'), '1x800'],
      [of('headwind_ready'), '1x800'],
      [of('headwind_start_time_seconds'), '100x800'],
      [of('process_cpu_seconds_total'), '0+3x800'],
      [of('headwind_watch_events_total', ', resource="deployments", event="event"'), '0+50x800'],
      [of('headwind_watch_events_total', ', resource="deployments", event="closed"'), '0+1x800'],
      [of('headwind_kubernetes_requests_total', ', verb="get", code="200"'), '0+50x800'],
      [of('headwind_reconcile_errors_total'), '0+1x5 5x795'],
      [of('headwind_queue_depth', ', queue="signals"'), '0 5 0 90 0 0x795'],
      [of('headwind_webhook_requests_total', ', sender="harbor", outcome="accepted"'), '0+9x800'],
      [of('headwind_webhook_requests_total', ', sender="harbor", outcome="ignored"'), '0+9x800'],
      [of('headwind_registry_circuit_open'), '0 1 0x798'],
      [of('headwind_registry_requests_total', ', purpose="tags", outcome="answered"'), '0+9x800'],
      [of('headwind_registry_requests_total', ', purpose="tags", outcome="refused"'), '0+9x800'],
      [of('headwind_registry_requests_total', ', purpose="tags", outcome="timeout"'), '0+1x800'],
      [of('headwind_polling_errors_total'), '0+1x800'],
      [of('headwind_polling_cycles_total'), '0+9x800'],
      [of('headwind_helm_repository_errors_total'), '0x800'],
      [of('headwind_helm_repository_queries_total'), '0x800'],
      [of('headwind_updates_failed_total'), '0x800'],
      [of('headwind_rollbacks_automatic_total'), '0x800'],
      [of('headwind_rollbacks_failed_total'), '0x800'],
      [of('headwind_updates_pending'), '3x600 0x5 2x195'],
      [of('headwind_notifications_failed_total'), '0x800'],
      [of('headwind_events_dropped_total'), '0x800'],
    ];
  }),
);

let directory: string;
let alerts: readonly Alert[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'headwind-alerts-'));
  alerts = readAlerts(await readFile(RULES, 'utf8'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** What `promtool test rules` says about one story; throws with its output where the story ends otherwise. */
async function play(
  name: string,
  series: Readonly<Record<string, string>>,
  expected: readonly object[],
): Promise<string> {
  const file = join(directory, `${name}.yaml`);
  const test = {
    interval: '1m',
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    alert_rule_test: expected,
  };
  await writeFile(file, dump({ rule_files: [RULES], evaluation_interval: '1m', tests: [test] }));
  const { stdout } = await run(requirePart('promtool', process.env), ['test', 'rules', file]);
  return stdout;
}

describe('monitoring/alerts.yaml', () => {
  it('is what Prometheus takes', async () => {
    const { stdout } = await run(requirePart('promtool', process.env), ['check', 'rules', RULES]);

    expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  it('has a story for every alert', () => {
    expect(Object.keys(CASES)).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(Object.entries(CASES))('%s is told, as people read it', async (name, { series, at, ...told }) => {
    const alert = alerts.find((one) => one.alert === name);
    const expected = {
      exp_labels: { severity: alert?.labels.severity, ...told.labels },
      exp_annotations: {
        ...alert?.annotations,
        ...(told.summary !== undefined && { summary: told.summary }),
        ...(told.description !== undefined && { description: told.description }),
      },
    };
    const story = { eval_time: at, alertname: name, exp_alerts: [expected] };

    expect(await play(name, series, [story])).toContain('SUCCESS');
  });

  it('is silent where nothing is wrong', async () => {
    const quiet = alerts.flatMap(({ alert }) =>
      ['1h', '13h'].map((at) => ({ eval_time: at, alertname: alert, exp_alerts: [] })),
    );

    expect(await play('healthy', HEALTHY, quiet)).toContain('SUCCESS');
  });
});
