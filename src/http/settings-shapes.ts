import { z } from 'zod';

/** The shapes of the settings: what the API answers and takes. The page takes its types from here. */

const Secret = z.literal('set').nullable().describe('A secret: "set" where there is one, never itself');
const Text = z.string().nullable();
const Backend = z.object({ enabled: z.boolean(), url: Text });

const SourceShape = z.object({
  from: z.enum(['environment', 'file', 'configmap', 'secret', 'default']),
  name: z.string().optional().describe('The variable, the path, or the name of the object'),
  changeable: z.boolean().describe('Whether it can be changed here'),
  reason: z.string().optional().describe('Why it cannot'),
  fallback: z
    .union([z.string(), z.number(), z.boolean()])
    .nullable()
    .describe('What it is where nobody says anything'),
});
export type SourceShape = Readonly<z.infer<typeof SourceShape>>;

const SettingProblemShape = z.object({
  where: z.string(),
  key: z.string().describe('As written; empty where the whole place is meant'),
  value: z.string(),
  expected: z.string(),
  effect: z
    .enum(['last-good', 'default', 'used', 'ignored'])
    .describe('What counts: the last good value, what does least, the value all the same, or nothing of it'),
});
export type SettingProblemShape = Readonly<z.infer<typeof SettingProblemShape>>;

/** What `GET /api/v1/settings` answers. */
export const SettingsView = z.object({
  polling: z.object({ enabled: z.boolean(), interval: z.number().describe('Seconds') }),
  helm: z.object({ autoDiscovery: z.boolean() }),
  controllers: z.object({ enabled: z.boolean() }),
  notifications: z.object({
    slack: z.object({
      enabled: z.boolean(),
      webhookUrl: Secret,
      channel: Text,
      username: Text,
      iconEmoji: Text,
    }),
    teams: z.object({ enabled: z.boolean(), webhookUrl: Secret }),
    webhook: z.object({ enabled: z.boolean(), url: Secret, secret: Secret }),
  }),
  observability: z.object({
    metricsBackend: z.string(),
    prometheus: Backend,
    victoriametrics: Backend,
    influxdb: Backend.extend({ org: Text, bucket: Text, token: Secret }),
  }),
  dashboard: z.object({
    refresh_interval: z.number().describe('Seconds'),
    max_items_per_page: z.int(),
  }),
  sources: z
    .record(z.string(), SourceShape)
    .describe('Where each value comes from, by its place, such as polling.enabled'),
  problems: z.array(SettingProblemShape).readonly().describe('What is written somewhere and does not count'),
});
export type SettingsView = Readonly<z.infer<typeof SettingsView>>;

/** What a change answers: the settings as they are now, too. */
export const SettingsAnswer = SettingsView.extend({
  message: z.string(),
  changed: z.array(z.string()).readonly().describe('The places of what is different now'),
});
export type SettingsAnswer = Readonly<z.infer<typeof SettingsAnswer>>;

/** What everybody who is signed in may know. */
export const PreferencesView = z.object({
  refresh_interval: z.number().describe('How often to look for news that cannot be sent, in seconds'),
  max_items_per_page: z.int(),
});
export type PreferencesView = Readonly<z.infer<typeof PreferencesView>>;
