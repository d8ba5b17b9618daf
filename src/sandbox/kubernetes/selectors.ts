import { badRequest } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import type { ResourceType } from './resource-type.ts';

export type Matcher = (object: ApiObject) => boolean;

type LabelTest = (labels: Readonly<Record<string, string>>) => boolean;

const MAX_SELECTOR_LENGTH = 4096;
const SET_TERM = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY_TERM = /^([^\s=!]+)\s*(==|=|!=)\s*([^\s=!]*)$/;
const EXISTS_TERM = /^(!?)\s*([A-Za-z0-9][-A-Za-z0-9_./]*)$/;
const COMPARE_TERM = /^([^\s<>]+)\s*([<>])\s*(-?\d+)$/;

/**
 * Reads a label selector (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/).
 * @throws ApiError 400
 */
export function labelMatcher(text: string): Matcher {
  if (text.length > MAX_SELECTOR_LENGTH) throw badRequest('the label selector is too long');
  const tests = splitTerms(text).map(toLabelTest);
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}));
}

/** Splits at the commas that are not inside parentheses. */
function splitTerms(text: string): readonly string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
}

function toLabelTest(term: string): LabelTest {
  return setTest(term) ?? equalityTest(term) ?? compareTest(term) ?? existsTest(term) ?? refuse(term);
}

function refuse(term: string): never {
  throw badRequest(`unable to parse requirement: "${term}"`);
}

function setTest(term: string): LabelTest | undefined {
  const match = SET_TERM.exec(term);
  if (match == null) return undefined;
  const [, key = '', operator, list = ''] = match;
  const values = new Set(list.split(',').map((value) => value.trim()));
  // A label that is missing is not in any set.
  if (operator === 'in') return (labels) => labels[key] !== undefined && values.has(labels[key]);
  return (labels) => labels[key] === undefined || !values.has(labels[key]);
}

function equalityTest(term: string): LabelTest | undefined {
  const match = EQUALITY_TERM.exec(term);
  if (match == null) return undefined;
  const [, key = '', operator, value] = match;
  return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
}

function compareTest(term: string): LabelTest | undefined {
  const match = COMPARE_TERM.exec(term);
  if (match == null) return undefined;
  const [, key = '', operator, bound] = match;
  return (labels) => {
    const value = labels[key];
    if (value === undefined || !/^-?\d+$/.test(value)) return false;
    return operator === '>' ? Number(value) > Number(bound) : Number(value) < Number(bound);
  };
}

function existsTest(term: string): LabelTest | undefined {
  const match = EXISTS_TERM.exec(term);
  if (match == null) return undefined;
  const [, not, key = ''] = match;
  return (labels) => Object.hasOwn(labels, key) === (not === '');
}

/**
 * Reads a field selector; which fields there are is the kind's matter.
 * @throws ApiError 400
 */
export function fieldMatcher(type: ResourceType, text: string): Matcher {
  if (text.length > MAX_SELECTOR_LENGTH) throw badRequest('the field selector is too long');
  const tests = text
    .split(/(?<!\\),/)
    .filter((term) => term !== '')
    .map((term) => toFieldTest(type, term));
  return (object) => tests.every((test) => test(object));
}

function toFieldTest(type: ResourceType, term: string): Matcher {
  const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term);
  if (match == null) throw badRequest(`invalid selector: "${term}"; can't understand "${term}"`);
  const [, key = '', operator, escaped = ''] = match;
  const value = escaped.replaceAll(/\\([\\,=])/g, '$1');
  const read = fieldReader(type, key);
  return (object) => (read(object) === value) === (operator !== '!=');
}

function fieldReader(type: ResourceType, key: string): (object: ApiObject) => string {
  if (key === 'metadata.name') return (object) => object.metadata.name;
  if (key === 'metadata.namespace' && type.namespaced) return (object) => object.metadata.namespace ?? '';
  if (!Object.hasOwn(type.fields({}), key)) throw badRequest(`field label not supported: ${key}`);
  return (object) => type.fields(object)[key] ?? '';
}
