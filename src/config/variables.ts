import { DEFAULT_LOG_FILTER, type LogFilter } from '../core/log-filter.ts';
import { fail, ok } from '../core/result.ts';
import { readLabelSelector } from './label-selector.ts';
import { LEADERSHIP_VARIABLES } from './leadership-variables.ts';
import { readNetworks } from './networks.ts';
import { METRICS_VARIABLES } from './metrics-variables.ts';
import { NOTIFICATION_VARIABLES } from './notification-variables.ts';
import { readSessionKey } from './session-key.ts';
import { TRACING_VARIABLES } from './tracing-variables.ts';
import {
  readAddress,
  readAudiences,
  readAuthMode,
  readBoolean,
  readDuration,
  readDurationUpTo,
  readHeaderName,
  readInterval,
  readLogFilter,
  readNamespace,
  readNamespaces,
  readOneOf,
  readPort,
  readRegistryHosts,
  readText,
  readUrl,
  readWhole,
  type AuthMode,
  type Reader,
} from './values.ts';
import { readWebhookHosts } from './webhook-hosts.ts';
import { isSecret, SECRET_EXPECTED } from './webhook-secrets-schema.ts';

/** One environment variable: how it is read, what counts when it is absent or empty, and what it is for. */
export interface Variable<T> {
  readonly read: Reader<T>;
  /** The value when the variable is absent. */
  readonly fallback: T;
  /** The same as it would be written; empty for "not set". */
  readonly shown: string;
  readonly description: string;
  /** Whether what it is set to is shown to nobody. */
  readonly isSecret?: boolean;
}

/** The ports' variables; Kubernetes itself may set them to something else (see `isServiceLink`). */
export const PORT_VARIABLES = [
  'HEADWIND_WEBHOOK_PORT',
  'HEADWIND_API_PORT',
  'HEADWIND_UI_PORT',
  'HEADWIND_METRICS_PORT',
] as const;

const DAY_MS = 86_400_000;
/** With what is in work then, the end comes before Kubernetes makes one. */
const MAX_SHUTDOWN_DELAY_MS = 10_000;

/** The one table of what can be set: read by the program, printed by `headwind check-config`, shown in README.md. */
export const VARIABLES = {
  HEADWIND_BIND_ADDRESS: variable(readAddress, '0.0.0.0', '0.0.0.0', 'Address that all servers listen on'),
  HEADWIND_WEBHOOK_PORT: port(8080, 'Port for the webhooks of registries'),
  HEADWIND_API_PORT: port(8081, 'Port of the approval API'),
  HEADWIND_UI_PORT: port(8082, 'Port of the dashboard'),
  HEADWIND_METRICS_PORT: port(9090, 'Port for metrics and health'),
  HEADWIND_NAMESPACE: variable(
    readNamespace,
    'headwind-system',
    'headwind-system',
    'Namespace that Headwind itself runs in',
  ),
  HEADWIND_NAMESPACES: variable<readonly string[]>(
    readNamespaces,
    [],
    '',
    'Namespaces whose workloads are watched, separated by commas; all if not set',
  ),
  HEADWIND_LABEL_SELECTOR: optional(
    readLabelSelector,
    'Label selector that narrows which workloads are watched, e.g. `team=shop`',
  ),
  ...LEADERSHIP_VARIABLES,
  HEADWIND_CONTROLLERS_ENABLED: variable(
    readBoolean,
    true,
    'true',
    'Whether this process applies updates and polls; with `false` it records what webhooks cause, and approvals wait',
  ),
  HEADWIND_VERIFY_IMAGES: variable(
    readOneOf(['always', 'auto', 'never']),
    'auto',
    'auto',
    'Whether the registry must confirm a pushed tag: `always`, `auto` (an unreachable registry does not block) or `never`',
  ),
  HEADWIND_INSECURE_REGISTRIES: variable<readonly string[]>(
    readRegistryHosts,
    [],
    '',
    'Registry hosts that are asked by plain HTTP, separated by commas, e.g. `registry.local:5000`',
  ),
  HEADWIND_REGISTRY_CONFIG: optional(
    readText,
    'Path of a YAML file that says how single registries are dealt with: mirrors, CA, plain HTTP, rate and limits',
  ),
  HEADWIND_WEBHOOK_SECRET: {
    ...optional(
      (text) => (isSecret(text) ? ok(text) : fail(SECRET_EXPECTED)),
      'Secret by which every webhook proves who sent it; see docs/webhooks.md',
    ),
    isSecret: true,
  },
  HEADWIND_WEBHOOK_SECRETS_FILE: optional(
    readText,
    'Path of a YAML file with the secrets of single senders, read again when it changes',
  ),
  HEADWIND_WEBHOOK_HOSTS: variable<ReadonlyMap<string, string>>(
    readWebhookHosts,
    new Map(),
    '',
    'Registry hosts of senders that do not say theirs, e.g. `zot=zot.example.com,nexus=docker.example.com:8443`',
  ),
  HEADWIND_WEBHOOK_RATE_LIMIT: variable(
    readWhole(0, 100_000),
    500,
    '500',
    'How many pushes a second that concern a workload each sender may tell of, ten times as many after a silence; `0`: any number',
  ),
  HEADWIND_POLLING_ENABLED: variable(
    readBoolean,
    false,
    'false',
    'Whether registries are asked for new versions, for workloads whose `headwind.sh/event-source` is `polling` or `both`',
  ),
  HEADWIND_POLLING_INTERVAL: variable(
    readInterval,
    300_000,
    '300',
    'Time between two such questions, where the workload has no `headwind.sh/polling-interval`',
  ),
  HEADWIND_HELM_AUTO_DISCOVERY: variable(
    readBoolean,
    true,
    'true',
    'Whether the sources of charts are looked at for HelmReleases by themselves; otherwise webhooks and polls alone tell of new versions',
  ),
  HEADWIND_REQUEST_EXPIRY: variable(
    readDuration,
    DAY_MS,
    '24h',
    'How long an update request may wait for an approval before it expires; `0`: for ever',
  ),
  HEADWIND_REQUEST_RETENTION: variable(
    readDuration,
    7 * DAY_MS,
    '7d',
    'How long finished update requests are kept',
  ),
  HEADWIND_REQUEST_RETENTION_COUNT: variable(
    readWhole(0, 1000),
    10,
    '10',
    'How many finished update requests are kept for each artifact, whatever their age',
  ),
  HEADWIND_API_AUTH_MODE: variable<AuthMode>(
    readAuthMode,
    'none',
    'none',
    'Who may use the approval API: `none` (everybody), `token` (Kubernetes tokens and rights), `proxy` or `simple` (whom a trusted proxy names); see docs/security.md',
  ),
  HEADWIND_UI_AUTH_MODE: variable<AuthMode>(
    readAuthMode,
    'none',
    'none',
    'The same for the dashboard; with `token` people sign in there with a Kubernetes token',
  ),
  HEADWIND_TRUSTED_PROXIES: variable<readonly string[]>(
    readNetworks,
    [],
    '',
    'Addresses and networks of the proxies whose headers are believed, separated by commas; needed by `simple` and `proxy`',
  ),
  HEADWIND_UI_PROXY_HEADER: variable(
    readHeaderName,
    'X-Forwarded-User',
    'X-Forwarded-User',
    'Header in which the proxy names the user, in mode `proxy`',
  ),
  HEADWIND_UI_PROXY_GROUPS_HEADER: optional(
    readHeaderName,
    'Header in which it names the user’s groups, separated by commas; with it Kubernetes’ RBAC decides what they may do',
  ),
  HEADWIND_TOKEN_AUDIENCES: variable<readonly string[]>(
    readAudiences,
    [],
    '',
    'Audiences that tokens must be meant for, separated by commas; those of the API server if not set',
  ),
  HEADWIND_SESSION_KEY: {
    ...optional(
      readSessionKey,
      'Random text that seals the dashboard’s sessions, the same for all replicas; without it they end with the process',
    ),
    isSecret: true,
  },
  HEADWIND_SESSION_KEY_FILE: optional(
    readText,
    'Path of a file with such texts, one a line; the first seals, all open',
  ),
  HEADWIND_API_URL: variable(
    readUrl,
    'http://localhost:8081',
    'http://localhost:8081',
    'Where people reach the approval API, for links',
  ),
  HEADWIND_UI_URL: optional(readUrl, 'Where people reach the dashboard, for links; no links if not set'),
  ...METRICS_VARIABLES,
  ...NOTIFICATION_VARIABLES,
  HEADWIND_SHUTDOWN_DELAY: optional(
    readDurationUpTo(MAX_SHUTDOWN_DELAY_MS),
    'How long after SIGTERM all ports still take new connections, 10 seconds at most, for senders that do not know yet that the pod is leaving its Service; if not set, 5 seconds where the program runs in a pod, and else none',
  ),
  HEADWIND_CONFIG_FILE: optional(
    readText,
    'Path of a YAML file with settings that count without a restart, in place of `/etc/headwind/config.yaml`; see docs/configuration.md',
  ),
  HEADWIND_LOG: variable<LogFilter>(
    readLogFilter,
    DEFAULT_LOG_FILTER,
    'info',
    'What is logged: a level, or directives such as `info,headwind::registry=debug`; wins over `RUST_LOG`',
  ),
  RUST_LOG: optional(readLogFilter, 'The same under its older name'),
  HEADWIND_LOG_FORMAT: variable(
    readOneOf(['auto', 'json', 'pretty']),
    'auto',
    'auto',
    'How it is written: `json`, `pretty`, or `auto` (pretty at a terminal, else JSON)',
  ),
  ...TRACING_VARIABLES,
  HEADWIND_KUBECONFIG: optional(
    readText,
    'Kubeconfig files for reaching the cluster; wins over `KUBECONFIG`',
  ),
  KUBECONFIG: optional(
    readText,
    'Kubeconfig files for reaching the cluster; if not set: the pod’s service account, else `~/.kube/config`',
  ),
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

/** Read by `kubectl headwind` alone, and therefore no spelling mistakes. */
export const VARIABLES_OF_THE_PLUGIN: readonly string[] = [
  'HEADWIND_API_SERVICE',
  'HEADWIND_API_TOKEN',
  'HEADWIND_APPROVER',
];

function variable<T>(read: Reader<T>, fallback: NoInfer<T>, shown: string, description: string): Variable<T> {
  return { read, fallback, shown, description };
}

function optional<T>(read: Reader<T>, description: string): Variable<T | undefined> {
  return { read, fallback: undefined, shown: '', description };
}

function port(number: number, description: string): Variable<number> {
  return variable(readPort, number, String(number), description);
}
