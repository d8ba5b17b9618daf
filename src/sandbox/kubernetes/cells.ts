import { arrayAt, isJsonObject, stringAt, stringMapAt, valueAt, type JsonObject } from './json.ts';
import type { Cell, Column } from './resource-type.ts';

const NONE = '<none>';
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * How long ago, as kubectl writes it: `45s`, `3m20s`, `5h`, `12d`; the smaller unit only while it matters.
 * @param milliseconds the time that has passed
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 2 * MINUTE) return `${Math.max(0, seconds)}s`;
  if (seconds < 10 * MINUTE) return twoUnits({ seconds, unit: MINUTE, name: 'm', rest: 1, restName: 's' });
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return twoUnits({ seconds, unit: HOUR, name: 'h', rest: MINUTE, restName: 'm' });
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return twoUnits({ seconds, unit: DAY, name: 'd', rest: HOUR, restName: 'h' });
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return twoUnits({ seconds, unit: YEAR, name: 'y', rest: DAY, restName: 'd' });
  return `${Math.floor(seconds / YEAR)}y`;
}

interface Units {
  readonly seconds: number;
  readonly unit: number;
  readonly name: string;
  readonly rest: number;
  readonly restName: string;
}

function twoUnits({ seconds, unit, name, rest, restName }: Units): string {
  const whole = `${Math.floor(seconds / unit)}${name}`;
  const left = Math.floor((seconds % unit) / rest);
  return left === 0 ? whole : `${whole}${left}${restName}`;
}

/** The age of a timestamp in RFC 3339, `<unknown>` if there is none. */
export function ageOf(timestamp: unknown, nowMs: number): string {
  const then = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(then) ? '<unknown>' : humanDuration(nowMs - then);
}

interface ColumnOptions {
  readonly type?: Column['type'];
  readonly wide?: boolean;
}

/** A column of text, shown always unless it is `wide`. */
export function column(
  name: string,
  description: string,
  cell: Column['cell'],
  options: ColumnOptions = {},
): Column {
  const priority = options.wide === true ? 1 : 0;
  return { name, type: options.type ?? 'string', format: '', description, priority, cell };
}

export const NAME_COLUMN: Column = {
  ...column('Name', 'The name of the object, unique among its kind and namespace.', (object) =>
    stringAt(object, 'metadata', 'name'),
  ),
  format: 'name',
};

export const AGE_COLUMN = column('Age', 'The time since the object was created.', (object, nowMs) =>
  ageOf(valueAt(object, 'metadata', 'creationTimestamp'), nowMs),
);

/** `wide` columns of a pod template's containers. */
export const TEMPLATE_COLUMNS: readonly Column[] = [
  column(
    'Containers',
    'The names of the containers in the template.',
    (object) => joined(templateContainers(object), 'name'),
    { wide: true },
  ),
  column('Images', 'The images of the containers.', (object) => joined(templateContainers(object), 'image'), {
    wide: true,
  }),
];

export const SELECTOR_COLUMN = column(
  'Selector',
  'The label selector for pods.',
  (object) => selectorText(valueAt(object, 'spec', 'selector')),
  { wide: true },
);

function templateContainers(object: JsonObject): readonly unknown[] {
  return arrayAt(object, 'spec', 'template', 'spec', 'containers');
}

/** The member `key` of each of `items`, separated by commas. */
export function joined(items: readonly unknown[], key: string): string {
  return items.map((item) => stringAt(item, key)).join(',');
}

/** `a=b,c=d`, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}

/** A LabelSelector as text, `<none>` if it selects nothing. */
export function selectorText(selector: unknown): string {
  const expressions = arrayAt(selector, 'matchExpressions').filter(isJsonObject).map(expressionText);
  const labels = Object.entries(stringMapAt(selector, 'matchLabels')).map(
    ([key, value]) => `${key}=${value}`,
  );
  const parts = [...labels.sort(), ...expressions];
  return parts.length === 0 ? NONE : parts.join(',');
}

function expressionText(expression: JsonObject): string {
  const key = stringAt(expression, 'key');
  const values = arrayAt(expression, 'values').filter((value) => typeof value === 'string');
  switch (stringAt(expression, 'operator')) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}

/** The text, or `<none>` for an empty one. */
export function orNone(text: string): Cell {
  return text === '' ? NONE : text;
}
