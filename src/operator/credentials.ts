import type { Environment } from '../config/problem.ts';
import type { Clock } from '../core/clock.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { createPullSecrets, type PullSecrets } from '../kubernetes/pull-secrets.ts';
import type { PipelineOptions } from '../pipeline/pipeline.ts';
import { createCloud } from '../registry/cloud/cloud.ts';
import type { Log } from '../telemetry/log.ts';

export interface Credentials {
  /** For images: a workload's own pull secrets first, then what the cloud gives to Headwind itself. */
  readonly credentials: Pick<PipelineOptions, 'credentialsFor' | 'forgetCredentials' | 'explainCredentials'>;
  readonly pullSecrets: PullSecrets;
  readonly cloud: ReturnType<typeof createCloud>;
}

/** Ties the two sources of credentials together. */
export function createCredentials({
  client,
  env,
  clock,
  log,
}: {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly env: Environment | undefined;
  readonly clock: Clock;
  readonly log: Log;
}): Credentials {
  const pullSecrets = createPullSecrets({ client, clock, log });
  const cloud = createCloud({ env, clock, log });
  return {
    pullSecrets,
    cloud,
    credentials: {
      credentialsFor: async (workload, repository) => {
        const own = await pullSecrets.credentialsFor(workload, repository);
        return [...own, ...(await cloud.credentialsFor(repository.host))];
      },
      forgetCredentials: (workload) => pullSecrets.forget(workload),
      explainCredentials: async (workload, repository) => {
        const sources = [await pullSecrets.explain(workload, repository), cloud.explain(repository.host)];
        return sources.filter((source) => source !== '').join('; ');
      },
    },
  };
}
