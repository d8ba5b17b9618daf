import type { Environment } from '../../config/problem.ts';
import type { Clock } from '../../core/clock.ts';
import type { Transport } from '../http.ts';
import { createAcrIdentity } from './acr.ts';
import type { CloudIdentity } from './cloud-identity.ts';
import { createEcrIdentity } from './ecr.ts';
import { createGoogleIdentity } from './google.ts';

/** What the clouds' identities are built of. */
export interface CloudIdentitiesOptions {
  /** The process's own: the vendors' clients read that one. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly transport: Transport;
}

/** All clouds whose registries Headwind can ask as itself. A vendor's client is loaded when a host of its is met. */
export function createCloudIdentities(options: CloudIdentitiesOptions): readonly CloudIdentity[] {
  return [createEcrIdentity(options), createGoogleIdentity(options), createAcrIdentity(options)];
}
