import { load } from 'js-yaml';
import { z } from 'zod';

const AlertShape = z.strictObject({
  alert: z.string().regex(/^Headwind[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.url(),
  }),
});

const Rules = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(AlertShape) })),
});

export type Alert = z.infer<typeof AlertShape>;

/** The rules of monitoring/alerts.yaml, in order; throws where one lacks something. */
export function readAlerts(yaml: string): readonly Alert[] {
  return Rules.parse(load(yaml)).groups.flatMap(({ rules }) => rules);
}
