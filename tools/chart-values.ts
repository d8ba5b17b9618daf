import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

/** One value of the chart, as its values.yaml has it. */
export interface ChartValue {
  /** From the top, such as `image.tag`. */
  readonly path: string;
  /** What the comment above it says; undefined where there is none. */
  readonly comment: string | undefined;
  readonly value: unknown;
}

const LINE = /^(?<indent> *)(?:# ?(?<comment>.*)|(?<key>[\w./-]+):.*)$/;

/**
 * All keys of a values.yaml that are to be explained, in their order: those with a comment above them, and those without
 * one that no explained key contains. Two spaces are one level. Throws where the text is no YAML.
 */
export function chartValues(text: string): readonly ChartValue[] {
  const root = load(text);
  const found: ChartValue[] = [];
  const path: string[] = [];
  let comment: string | undefined;
  for (const line of text.split('\n')) {
    const { indent = '', comment: said, key } = LINE.exec(line)?.groups ?? {};
    if (said !== undefined) comment = comment === undefined ? said : `${comment} ${said}`;
    if (key !== undefined) {
      path.splice(indent.length / 2, path.length, key);
      found.push({ path: path.join('.'), comment, value: valueAt(root, path) });
    }
    if (said === undefined) comment = undefined;
  }
  const explained = found.filter((one) => one.comment !== undefined).map((one) => one.path);
  const contains = (outer: string, inner: string): boolean => inner.startsWith(`${outer}.`);
  return found.filter(
    (one) =>
      one.comment !== undefined ||
      !explained.some((path) => contains(path, one.path) || contains(one.path, path)),
  );
}

/** The chart's values as rows of a Markdown table. */
export function valuesMarkdown(): string {
  const text = readFileSync(new URL('../charts/headwind/values.yaml', import.meta.url), 'utf8');
  const rows = chartValues(text).map(
    ({ path, comment = '', value }) =>
      `| \`${path}\` | ${shown(value)} | ${comment.replaceAll('|', '\\|')} |`,
  );
  return ['| Value | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function shown(value: unknown): string {
  if (value === '') return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const key of path)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}
