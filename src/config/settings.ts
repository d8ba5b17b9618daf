import type { LogFilter } from '../core/log-filter.ts';
import { REDACTED, redactText } from '../core/redact.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { TracingSettings } from '../core/tracing-settings.ts';
import { collectLeadership, findImpossibleTimes, type LeadershipSettings } from './leadership-settings.ts';
import { collectMetrics, type MetricsSettings } from './metrics-settings.ts';
import {
  collectNotifications,
  findMissingAddresses,
  type NotificationSettings,
} from './notification-settings.ts';
import { showValue, type ConfigProblem, type Environment } from './problem.ts';
import { findStrangeVariables, isServiceLink } from './strange-variables.ts';
import { readTracing } from './tracing-settings.ts';
import type { AuthMode } from './values.ts';
import { PORT_VARIABLES, VARIABLES, type Variable } from './variables.ts';

/** Everything that can be set about the operator. */
export interface Settings {
  readonly bindAddress: string;
  /** 0 stands for any free port. */
  readonly ports: {
    readonly webhook: number;
    readonly api: number;
    readonly ui: number;
    readonly metrics: number;
  };
  /** Where Headwind itself runs. */
  readonly namespace: string;
  /** What is watched; empty for all namespaces. */
  readonly namespaces: readonly string[];
  readonly labelSelector: string | undefined;
  readonly leadership: LeadershipSettings;
  /** How long new connections are taken after the signal to end; undefined: what becomes the place it runs in. */
  readonly shutdownDelayMs: number | undefined;
  readonly controllersEnabled: boolean;
  readonly verifyImages: 'always' | 'auto' | 'never';
  /** Normalised hosts that are asked by plain HTTP. */
  readonly insecureRegistries: readonly string[];
  /** The path of the file that says how single registries are dealt with. */
  readonly registryConfigFile: string | undefined;
  /** By which every webhook may prove who sent it. */
  readonly webhookSecret: string | undefined;
  /** The path of the file with the secrets of single senders. */
  readonly webhookSecretsFile: string | undefined;
  /** By sender: the registry host, a path may follow, for bodies that name none. */
  readonly webhookHosts: ReadonlyMap<string, string>;
  /** Pushes a second for each sender; 0: any number. */
  readonly webhookRateLimit: number;
  readonly pollingEnabled: boolean;
  /** Whether the sources of charts are looked at without being told to. */
  readonly helmAutoDiscovery: boolean;
  /** For workloads that do not say. */
  readonly pollingIntervalMs: number;
  /** 0: requests never expire. */
  readonly requestExpiryMs: number;
  readonly requestRetentionMs: number;
  readonly requestRetentionCount: number;
  readonly apiAuthMode: AuthMode;
  readonly uiAuthMode: AuthMode;
  /** IP addresses and CIDR blocks. */
  readonly trustedProxies: readonly string[];
  readonly proxyHeader: string;
  readonly proxyGroupsHeader: string | undefined;
  readonly tokenAudiences: readonly string[];
  readonly sessionKey: string | undefined;
  /** The path of the file with keys for sessions. */
  readonly sessionKeyFile: string | undefined;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  readonly uiUrl: string | undefined;
  readonly metrics: MetricsSettings;
  readonly notifications: NotificationSettings;
  /** The path of the file with settings that count without a restart, in place of the usual one. */
  readonly configFile: string | undefined;
  readonly logFilter: LogFilter;
  readonly logFormat: 'auto' | 'json' | 'pretty';
  /** Undefined: nothing is traced. */
  readonly tracing: TracingSettings | undefined;
  /** As written: one path or several. */
  readonly kubeconfig: string | undefined;
}

/**
 * Reads all settings from the environment. The failure lists all that is wrong, in the table's order. Empty variables
 * count as absent, and so do the ports' variables where Kubernetes has set them as service links.
 */
export function readSettings(env: Environment): Result<Settings, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];

  const get = <T>(name: string, { read, fallback, isSecret }: Variable<T>): T => {
    const text = textOf(env, name);
    if (text === undefined) return fallback;
    const parsed = read(text);
    if (parsed.ok) return parsed.value;
    const value = isSecret === true ? REDACTED : showValue(text);
    problems.push({ variable: name, value, expected: redactText(parsed.error) });
    return fallback;
  };

  const settings = { ...collect(get), tracing: readTracing(env).settings };
  problems.push(...findSharedPorts(env, settings.ports), ...findOpenHeaders(env, settings));
  problems.push(...findImpossibleTimes(settings.leadership));
  problems.push(...findMissingAddresses(settings.notifications, env), ...findStrangeVariables(env).problems);
  return problems.length === 0 ? ok(settings) : fail(problems);
}

/** What is no mistake that stops the program, but will not do what somebody hopes: unknown and later variables. */
export function readConfigWarnings(env: Environment): readonly ConfigProblem[] {
  return [...findStrangeVariables(env).warnings, ...readTracing(env).warnings];
}

/** The text of a variable as the program sees it: trimmed; `undefined` if it is absent, empty or a service link. */
export function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim() ?? '';
  const isPort = PORT_VARIABLES.some((port) => port === name);
  return text === '' || (isPort && isServiceLink(text)) ? undefined : text;
}

function collect(get: <T>(name: string, variable: Variable<T>) => T): Omit<Settings, 'tracing'> {
  const own = VARIABLES;
  const logFilter = get('HEADWIND_LOG', { ...own.HEADWIND_LOG, fallback: undefined });
  const olderLogFilter = get('RUST_LOG', own.RUST_LOG);
  return {
    bindAddress: get('HEADWIND_BIND_ADDRESS', own.HEADWIND_BIND_ADDRESS),
    ports: {
      webhook: get('HEADWIND_WEBHOOK_PORT', own.HEADWIND_WEBHOOK_PORT),
      api: get('HEADWIND_API_PORT', own.HEADWIND_API_PORT),
      ui: get('HEADWIND_UI_PORT', own.HEADWIND_UI_PORT),
      metrics: get('HEADWIND_METRICS_PORT', own.HEADWIND_METRICS_PORT),
    },
    namespace: get('HEADWIND_NAMESPACE', own.HEADWIND_NAMESPACE),
    namespaces: get('HEADWIND_NAMESPACES', own.HEADWIND_NAMESPACES),
    labelSelector: get('HEADWIND_LABEL_SELECTOR', own.HEADWIND_LABEL_SELECTOR),
    leadership: collectLeadership(get),
    shutdownDelayMs: get('HEADWIND_SHUTDOWN_DELAY', own.HEADWIND_SHUTDOWN_DELAY),
    controllersEnabled: get('HEADWIND_CONTROLLERS_ENABLED', own.HEADWIND_CONTROLLERS_ENABLED),
    verifyImages: get('HEADWIND_VERIFY_IMAGES', own.HEADWIND_VERIFY_IMAGES),
    insecureRegistries: get('HEADWIND_INSECURE_REGISTRIES', own.HEADWIND_INSECURE_REGISTRIES),
    registryConfigFile: get('HEADWIND_REGISTRY_CONFIG', own.HEADWIND_REGISTRY_CONFIG),
    webhookSecret: get<string | undefined>('HEADWIND_WEBHOOK_SECRET', own.HEADWIND_WEBHOOK_SECRET),
    webhookSecretsFile: get('HEADWIND_WEBHOOK_SECRETS_FILE', own.HEADWIND_WEBHOOK_SECRETS_FILE),
    webhookHosts: get('HEADWIND_WEBHOOK_HOSTS', own.HEADWIND_WEBHOOK_HOSTS),
    webhookRateLimit: get('HEADWIND_WEBHOOK_RATE_LIMIT', own.HEADWIND_WEBHOOK_RATE_LIMIT),
    pollingEnabled: get('HEADWIND_POLLING_ENABLED', own.HEADWIND_POLLING_ENABLED),
    helmAutoDiscovery: get('HEADWIND_HELM_AUTO_DISCOVERY', own.HEADWIND_HELM_AUTO_DISCOVERY),
    pollingIntervalMs: get('HEADWIND_POLLING_INTERVAL', own.HEADWIND_POLLING_INTERVAL),
    requestExpiryMs: get('HEADWIND_REQUEST_EXPIRY', own.HEADWIND_REQUEST_EXPIRY),
    requestRetentionMs: get('HEADWIND_REQUEST_RETENTION', own.HEADWIND_REQUEST_RETENTION),
    requestRetentionCount: get('HEADWIND_REQUEST_RETENTION_COUNT', own.HEADWIND_REQUEST_RETENTION_COUNT),
    apiAuthMode: get('HEADWIND_API_AUTH_MODE', own.HEADWIND_API_AUTH_MODE),
    uiAuthMode: get('HEADWIND_UI_AUTH_MODE', own.HEADWIND_UI_AUTH_MODE),
    trustedProxies: get('HEADWIND_TRUSTED_PROXIES', own.HEADWIND_TRUSTED_PROXIES),
    proxyHeader: get('HEADWIND_UI_PROXY_HEADER', own.HEADWIND_UI_PROXY_HEADER),
    proxyGroupsHeader: get('HEADWIND_UI_PROXY_GROUPS_HEADER', own.HEADWIND_UI_PROXY_GROUPS_HEADER),
    tokenAudiences: get('HEADWIND_TOKEN_AUDIENCES', own.HEADWIND_TOKEN_AUDIENCES),
    sessionKey: get<string | undefined>('HEADWIND_SESSION_KEY', own.HEADWIND_SESSION_KEY),
    sessionKeyFile: get('HEADWIND_SESSION_KEY_FILE', own.HEADWIND_SESSION_KEY_FILE),
    apiUrl: get('HEADWIND_API_URL', own.HEADWIND_API_URL),
    uiUrl: get('HEADWIND_UI_URL', own.HEADWIND_UI_URL),
    metrics: collectMetrics(get),
    notifications: collectNotifications(get),
    configFile: get('HEADWIND_CONFIG_FILE', own.HEADWIND_CONFIG_FILE),
    logFilter: logFilter ?? olderLogFilter ?? own.HEADWIND_LOG.fallback,
    logFormat: get('HEADWIND_LOG_FORMAT', own.HEADWIND_LOG_FORMAT),
    kubeconfig: get('HEADWIND_KUBECONFIG', own.HEADWIND_KUBECONFIG) ?? get('KUBECONFIG', own.KUBECONFIG),
  };
}

/** Headers that everybody can write name nobody. A list that cannot be read is a problem of its own already. */
function findOpenHeaders(
  env: Environment,
  { apiAuthMode, uiAuthMode, trustedProxies }: Settings,
): readonly ConfigProblem[] {
  if (trustedProxies.length > 0 || textOf(env, 'HEADWIND_TRUSTED_PROXIES') !== undefined) return [];
  const modes = { HEADWIND_API_AUTH_MODE: apiAuthMode, HEADWIND_UI_AUTH_MODE: uiAuthMode };
  return Object.entries(modes)
    .filter(([, mode]) => mode === 'simple' || mode === 'proxy')
    .map(([variable, value]) => ({
      variable,
      value,
      expected: `HEADWIND_TRUSTED_PROXIES beside it: the addresses of the proxies that may name users, e.g. 10.42.0.0/16`,
    }));
}

/** Two servers cannot share a port. */
function findSharedPorts(env: Environment, ports: Settings['ports']): readonly ConfigProblem[] {
  const numbers = [ports.webhook, ports.api, ports.ui, ports.metrics];
  return PORT_VARIABLES.flatMap((variable, index) => {
    const number = numbers[index];
    const first = numbers.indexOf(number ?? 0);
    const other = PORT_VARIABLES[first];
    if (number === undefined || number === 0 || first === index || other === undefined) return [];
    return [
      { variable, value: textOf(env, variable) ?? String(number), expected: `another port than ${other}` },
    ];
  });
}
