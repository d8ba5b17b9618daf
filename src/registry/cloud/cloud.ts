import type { Environment } from '../../config/problem.ts';
import type { Clock } from '../../core/clock.ts';
import { createTransport, timeoutsFor } from '../transport.ts';
import { createCloudCredentials, type CloudCredentials, type CloudLog } from './cloud-credentials.ts';
import { createCloudIdentities } from './cloud-identities.ts';

export interface CloudOptions {
  /** The process's own: the vendors' clients read that one. Without it there are no identities. */
  readonly env: Environment | undefined;
  readonly clock: Clock;
  readonly log: CloudLog;
}

/** For one answer. Connecting gets a sixth of it: a metadata server that does not connect at once is not there. */
const ANSWER_LIMIT_MS = 9000;

/** Headwind's identities at all clouds, and the connections that they need. */
export function createCloud({ env, clock, log }: CloudOptions): CloudCredentials {
  const transport = createTransport({ clock, timeoutsOf: () => timeoutsFor(ANSWER_LIMIT_MS) });
  const identities = env === undefined ? [] : createCloudIdentities({ env, clock, transport });
  const credentials = createCloudCredentials({ identities, clock, log });
  return {
    ...credentials,
    close: () => {
      credentials.close();
      transport.close();
    },
  };
}
