import { Command } from 'commander';
import { describeEnvironment } from '../config/documentation.ts';
import { readInfluxTokenOf } from '../config/influx-token.ts';
import { checkLiveFiles } from '../config/live-check.ts';
import { formatProblems, type Environment } from '../config/problem.ts';
import { collectNotifications, type NotificationSettings } from '../config/notification-settings.ts';
import { readNotifications } from '../config/notifications.ts';
import { readRegistryConfig } from '../config/registry-config.ts';
import { readSessionKeys } from '../config/session-key.ts';
import { readConfigWarnings, readSettings, textOf } from '../config/settings.ts';
import { readWebhookSecrets } from '../config/webhook-secrets.ts';
import { visible } from '../core/visible.ts';
import { UsageError } from './exit.ts';
import { formatTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export interface CheckConfigOptions {
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * `headwind check-config`: all settings with what they are and what for, and all that is wrong with them, also in the
 * files that some of them name.
 */
export function checkConfigCommand({ env, terminal, readFile }: CheckConfigOptions): Command {
  return new Command('check-config')
    .description('show all settings and check them; exits with 2 if the operator would not start with them')
    .option('-q, --quiet', 'show problems only')
    .action(async ({ quiet }: { quiet?: true }) => {
      if (quiet !== true) printSettings(env, terminal);
      const liveFiles = await checkLiveFiles(env, {
        configFile: textOf(env, 'HEADWIND_CONFIG_FILE'),
        // These two are checked below, since with mistakes in them the operator does not start.
        notificationsFile: undefined,
        influxTokenFile: undefined,
        readFile,
      });
      const warnings = formatProblems([...readConfigWarnings(env), ...liveFiles]);
      for (const line of warnings) terminal.err(`warning: ${visible(line)}`);
      const settings = readSettings(env);
      const file = textOf(env, 'HEADWIND_REGISTRY_CONFIG');
      const registries = await readRegistryConfig({ file, readFile });
      const secrets = await readWebhookSecrets({
        common: undefined,
        file: textOf(env, 'HEADWIND_WEBHOOK_SECRETS_FILE'),
        readFile,
      });
      const keys = await readSessionKeys({
        key: undefined,
        file: textOf(env, 'HEADWIND_SESSION_KEY_FILE'),
        readFile,
      });
      const token = await readInfluxTokenOf({
        token: undefined,
        file: textOf(env, 'HEADWIND_INFLUXDB_TOKEN_FILE'),
        readFile,
      });
      const notifications = await readNotifications({
        settings: notificationSettings(env, settings),
        env,
        readFile,
      });
      const problems = [settings, registries, secrets, keys, token, notifications].flatMap((read) =>
        read.ok ? [] : read.error,
      );
      if (problems.length > 0) throw new UsageError(formatConfigError(formatProblems(problems)));
      if (quiet !== true) terminal.out('\nThe configuration can be used.');
    });
}

/** Where other settings cannot be used, the file is checked by itself. */
function notificationSettings(
  env: Environment,
  settings: ReturnType<typeof readSettings>,
): NotificationSettings {
  if (settings.ok) return settings.value.notifications;
  const defaults = collectNotifications((_, { fallback }) => fallback);
  return { ...defaults, configFile: textOf(env, 'HEADWIND_NOTIFICATIONS_CONFIG') };
}

/** All problems as one message for a person. */
export function formatConfigError(problems: readonly string[]): string {
  const count = problems.length === 1 ? '1 setting cannot' : `${problems.length} settings cannot`;
  return [`${count} be used:`, ...problems.map((problem) => `  ${visible(problem)}`)].join('\n');
}

function printSettings(env: Environment, terminal: Terminal): void {
  const rows = describeEnvironment(env).map(({ variable, value, isSet, description }) => [
    variable,
    value === '' ? '-' : visible(value),
    isSet ? 'set' : 'default',
    description.replaceAll('`', ''),
  ]);
  for (const line of formatTable(['VARIABLE', 'VALUE', 'FROM', 'MEANING'], rows)) terminal.out(line);
}
