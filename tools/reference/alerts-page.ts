import { readFile } from 'node:fs/promises';
import { readAlerts, type Alert } from './alert-rules.ts';
import { code, fenced, generatedFrom, page } from './markdown.ts';

const RULES = new URL('../../monitoring/alerts.yaml', import.meta.url);

/** docs/reference/alerts.md. */
export async function alertsPage(): Promise<string> {
  const alerts = readAlerts(await readFile(RULES, 'utf8'));
  return page(
    generatedFrom('monitoring/alerts.yaml'),
    '# Alerts',
    'Rules for Prometheus and for whatever reads the same format lie in [monitoring/alerts.yaml](../../monitoring/alerts.yaml); ' +
      'with the Prometheus operator the `groups` go into a PrometheusRule as they stand. Each leads to what to do about it. How Headwind ' +
      'is scraped: [observability](../observability.md).',
    '`critical`: nothing is updated, or something is lost. `warning`: somebody should look at it today. `info`: good to know.',
    ...alerts.flatMap(section),
  );
}

function section({ alert, expr, for: duration, labels, annotations }: Alert): readonly string[] {
  const anchor = annotations.runbook_url.split('#')[1] ?? '';
  const lasting = duration === undefined ? 'at once' : `after ${duration}`;
  return [
    `## ${alert}`,
    `${code(labels.severity)}, ${lasting}. ${withoutTemplates(annotations.summary)} [What to do](../troubleshooting.md#${anchor}).`,
    fenced('promql', expr.trim()),
  ];
}

/** A summary as it reads here: `{{ $labels.resource }}` is *resource*. */
function withoutTemplates(text: string): string {
  return text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '*$1*');
}
