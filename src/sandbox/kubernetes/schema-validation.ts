import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import type { Cause } from './api-error.ts';
import { arrayAt, isJsonObject, stringAt, type JsonObject } from './json.ts';
import { schemaOfMember } from './schema.ts';

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

type Rule = (schema: JsonObject, value: unknown, path: string) => readonly Cause[];

/** What is wrong with `value` by the OpenAPI v3 schema; `path` is where it stands, '' for the root. */
export function schemaProblems(schema: JsonObject, value: unknown, path = ''): readonly Cause[] {
  if (value == null && schema['nullable'] === true) return [];
  const wrongType = typeProblems(schema, value, path);
  if (wrongType.length > 0) return wrongType;
  return RULES.flatMap((rule) => rule(schema, value, path));
}

function wrong(path: string, value: unknown, detail: string, reason = 'FieldValueInvalid'): Cause {
  const field = path === '' ? '<nil>' : path;
  return { reason, field, message: `Invalid value: ${shown(value)}: ${field} in body ${detail}` };
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}

function typeOf(value: unknown): string {
  if (value == null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeProblems(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  const actual = typeOf(value);
  const expected =
    schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : [stringAt(schema, 'type')];
  if (expected.includes('') || expected.includes(actual)) return [];
  if (actual === 'integer' && expected.includes('number')) return [];
  const detail = `must be of type ${expected.join(',')}: "${actual}"`;
  return [wrong(path, actual, detail, 'FieldValueTypeInvalid')];
}

const RULES: readonly Rule[] = [
  enumRule,
  stringRule,
  formatRule,
  numberRule,
  arrayRule,
  objectRule,
  requiredRule,
  combinationRule,
];

function enumRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  const values = schema['enum'];
  if (!Array.isArray(values) || values.some((item) => isDeepStrictEqual(item, value))) return [];
  const message = `Unsupported value: ${shown(value)}: supported values: ${values.map(shown).join(', ')}`;
  return [{ reason: 'FieldValueNotSupported', field: path, message }];
}

function limit(schema: JsonObject, key: string): number | undefined {
  const value = schema[key];
  return typeof value === 'number' ? value : undefined;
}

function stringRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  if (typeof value !== 'string') return [];
  const [least, most] = [limit(schema, 'minLength'), limit(schema, 'maxLength')];
  // Characters, not UTF-16 units.
  const { length } = Array.from(value);
  const problems: Cause[] = [];
  if (least !== undefined && length < least)
    problems.push(wrong(path, value, `should be at least ${least} chars long`));
  if (most !== undefined && length > most)
    problems.push(wrong(path, value, `should be at most ${most} chars long`));
  const pattern = stringAt(schema, 'pattern');
  if (pattern !== '' && !RE2JS.compile(pattern).matcher(value).find())
    problems.push(wrong(path, value, `should match '${pattern}'`));
  return problems;
}

function formatRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  const format = stringAt(schema, 'format');
  if (typeof value !== 'string') return [];
  const valid =
    (format === 'date-time' && DATE_TIME.test(value) && !Number.isNaN(Date.parse(value))) ||
    (format === 'date' && DATE.test(value) && !Number.isNaN(Date.parse(value))) ||
    !['date-time', 'date'].includes(format);
  return valid ? [] : [wrong(path, value, `must be of type ${format}: ${shown(value)}`)];
}

function numberRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  if (typeof value !== 'number') return [];
  const [least, most] = [limit(schema, 'minimum'), limit(schema, 'maximum')];
  const problems: Cause[] = [];
  const tooSmall =
    least !== undefined && (schema['exclusiveMinimum'] === true ? value <= least : value < least);
  const tooLarge = most !== undefined && (schema['exclusiveMaximum'] === true ? value >= most : value > most);
  if (tooSmall) problems.push(wrong(path, value, `should be greater than or equal to ${least}`));
  if (tooLarge) problems.push(wrong(path, value, `should be less than or equal to ${most}`));
  const step = limit(schema, 'multipleOf');
  if (step !== undefined && value % step !== 0)
    problems.push(wrong(path, value, `should be a multiple of ${step}`));
  return problems;
}

function arrayRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  if (!Array.isArray(value)) return [];
  const [least, most] = [limit(schema, 'minItems'), limit(schema, 'maxItems')];
  const problems: Cause[] = [];
  if (least !== undefined && value.length < least)
    problems.push(wrong(path, value.length, `should have at least ${least} items`));
  if (most !== undefined && value.length > most)
    problems.push(wrong(path, value.length, `should have at most ${most} items`));
  const { items } = schema;
  if (!isJsonObject(items)) return problems;
  return [...problems, ...value.flatMap((item, index) => schemaProblems(items, item, `${path}[${index}]`))];
}

function objectRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  if (!isJsonObject(value)) return [];
  const [least, most] = [limit(schema, 'minProperties'), limit(schema, 'maxProperties')];
  const count = Object.keys(value).length;
  const problems: Cause[] = [];
  if (least !== undefined && count < least)
    problems.push(wrong(path, count, `should have at least ${least} properties`));
  if (most !== undefined && count > most)
    problems.push(wrong(path, count, `should have at most ${most} properties`));
  for (const [key, member] of Object.entries(value)) {
    const memberSchema = schemaOfMember(schema, key);
    if (memberSchema !== undefined) problems.push(...schemaProblems(memberSchema, member, below(path, key)));
  }
  return problems;
}

function requiredRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  if (!isJsonObject(value)) return [];
  return arrayAt(schema, 'required')
    .filter((key): key is string => typeof key === 'string' && value[key] === undefined)
    .map((key) => ({
      reason: 'FieldValueRequired',
      field: below(withoutIndexes(path), key),
      message: 'Required value',
    }));
}

function combinationRule(schema: JsonObject, value: unknown, path: string): readonly Cause[] {
  const holds = (item: unknown): boolean =>
    isJsonObject(item) && schemaProblems(item, value, path).length === 0;
  const all = arrayAt(schema, 'allOf')
    .filter(isJsonObject)
    .flatMap((item) => schemaProblems(item, value, path));
  const any = arrayAt(schema, 'anyOf');
  const one = arrayAt(schema, 'oneOf');
  return [
    ...all,
    ...(any.length > 0 && !any.some(holds)
      ? [wrong(path, value, 'must validate at least one schema (anyOf)')]
      : []),
    ...(one.length > 0 && one.filter(holds).length !== 1
      ? [wrong(path, value, 'must validate one and only one schema (oneOf)')]
      : []),
    ...(isJsonObject(schema['not']) && holds(schema['not'])
      ? [wrong(path, value, 'must not validate the schema (not)')]
      : []),
  ];
}

/** The API server names a missing field by its place in the schema, not by its item. */
function withoutIndexes(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '');
}

function below(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
