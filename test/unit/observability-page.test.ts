import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAlerts } from '../../tools/reference/alert-rules.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('docs/observability.md', () => {
  const alerts = readAlerts(read('monitoring/alerts.yaml')).map(({ alert }) => alert);
  const named = read('docs/observability.md').match(/`Headwind[A-Z]\w+`/g) ?? [];

  it.each(named)('names the alert %s, which there is', (name) => {
    expect(alerts).toContain(name.replaceAll('`', ''));
  });
});
