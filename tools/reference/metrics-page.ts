import type { FamilyDescription } from '../../src/telemetry/metric-families.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { code, generatedFrom, page, table } from './markdown.ts';
import { LABEL_MEANINGS } from './metric-labels.ts';

interface Section {
  readonly title: string;
  readonly text: string;
  /** Names of families, without `headwind_`. */
  readonly names: RegExp;
}

/** In the order of the page; a family stands in the first section whose pattern fits. */
const SECTIONS: readonly Section[] = [
  {
    title: 'Webhooks',
    text: 'What registries tell, and what was turned away.',
    names: /^(?:webhook_|http_rejected)/,
  },
  {
    title: 'Updates',
    text: 'What becomes of versions: decisions, requests, changes of workloads.',
    names: /^(?:updates_|decisions_|reconcile_|queue_depth)/,
  },
  {
    title: 'Rollbacks',
    text: 'Rollouts that are watched, and versions that are taken back.',
    names: /^(?:rollbacks_|rollouts_|deployment_health_)/,
  },
  { title: 'Polling', text: 'Registries that are asked from time to time.', names: /^polling_/ },
  { title: 'Helm', text: 'Charts and where they come from.', names: /^helm_(?!releases_watched)/ },
  { title: 'Registries', text: 'What is asked of registries for all of the above.', names: /^registry_/ },
  { title: 'Notifications', text: 'Who was told.', names: /^notifications_/ },
  { title: 'Several replicas', text: 'Which of them acts.', names: /^leader/ },
  {
    title: 'Kubernetes and the rest',
    text: 'What is watched, how that goes, and the process itself.',
    names: /./,
  },
];

/** docs/reference/metrics.md. */
export async function metricsPage(): Promise<string> {
  const { described, registry } = createMetrics();
  const own = new Set(described.map(({ name }) => name));
  const others = (await registry.getMetricsAsJSON()).filter(({ name }) => !own.has(name));
  return page(
    generatedFrom('src/telemetry/metrics.ts', 'tools/reference/metric-labels.ts'),
    '# Metrics',
    'Each replica serves them at `/metrics` on port 9090, in the text format of Prometheus. How they are scraped, and how the ' +
      'dashboard draws them: [observability](../observability.md). A dashboard for Grafana and alert rules lie in ' +
      '[monitoring](../../monitoring).',
    'Counters count from the start of the process (`headwind_start_time_seconds`). What a replica does it counts itself: add up ' +
      'over replicas. What every replica sees (`headwind_updates_pending`, `headwind_…_watched`) is the same in each: take the largest. ' +
      'A series with labels is there from the start, at 0, where the values of all its labels are known (and for each sender of ' +
      'webhooks what is usual); else it begins with its first event. Labels are bounded: a value that is not foreseen counts as `other`.',
    ...sectionsOf(described).flatMap(({ title, text, families }) => [
      `## ${title}`,
      text,
      metricTable(families),
      ...families.flatMap(bucketsOf),
      ...families.flatMap(labelsOf),
    ]),
    '## Process',
    'Under the names that clients of Prometheus share, and a few of Node.js.',
    table(
      ['Metric', 'Type', 'Meaning'],
      others.map(({ name, type, help }) => [code(name), String(type), help]),
    ),
  );
}

/** Each family in one section. */
export function sectionsOf(
  described: readonly FamilyDescription[],
): readonly (Omit<Section, 'names'> & { readonly families: readonly FamilyDescription[] })[] {
  const sectionOf = ({ name }: FamilyDescription): Section | undefined =>
    SECTIONS.find(({ names }) => names.test(name.slice('headwind_'.length)));
  return SECTIONS.map((section) => ({
    ...section,
    families: described.filter((family) => sectionOf(family) === section),
  }));
}

function metricTable(families: readonly FamilyDescription[]): string {
  return table(
    ['Metric', 'Type', 'Labels', 'Meaning'],
    families.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help]),
  );
}

function bucketsOf({ name, buckets }: FamilyDescription): readonly string[] {
  if (buckets === undefined) return [];
  return [`Buckets of \`${name}\`, in seconds: ${buckets.join(', ')}.`];
}

function labelsOf({ name, labels }: FamilyDescription): readonly string[] {
  if (labels.length === 0) return [];
  const items = labels.map((label) => `- \`${label}\`: ${LABEL_MEANINGS[`${name} ${label}`] ?? ''}`);
  return [`Labels of \`${name}\`:`, items.join('\n')];
}
