import type { Settings } from '../config/settings.ts';
import {
  notificationsWithoutFile,
  readNotifications,
  type NotificationConfig,
} from '../config/notifications.ts';
import { readInfluxTokenOf } from '../config/influx-token.ts';
import { formatProblems, type Environment } from '../config/problem.ts';
import { readRegistryConfig } from '../config/registry-config.ts';
import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from '../config/registry-hosts.ts';
import { readConfigWarnings, readSettings } from '../config/settings.ts';
import { readWebhookSecrets, secretsWithoutFile, type WebhookSecrets } from '../config/webhook-secrets.ts';
import { readSessionKeys } from '../config/session-key.ts';
import type { Clock } from '../core/clock.ts';
import type { Connection } from '../kubernetes/connection.ts';
import { createLogRoot, type Log, type LogRoot } from '../telemetry/log.ts';
import { traceFields } from '../telemetry/trace.ts';
import type { RunningTracing, TracingOptions } from '../telemetry/tracing-sdk.ts';
import { formatConfigError } from './check-config.ts';
import { EXIT, UsageError, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** What is needed of the process: its signals and crashes. */
export interface ProcessEvents {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (reason: unknown) => void): unknown;
}

/** What is needed of the operator. */
export interface RunningOperator {
  /** Resolves with the reason if the operator cannot go on. */
  readonly failed?: Promise<Error>;
  stop(): Promise<void>;
}

export interface OperatorParts {
  readonly settings: Settings;
  readonly registryConfig: RegistryConfig;
  readonly webhookSecrets: WebhookSecrets;
  readonly notifications: NotificationConfig;
  readonly sessionKeys: readonly string[];
  readonly readFile: (path: string) => Promise<string>;
  readonly connection: Connection;
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logRoot: LogRoot;
  readonly version: string;
  /** Absent where nothing is traced. */
  readonly tracing?: Pick<RunningTracing, 'onLost'>;
}

export interface RunOperatorOptions {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: ProcessEvents;
  /** Ends the process at once. */
  readonly exit: (code: ExitCode) => void;
  readonly readFile: (path: string) => Promise<string>;
  readonly loadConnection: () => Promise<Connection>;
  readonly startOperator: (parts: OperatorParts) => Promise<RunningOperator>;
  /** Called only where something is traced; nothing is without it. */
  readonly startTracing?: (options: TracingOptions) => Promise<RunningTracing>;
}

/** Kubernetes kills 30 s after it has asked to stop (terminationGracePeriodSeconds). */
const STOP_PATIENCE_MS = 25_000;
/** How long the end waits until the last traces are exported. */
const LAST_TRACES_MS = 5_000;

/**
 * Runs the operator until a signal or a failure ends it, and answers the exit code. The first SIGTERM or SIGINT lets the
 * work in progress finish; a second one ends the process at once. What nobody caught is our bug: it is logged and ends
 * the process with 1, since nothing can be said about the state it leaves. Throws UsageError for bad settings.
 */
export async function runOperator(options: RunOperatorOptions): Promise<ExitCode> {
  const { env, terminal, version, clock } = options;
  const settings = readSettings(env);
  if (!settings.ok) throw new UsageError(formatConfigError(formatProblems(settings.error)));
  const { registryConfigFile, webhookSecretsFile, sessionKeyFile, notifications, metrics } = settings.value;
  const paths = [
    registryConfigFile,
    webhookSecretsFile,
    sessionKeyFile,
    notifications.configFile,
    notifications.slack.signingSecretFile,
    metrics.influxTokenFile,
  ];
  // Nothing is waited for without need: signals and bugs are not caught before.
  const files = paths.every((path) => path === undefined)
    ? withoutFiles(settings.value)
    : await readFiles(settings.value, options);
  const logRoot = createLogRoot({
    filter: settings.value.logFilter,
    format: formatOf(settings.value, terminal),
    write: (line) => terminal.out(line),
    clock,
    colours: terminal.colours,
    ambient: traceFields,
  });
  const log = logRoot.target('headwind');
  reportBugs(options, log);
  const signalled = firstSignal(options, log);
  log.info({ version, node: process.version }, 'Headwind starts');
  warn(env, settings.value, log);

  const starting = start(options, {
    settings: settings.value,
    ...files,
    logRoot,
  });
  const started = await Promise.race([starting.then((operator) => ({ operator })), signalled]).catch(
    (error: unknown) => ({ error }),
  );
  if (started === 'signal') {
    // Not up yet: what has been started meanwhile is stopped, but nobody waits for what cannot start.
    await within(STOP_PATIENCE_MS, clock, stopOnceStarted(starting));
    return EXIT.done;
  }
  if ('error' in started) {
    log.error({ error: started.error }, 'Headwind cannot start');
    return EXIT.failed;
  }
  return runUntilEnd(started.operator, signalled, { log, clock });
}

/** What the files say that settings name. */
type Files = Pick<OperatorParts, 'registryConfig' | 'webhookSecrets' | 'notifications' | 'sessionKeys'>;

function withoutFiles({ webhookSecret, sessionKey, notifications }: Settings): Files {
  return {
    registryConfig: DEFAULT_REGISTRY_CONFIG,
    webhookSecrets: secretsWithoutFile(webhookSecret),
    notifications: notificationsWithoutFile(notifications),
    sessionKeys: sessionKey === undefined ? [] : [sessionKey],
  };
}

async function readFiles(
  settings: Settings,
  { readFile, env }: Pick<RunOperatorOptions, 'readFile' | 'env'>,
): Promise<Files> {
  const { registryConfigFile, webhookSecretsFile, webhookSecret: common } = settings;
  const { sessionKey: key, sessionKeyFile } = settings;
  const { influxTokenFile, observability } = settings.metrics;
  const [registries, secrets, keys, targets, token] = await Promise.all([
    readRegistryConfig({ file: registryConfigFile, readFile }),
    readWebhookSecrets({ common, file: webhookSecretsFile, readFile }),
    readSessionKeys({ key, file: sessionKeyFile, readFile }),
    readNotifications({ settings: settings.notifications, env, readFile }),
    // Read again with the other settings that may change; a mistake in it is told of before anything starts.
    readInfluxTokenOf({ token: observability.influxdb.token, file: influxTokenFile, readFile }),
  ]);
  if (registries.ok && secrets.ok && keys.ok && targets.ok && token.ok)
    return {
      registryConfig: registries.value,
      webhookSecrets: secrets.value,
      sessionKeys: keys.value,
      notifications: targets.value,
    };
  const problems = [registries, secrets, keys, targets, token].flatMap((read) => (read.ok ? [] : read.error));
  throw new UsageError(formatConfigError(formatProblems(problems)));
}

async function start(
  options: RunOperatorOptions,
  parts: Pick<OperatorParts, 'settings' | 'logRoot'> & Files,
): Promise<RunningOperator> {
  const { env, clock, random, version, readFile } = options;
  const tracing = await startTracing(options, parts);
  const connection = await options.loadConnection();
  parts.logRoot.target('headwind').info({ server: connection.server.origin }, 'Kubernetes API found');
  const operator = await options.startOperator({
    ...parts,
    connection,
    env,
    clock,
    random,
    version,
    readFile,
    ...(tracing && { tracing }),
  });
  if (tracing === undefined) return operator;
  return {
    ...(operator.failed === undefined ? {} : { failed: operator.failed }),
    async stop() {
      try {
        await operator.stop();
      } finally {
        await tracing.stop(LAST_TRACES_MS);
      }
    },
  };
}

/** Traces are never a reason not to start. */
async function startTracing(
  options: RunOperatorOptions,
  { settings, logRoot }: Pick<OperatorParts, 'settings' | 'logRoot'>,
): Promise<RunningTracing | undefined> {
  if (settings.tracing === undefined || options.startTracing === undefined) return undefined;
  const log = logRoot.target('headwind::tracing');
  try {
    return await options.startTracing({ settings: settings.tracing, version: options.version, log });
  } catch (error) {
    log.warn({ error }, 'traces cannot be exported');
    return undefined;
  }
}

async function stopOnceStarted(starting: Promise<RunningOperator>): Promise<void> {
  const operator = await starting.catch(() => undefined);
  await operator?.stop();
}

async function runUntilEnd(
  operator: RunningOperator,
  signalled: Promise<'signal'>,
  { log, clock }: { readonly log: Log; readonly clock: Clock },
): Promise<ExitCode> {
  const failed = operator.failed ?? new Promise<never>(() => {});
  const end = await Promise.race([signalled, failed]);
  if (end !== 'signal') log.error({ error: end }, 'Headwind cannot go on');
  const stopped = await within(
    STOP_PATIENCE_MS,
    clock,
    operator.stop().catch((error: unknown) => log.error({ error }, 'Stopping failed')),
  );
  if (!stopped) log.warn({ waitedMs: STOP_PATIENCE_MS }, 'Work in progress did not end in time');
  log.info({}, 'Headwind ends');
  return end === 'signal' ? EXIT.done : EXIT.failed;
}

function formatOf({ logFormat }: Settings, terminal: Terminal): 'json' | 'pretty' {
  if (logFormat !== 'auto') return logFormat;
  return terminal.isInteractive ? 'pretty' : 'json';
}

function warn(env: Environment, settings: Settings, log: Log): void {
  for (const { variable, expected } of readConfigWarnings(env)) {
    log.warn({ variable, expected }, 'Environment variable is not used');
  }
  if (settings.apiAuthMode === 'none') {
    log.warn(
      { setting: 'HEADWIND_API_AUTH_MODE', mode: 'none', port: settings.ports.api },
      'The approval API asks nobody who they are: whoever reaches its port can approve updates under any name',
    );
  }
  if (settings.uiAuthMode === 'none') {
    log.warn(
      { setting: 'HEADWIND_UI_AUTH_MODE', mode: 'none', port: settings.ports.ui },
      'The dashboard asks nobody who they are: whoever reaches its port can see everything and approve updates',
    );
  }
}

function reportBugs({ events, exit, terminal }: RunOperatorOptions, log: Log): void {
  const report = (reason: unknown): void => {
    const stack = reason instanceof Error ? reason.stack : undefined;
    log.error({ error: reason, stack }, 'A bug in Headwind: an error that nobody handled');
    terminal.flush();
    exit(EXIT.failed);
  };
  events.on('uncaughtException', report);
  events.on('unhandledRejection', report);
}

function firstSignal({ events, exit, terminal }: RunOperatorOptions, log: Log): Promise<'signal'> {
  const { promise, resolve } = Promise.withResolvers<'signal'>();
  let count = 0;
  const take = (signal: string) => (): void => {
    count += 1;
    if (count === 1) {
      log.info({ signal }, 'Asked to stop; work in progress is finished first');
      resolve('signal');
      return;
    }
    log.warn({ signal }, 'Asked again; ending at once');
    terminal.flush();
    exit(EXIT.failed);
  };
  events.on('SIGTERM', take('SIGTERM'));
  events.on('SIGINT', take('SIGINT'));
  return promise;
}

/** Whether `work` ended within `limitMs`. */
async function within(limitMs: number, clock: Clock, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(limitMs, () => resolve(false));
  const ended = await Promise.race([work.then(() => true), promise]);
  cancel();
  return ended;
}
