import { ANNOTATION, parseAnnotations } from '../../src/core/annotations.ts';
import { ANNOTATION_FACTS, fallbackOf } from './annotation-facts.ts';
import { fenced, generatedFrom, page, relink, table } from './markdown.ts';

type Name = keyof typeof ANNOTATION;

const NAMES = Object.keys(ANNOTATION).filter((name): name is Name => Object.hasOwn(ANNOTATION_FACTS, name));

/** All annotations as a table; `docs` is the way to that directory. */
export function annotationsMarkdown(docs: string): string {
  const rows = NAMES.map((name) => {
    const fact = ANNOTATION_FACTS[name];
    return [`\`${ANNOTATION[name]}\``, fallbackOf(fact), relink(fact.meaning, docs)];
  });
  return table(['Annotation', 'Default', 'Meaning'], rows);
}

/** docs/reference/annotations.md. */
export function annotationsPage(): string {
  return page(
    generatedFrom('src/core/annotations.ts', 'tools/reference/annotation-facts.ts'),
    '# Annotations',
    'They stand on the workload itself, not on its pod template, and are the same for Deployments, StatefulSets, DaemonSets and ' +
      'HelmReleases. Values are trimmed; words are read in any case; `yes`, `on`, `1` and `no`, `off`, `0` are truth values too. ' +
      'Durations are seconds (`300`) or written like `90s`, `5m`, `1h30m`, `7d`.',
    'A value that cannot be read is never a default in silence: the artifact stays as it is, with the blocker ' +
      '[`invalid-annotation`](blockers.md) and a Warning Event that say what would be right. So does a key that is nearly one of these.',
    '## All of them',
    annotationsMarkdown('..'),
    ...NAMES.map(section),
  );
}

function section(name: Name): string {
  const fact = ANNOTATION_FACTS[name];
  const key = ANNOTATION[name];
  return page(
    `## ${key}`,
    `${toSentence(relink(fact.meaning, '..'))} Default: ${fallbackOf(fact)}.`,
    relink(fact.more ?? '', '..'),
    fact.examples.length === 0 ? '' : fenced('yaml', examples(key, fact.examples)),
    refusal(key, fact.wrong),
  ).trimEnd();
}

function examples(key: string, values: readonly string[]): string {
  const lines = values.map((value, index) => `${index === 0 ? '' : '# or '}${key}: ${JSON.stringify(value)}`);
  return lines.join('\n');
}

function refusal(key: string, wrong: string | undefined): string {
  const [problem] = wrong === undefined ? [] : parseAnnotations({ [key]: wrong }).problems;
  return problem === undefined ? '' : `\`${wrong}\` is refused. Expected: ${problem.expected}.`;
}

function toSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
