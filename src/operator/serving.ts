import { repositoryKey } from '../core/image-reference.ts';
import type { Signal } from '../core/signal.ts';
import { GROUP } from '../core/update-request.ts';
import { createDoors } from '../http/auth/door.ts';
import { startServers, type Servers, type ServersOptions } from '../http/servers.ts';
import { reviewAccess } from '../kubernetes/access-review.ts';
import type { createCatalog } from '../kubernetes/catalog.ts';
import { isOutage } from '../kubernetes/errors.ts';
import { reviewToken } from '../kubernetes/token-review.ts';
import { acceptOnceSynced } from '../pipeline/accept-once-synced.ts';
import { createCoalescer } from '../pipeline/coalesce.ts';
import type { Notices } from '../pipeline/notices.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { RequestStore } from '../pipeline/request-store.ts';
import { createAudit } from '../telemetry/audit.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { WEBHOOK_SENDERS } from '../triggers/webhook/senders.ts';
import { buildHealth, namespacesOf, preferencesOf, type track } from './knowledge.ts';
import type { LiveSettingsStore } from './live-settings.ts';
import type { OperatorOptions } from './options.ts';
import type { Outside } from './outside.ts';

export interface ServedParts extends Pick<ServersOptions, 'metricsView'> {
  readonly authenticity: NonNullable<ServersOptions['authenticity']>;
  readonly outside: Pick<Outside, 'client'>;
  readonly catalog: ReturnType<typeof createCatalog>;
  readonly requests: RequestStore;
  readonly pipeline: Pipeline;
  readonly notices: Notices;
  readonly live: LiveSettingsStore;
  /** Whether workloads and requests are known. */
  readonly synced: ReturnType<typeof track>;
  readonly metrics: Metrics;
}

/**
 * Lets people and registries in: ties the four servers to what they ask.
 *
 * @throws ListenError if a port cannot be bound
 */
export function serve(options: OperatorOptions, parts: ServedParts): Promise<Servers> {
  const { settings, clock, random, logRoot, version } = options;
  const { catalog, requests, pipeline, notices, live, synced, metrics } = parts;
  const { client } = parts.outside;
  const { engine, approvals, workloads, rollbacks, holds, pauses, waitingFor } = pipeline;
  const accept = createCoalescer((signals) => engine.accept(signals));
  // What concerns nobody is known only once the workloads are.
  const concerns = ({ repository }: Signal): boolean =>
    !synced.isDone() || catalog.byRepository(repositoryKey(repository)).length > 0;
  const doors = createDoors({
    api: settings.apiAuthMode,
    ui: settings.uiAuthMode,
    ownUrls: [settings.apiUrl, ...(settings.uiUrl === undefined ? [] : [settings.uiUrl])],
    trustedProxies: settings.trustedProxies,
    proxyHeader: settings.proxyHeader,
    proxyGroupsHeader: settings.proxyGroupsHeader,
    sessionSecrets: options.sessionKeys ?? [],
    reviewToken: (token) => reviewToken(client, { token, audiences: settings.tokenAudiences }),
    reviewAccess: (question) => reviewAccess(client, { ...question, group: GROUP }),
    clock,
    log: logRoot.target('headwind::auth'),
  });
  return startServers({
    approvals,
    workloads,
    rollbacks,
    holds,
    pauses,
    notifications: notices,
    slackDesk: notices.slack,
    clock,
    metrics,
    version,
    senders: WEBHOOK_SENDERS,
    hostOf: (sender) => settings.webhookHosts.get(sender),
    authenticity: parts.authenticity,
    accept: acceptOnceSynced({ accept, synced: synced.done, clock, metrics }),
    concerns,
    limits: { pushesPerSecond: settings.webhookRateLimit },
    health: buildHealth(engine, synced.isDone),
    doors,
    requests,
    random,
    namespaces: () => namespacesOf(catalog.all(), requests.all()),
    ownNamespace: settings.namespace,
    audit: createAudit(logRoot, clock),
    explain: (error) => (isOutage(error) ? 'unavailable' : undefined),
    bindAddress: settings.bindAddress,
    ports: settings.ports,
    assets: options.assets,
    metricsView: parts.metricsView,
    dashboard: {
      requests: () => requests.all(),
      waitingFor,
      workloads,
      preferences: () => preferencesOf(live.current()),
    },
    settings: live,
    logOf: (server) => logRoot.target(`headwind::${server}`),
  });
}
