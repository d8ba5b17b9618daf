import { createKubernetesClient } from '../kubernetes/client.ts';
import { createEventRecorder } from '../kubernetes/events.ts';
import { createNodes } from '../kubernetes/nodes.ts';
import { createRegistry } from '../registry/client.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createCredentials, type Credentials } from './credentials.ts';
import type { OperatorOptions } from './options.ts';
import { traceKubernetes, traceRegistry } from './traces.ts';

/** Whom Headwind asks and tells. */
export interface Outside extends Credentials {
  readonly client: ReturnType<typeof createKubernetesClient>;
  readonly registry: ReturnType<typeof createRegistry>;
  readonly events: ReturnType<typeof createEventRecorder>;
  readonly nodes: ReturnType<typeof createNodes>;
}

/** Builds the clients of Kubernetes and of registries; what they are asked is counted and becomes a part of traces. */
export function createOutside(options: OperatorOptions, metrics: Metrics): Outside {
  const { settings, clock, logRoot, version } = options;
  const client = createKubernetesClient({
    connection: options.connection,
    version,
    onRequest: (asked) => {
      metrics.kubernetesRequestsTotal.inc({ verb: asked.verb, code: asked.code });
      traceKubernetes(asked, options.connection.server.host, clock.now());
    },
  });
  const registry = createRegistry({
    insecureHosts: settings.insecureRegistries,
    ...(options.registryConfig === undefined ? {} : { config: options.registryConfig }),
    clock,
    log: logRoot.target('headwind::registry'),
    onRequest: (asked) => {
      const { purpose, outcome, durationMs } = asked;
      traceRegistry(asked, clock.now());
      metrics.registryRequestsTotal.inc({ purpose, outcome });
      if (outcome !== 'held-back') metrics.registryRequestDurationSeconds.observe(durationMs / 1000);
      metrics.registryCircuitOpen.set(registry.openCircuits());
      metrics.registryKeptListBytes.set(registry.keptBytes());
      metrics.queueDepth.set({ queue: 'registry' }, registry.waiting());
    },
  });
  const events = createEventRecorder({
    client,
    clock,
    log: logRoot.target('headwind::events'),
    onDropped: () => metrics.eventsDroppedTotal.inc(),
  });
  const credentials = createCredentials({
    client,
    env: options.env,
    clock,
    log: logRoot.target('headwind::credentials'),
  });
  const nodes = createNodes({ client, clock, log: logRoot.target('headwind::nodes') });
  return { client, registry, events, nodes, ...credentials };
}
