import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ANNOTATION } from '../../src/core/annotations.ts';
import { BLOCKER_CODES } from '../../src/core/blocker.ts';
import { PHASES } from '../../src/core/update-request.ts';
import { POLICIES } from '../../src/core/policy.ts';
import { API_ROUTES } from '../../src/http/openapi.ts';
import { MAX_DEPTH, MAX_VALUES } from '../../src/http/body.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { MAX_ENTRIES_PER_BODY } from '../../src/triggers/webhook/sender.ts';
import { WEBHOOK_SENDERS } from '../../src/triggers/webhook/senders.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('README.md', () => {
  const readme = read('README.md');

  it.each(Object.values(ANNOTATION))('explains the annotation %s', (key) => {
    expect(readme).toContain(`\`${key}\``);
  });

  it.each(BLOCKER_CODES)('explains the blocker %s', (code) => {
    expect(readme).toContain(`\n| \`${code}\` | `);
  });

  it.each(POLICIES)('explains the policy %s', (policy) => {
    expect(readme).toContain(`\n| \`${policy}\` | `);
  });

  it.each(API_ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`))('names %s', (route) => {
    expect(readme).toContain(`\`${route}\``);
  });

  it('lists all metrics as the program has them', () => {
    const rows = createMetrics().described.map(({ name, type, help, labels }) => {
      const shown = labels.map((label) => `\`${label}\``).join(', ');
      return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
    });
    const table = ['| Metric | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');

    expect(readme).toContain(`<!-- metrics:start -->\n${table}\n<!-- metrics:end -->`);
  });

  it.each([...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = '']) => path))(
    'links to %s, which exists',
    (path) => {
      expect(() => read(path)).not.toThrow('ENOENT');
    },
  );
});

describe('docs/webhooks.md', () => {
  const page = read('docs/webhooks.md');
  const readme = read('README.md');

  it.each(WEBHOOK_SENDERS.map(({ name }) => `/webhook/${name}`))(
    'explains %s, and README.md names it',
    (path) => {
      expect(page).toContain(`| \`${path}\` |`);
      expect(readme).toContain(path);
    },
  );

  it('says how large a body may be', () => {
    expect(page).toContain(`${MAX_VALUES.toLocaleString('en')} values`);
    expect(page).toContain(`${MAX_ENTRIES_PER_BODY.toLocaleString('en')} entries`);
    expect(page).toContain(`${MAX_DEPTH} levels`);
  });

  it.each([...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor))(
    'links to #%s, which exists',
    (anchor) => {
      const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
        title.toLowerCase().replaceAll(' ', '-'),
      );

      expect(anchors).toContain(anchor);
    },
  );
});

describe('docs/updaterequest.md', () => {
  const page = read('docs/updaterequest.md');

  it.each(PHASES)('explains the phase %s', (phase) => {
    expect(page).toContain(`\n| ${phase} | `);
  });
});
