import { formatProblems } from '../../config/problem.ts';
import { watchConfiguration } from '../../config/watched.ts';
import {
  readWebhookSecrets,
  secretsWithoutFile,
  type WebhookSecrets,
  type WebhookSecretsSource,
} from '../../config/webhook-secrets.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { createAuthenticity, type Authenticity } from './authenticity.ts';
import type { WebhookSender } from './sender.ts';

export interface WebhookTrustOptions extends Pick<WebhookSecretsSource, 'common' | 'file'> {
  readonly senders: readonly WebhookSender[];
  /** What was read at the start; without it, what `common` alone says. */
  readonly initial?: WebhookSecrets | undefined;
  /** Without it, the file is not looked at again. */
  readonly readFile?: WebhookSecretsSource['readFile'] | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WebhookTrust {
  readonly authenticity: Authenticity;
  stop(): void;
}

/** Shorter ones can be found by trying. */
const LONG_ENOUGH = 16;

/** Who is believed at the webhooks, as the file with the secrets says at each moment. Warns of doors that stand open. */
export function createWebhookTrust(options: WebhookTrustOptions): WebhookTrust {
  const { senders, common, file, readFile, clock, log } = options;
  const initial = options.initial ?? secretsWithoutFile(common);
  const watched =
    file === undefined || readFile === undefined
      ? undefined
      : watchConfiguration({
          initial,
          read: () => readWebhookSecrets({ common, file, readFile }),
          clock,
          onReplaced: (secrets) => {
            log.info({ file }, 'webhook secrets were replaced');
            warnOfOpenDoors(secrets);
          },
          onBad: (problems) =>
            log.warn(
              { file, problems: formatProblems(problems) },
              'webhook secrets cannot be read; those before go on to hold',
            ),
        });
  const authenticity = createAuthenticity({ senders, secrets: () => watched?.current() ?? initial, clock });

  const warnOfOpenDoors = (secrets: WebhookSecrets): void => {
    const open = authenticity.open();
    if (open.length > 0)
      log.warn(
        { open, settings: ['HEADWIND_WEBHOOK_SECRET', 'HEADWIND_WEBHOOK_SECRETS_FILE'] },
        'whoever reaches the webhook port is believed to be any of these senders, which have no secret',
      );
    const short = [...secrets.common, ...[...secrets.own.values()].flat()].filter(
      ({ length }) => length < LONG_ENOUGH,
    );
    if (short.length > 0)
      log.warn({ secrets: short.length, shorterThan: LONG_ENOUGH }, 'some webhook secrets can be guessed');
  };
  warnOfOpenDoors(initial);
  return { authenticity, stop: () => watched?.stop() };
}
