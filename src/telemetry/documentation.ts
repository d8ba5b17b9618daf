import type { FamilyDescription } from './metric-families.ts';

/** The metric families as a Markdown table, for README.md. */
export function metricsMarkdown(described: readonly FamilyDescription[]): string {
  const rows = described.map(({ name, type, labels, help }) => {
    const named = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return ['| Metric | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
