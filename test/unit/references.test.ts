import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NAVIGATION } from '../../docs/.vitepress/navigation.ts';
import { listSettings } from '../../src/config/documentation.ts';
import { ANNOTATION, parseAnnotations } from '../../src/core/annotations.ts';
import { BLOCKER_CODES } from '../../src/core/blocker.ts';
import { API_ROUTES } from '../../src/http/openapi.ts';
import { PROBLEMS } from '../../src/http/problem.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { readPage } from '../../tools/links/markdown.ts';
import { ANNOTATION_FACTS } from '../../tools/reference/annotation-facts.ts';
import { ROUTE_EXAMPLES } from '../../tools/reference/api-examples.ts';
import { BLOCKER_FACTS } from '../../tools/reference/blocker-facts.ts';
import { REMEDIES } from '../../tools/reference/error-facts.ts';
import { LABEL_MEANINGS } from '../../tools/reference/metric-labels.ts';
import { sectionsOf } from '../../tools/reference/metrics-page.ts';
import { groupsOf } from '../../tools/reference/settings-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

/** Without a policy other annotations are read all the same; `glob` alone would miss its pattern. */
function readOne(key: string, value: string): ReturnType<typeof parseAnnotations> {
  const pattern = value === 'glob' ? { [ANNOTATION.pattern]: '*' } : {};
  return parseAnnotations({ ...pattern, [key]: value });
}

describe('the reference of annotations', () => {
  const facts = Object.entries(ANNOTATION).map(([name, key]) => {
    const fact = Object.entries(ANNOTATION_FACTS).find(([known]) => known === name)?.[1];
    if (fact === undefined) throw new Error(`${name} has no facts`);
    return { key, fact };
  });

  it.each(facts)('gives examples of $key that the program takes', ({ key, fact }) => {
    for (const value of fact.examples) expect(readOne(key, value).problems).toEqual([]);
  });

  it.each(facts.filter(({ fact }) => fact.wrong !== undefined))(
    'gives an example of $key that the program refuses',
    ({ key, fact }) => {
      expect(readOne(key, fact.wrong ?? '').problems).toMatchObject([{ key }]);
    },
  );

  it.each(facts.filter(({ fact }) => fact.fallback !== undefined))(
    'tells the default of $key as the program has it',
    ({ key, fact }) => {
      expect(readOne(key, fact.fallback ?? '').settings).toEqual(parseAnnotations({}).settings);
    },
  );
});

describe('the reference of the API', () => {
  const signedByOthers = ['POST /slack/interactions'];
  const routes = API_ROUTES.map((route) => ({ name: `${route.method.toUpperCase()} ${route.path}`, route }));

  it('has one example for each route that people can call', () => {
    const callable = routes.map(({ name }) => name).filter((name) => !signedByOthers.includes(name));

    expect(Object.keys(ROUTE_EXAMPLES).sort()).toEqual(callable.sort());
  });

  it.each(routes.filter(({ name }) => !signedByOthers.includes(name)))(
    'shows $name as the route has it',
    ({ name, route }) => {
      const example = ROUTE_EXAMPLES[name];
      const { pathname, searchParams } = new URL(example?.path ?? '', 'http://localhost');
      const pattern = route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');

      expect(pathname).toMatch(new RegExp(`^${pattern}$`));
      expect(Object.keys(route.query ?? {})).toEqual(expect.arrayContaining([...searchParams.keys()]));
      expect(example?.body === undefined ? undefined : route.body?.parse(example.body)).toEqual(
        example?.body,
      );
    },
  );
});

describe('the reference of metrics', () => {
  const { described } = createMetrics();

  it('has each family in one section', () => {
    const shown = sectionsOf(described).flatMap(({ families }) => families.map(({ name }) => name));

    expect(shown.sort()).toEqual(described.map(({ name }) => name).sort());
  });

  it('explains each label, and none that there is not', () => {
    const labels = described.flatMap(({ name, labels }) => labels.map((label) => `${name} ${label}`));

    expect(Object.keys(LABEL_MEANINGS).sort()).toEqual(labels.sort());
  });

  it('names every value of labels that have a fixed list, but blockers', () => {
    const fixed = described.flatMap(({ name, rules }) =>
      Object.entries(rules).flatMap(([label, rule]) =>
        'oneOf' in rule && name !== 'headwind_decisions_total'
          ? rule.oneOf.map((value) => ({ key: `${name} ${label}`, value }))
          : [],
      ),
    );

    for (const { key, value } of fixed) expect(LABEL_MEANINGS[key]).toContain(`\`${value}\``);
  });
});

describe('the reference of settings', () => {
  it('has each variable in one group, and no empty group', () => {
    const groups = groupsOf(listSettings());

    expect(groups.flatMap(({ rows }) => rows.map(({ variable }) => variable)).sort()).toEqual(
      listSettings()
        .map(({ variable }) => variable)
        .sort(),
    );
    expect(groups.filter(({ rows }) => rows.length === 0)).toEqual([]);
  });
});

describe('texts about blockers and errors', () => {
  it('are there for all of them, and for nothing else', () => {
    expect(Object.keys(BLOCKER_FACTS)).toEqual([...BLOCKER_CODES]);
    expect(Object.keys(REMEDIES)).toEqual(Object.keys(PROBLEMS));
  });

  it.each(BLOCKER_CODES)('lead from %s to what to do about it', (code) => {
    expect([...readPage(read('docs/troubleshooting.md')).anchors]).toContain(code);
  });
});

describe('the navigation of the site', () => {
  const listed = NAVIGATION.flatMap(({ pages }) => Object.values(pages));

  it('names every page once', () => {
    const pages = globSync('**/*.md', { cwd: `${root}docs`, exclude: ['.vitepress/**'] });

    expect([...listed].sort()).toEqual(pages.sort());
  });

  it.each(listed)('leads to %s, which exists and begins with a title', (page) => {
    expect(existsSync(`${root}docs/${page}`)).toBe(true);
    expect(read(`docs/${page}`)).toMatch(/^(?:---\n[^]*?\n---\n+)?(?:<!--[^]*?-->\n+)?# \S/);
  });
});
