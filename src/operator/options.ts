import type { NotificationConfig } from '../config/notifications.ts';
import type { Environment } from '../config/problem.ts';
import type { RegistryConfig } from '../config/registry-hosts.ts';
import type { Settings } from '../config/settings.ts';
import type { WebhookSecrets } from '../config/webhook-secrets.ts';
import type { Clock } from '../core/clock.ts';
import type { Assets } from '../http/assets.ts';
import type { Connection } from '../kubernetes/connection.ts';
import type { LogRoot } from '../telemetry/log.ts';

/** What the operator is started with. */
export interface OperatorOptions {
  readonly settings: Settings;
  /** How single registries are dealt with; all alike without it. */
  readonly registryConfig?: RegistryConfig;
  /** By what webhooks prove who sent them; nobody has to without it. Read again when the file changes that they are from. */
  readonly webhookSecrets?: WebhookSecrets;
  /** Who is notified; those of the settings without it. Read again when the file changes that they are from. */
  readonly notifications?: NotificationConfig;
  readonly readFile?: (path: string) => Promise<string>;
  /** What seals the sessions of the dashboard; without them each process has one of its own. */
  readonly sessionKeys?: readonly string[];
  readonly connection: Connection;
  /** The process's own, which tells who Headwind is at the clouds; without it, nobody. */
  readonly env?: Environment;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logRoot: LogRoot;
  /** The name of the pod, or of the machine; without it, that of this one. */
  readonly host?: string;
  /** Headwind's own version. */
  readonly version: string;
  /** Tells of spans that are lost; absent where nothing is traced. */
  readonly tracing?: { onLost(listener: (spans: number) => void): void };
  /** The built dashboard; undefined where it has not been built. */
  readonly assets?: Assets | undefined;
}
