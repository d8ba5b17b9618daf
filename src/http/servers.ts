import { createApprovalApp, explainerOf, type ApprovalDependencies } from './approval-api.ts';
import type { Door } from './auth/door.ts';
import { createDashboardApp, type DashboardDependencies } from './dashboard.ts';
import type { Log } from './dependencies.ts';
import { listen, type Application, type Listening } from './listen.ts';
import { createMetricsApp, type MetricsDependencies } from './metrics-server.ts';
import { toLabel } from './problem.ts';
import { createRecentWebhooks, type RecentWebhooks } from './recent-webhooks.ts';
import { createSlackAnswers, type SlackDesk } from './slack-answers.ts';
import { createUpdateFeed, type RequestSource } from './update-feed.ts';
import { createUpdateStream, type UpdateStream } from './update-stream.ts';
import { createWebhookApp, type WebhookDependencies } from './webhook-server.ts';

export interface Ports {
  readonly webhook: number;
  readonly api: number;
  readonly ui: number;
  readonly metrics: number;
}

export interface ServersOptions
  extends
    Pick<DashboardDependencies, 'assets' | 'dashboard' | 'metricsView' | 'settings'>,
    Omit<
      ApprovalDependencies,
      'log' | 'metrics' | 'recentWebhooks' | 'authenticator' | 'authorizer' | 'authMode' | 'forms' | 'slack'
    >,
    Pick<
      WebhookDependencies,
      'senders' | 'hostOf' | 'authenticity' | 'accept' | 'concerns' | 'clock' | 'limits'
    > {
  readonly bindAddress: string;
  /** 0 for any free one. */
  readonly ports: Ports;
  readonly metrics: WebhookDependencies['metrics'] &
    MetricsDependencies['metrics'] & { readonly eventStreams: { set(value: number): void } };
  /** What the dashboard's stream of events tells of. */
  readonly requests: RequestSource;
  readonly random: () => number;
  readonly slackDesk: SlackDesk;
  /** How people are let in. */
  readonly doors: { readonly api: Door; readonly ui: Door };
  readonly logOf: (server: keyof Ports) => Log;
}

export interface Servers {
  /** Where they listen. */
  readonly ports: Ports;
  /** Lets what is in work finish for `graceMs` milliseconds. */
  close(graceMs: number): Promise<void>;
}

/**
 * Starts the four servers.
 *
 * @throws ListenError if a port cannot be bound; none of them is left running then
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const running: Listening[] = [];
  const stream = createStream(options);
  const slack = createSlackAnswers({
    ...options,
    desk: options.slackDesk,
    explain: explainerOf(options),
    door: options.doors.api,
    log: options.logOf('api'),
  });
  const close = async (graceMs: number): Promise<void> => {
    stream.close();
    await Promise.all([slack.stop(graceMs), ...running.map((server) => server.close(graceMs))]);
  };
  const start = async (server: keyof Ports, app: Application): Promise<number> => {
    const listening = await listen(app, {
      host: options.bindAddress,
      port: options.ports[server],
      ...(server === 'ui' && { take: (incoming, response) => stream.handle(incoming, response) }),
      onRefused: (code) => options.metrics.httpRejectedTotal.inc({ server, reason: toLabel(code) }),
      onError: (error) => options.logOf(server).warn({ error }, 'connection could not be taken'),
    });
    running.push(listening);
    return listening.port;
  };
  const recentWebhooks = createRecentWebhooks();
  const logged = (
    server: keyof Ports,
  ): ServersOptions & { readonly log: Log; readonly recentWebhooks: RecentWebhooks } => ({
    ...options,
    recentWebhooks,
    log: options.logOf(server),
  });
  const behind = <T extends object>(
    { mode, authenticator, authorizer, mountSignIn }: Door,
    parts: T,
  ): T &
    Pick<ApprovalDependencies, 'authenticator' | 'authorizer' | 'authMode'> &
    Pick<Door, 'mountSignIn'> => ({
    ...parts,
    authMode: mode,
    authenticator,
    authorizer,
    ...(mountSignIn && { mountSignIn }),
  });
  try {
    const webhook = await start('webhook', createWebhookApp(logged('webhook')));
    const api = await start('api', createApprovalApp(behind(options.doors.api, { ...logged('api'), slack })));
    const ui = await start('ui', createDashboardApp(behind(options.doors.ui, logged('ui'))));
    const metrics = await start('metrics', createMetricsApp(logged('metrics')));
    return { ports: { webhook, api, ui, metrics }, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

function createStream(options: ServersOptions): UpdateStream {
  const { authenticator, authorizer } = options.doors.ui;
  const epoch = Math.floor(options.random() * Number.MAX_SAFE_INTEGER).toString(36);
  return createUpdateStream({
    feed: createUpdateFeed(options.requests, epoch),
    authenticator,
    authorizer,
    namespaces: () => options.namespaces?.() ?? [],
    explain: explainerOf(options),
    clock: options.clock,
    log: options.logOf('ui'),
    onRefused: (code) => options.metrics.httpRejectedTotal.inc({ server: 'ui', reason: toLabel(code) }),
    onCount: (count) => options.metrics.eventStreams.set(count),
  });
}
