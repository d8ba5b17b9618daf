import { isJsonObject } from './json.ts';

/**
 * The simple JSON paths of CustomResourceDefinitions: `.spec.replicas`, `.metadata.labels['a.b']`, `.items[0]`,
 * `.items[*].name`, `.status.conditions[?(@.type=="Ready")].status`.
 */

type Step = (value: unknown) => readonly unknown[];

const TOKEN =
  /\.((?:[^.[\\]|\\.)+)|\['([^']*)'\]|\[(\d+)\]|\[(\*)\]|\[\?\(@\.([^=!]+?)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]/y;

/** The first value at `path` below `value`; undefined if there is none or the path cannot be read. */
export function firstAtPath(value: unknown, path: string): unknown {
  const steps = parsePath(path);
  if (steps === undefined) return undefined;
  let current: readonly unknown[] = [value];
  for (const step of steps) current = current.flatMap(step);
  return current[0];
}

/** The names along a path of plain members, `.spec.replicas` → `['spec', 'replicas']`. */
export function memberPath(path: string): readonly string[] {
  return path.split('.').filter((part) => part !== '');
}

function parsePath(path: string): readonly Step[] | undefined {
  const text = path.replace(/^\{(.*)\}$/, '$1');
  const steps: Step[] = [];
  let index = 0;
  while (index < text.length) {
    TOKEN.lastIndex = index;
    const match = TOKEN.exec(text);
    if (match == null) return undefined;
    steps.push(toStep(match));
    index = TOKEN.lastIndex;
  }
  return steps;
}

function toStep(match: RegExpExecArray): Step {
  const [, dotted, quoted, position, every, filterKey, doubleQuoted, singleQuoted] = match;
  if (dotted !== undefined) return member(dotted.replaceAll(/\\(.)/g, '$1'));
  if (quoted !== undefined) return member(quoted);
  if (position !== undefined)
    return (value) => (Array.isArray(value) ? value.slice(Number(position)).slice(0, 1) : []);
  if (every !== undefined) return (value) => (Array.isArray(value) ? value : []);
  const wanted = doubleQuoted ?? singleQuoted ?? '';
  const read = member(filterKey ?? '');
  return (value) => (Array.isArray(value) ? value.filter((item) => read(item)[0] === wanted) : []);
}

function member(key: string): Step {
  return (value) => (isJsonObject(value) && Object.hasOwn(value, key) ? [value[key]] : []);
}
