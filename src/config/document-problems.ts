import type { z } from 'zod';
import { showValue, type ConfigProblem } from './problem.ts';

/** What is wrong at one place of a configuration file, each unknown key for itself. */
export function problemsOf(issue: z.core.$ZodIssue, raw: unknown, file: string): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      variable: place(file, [...issue.path, key]),
      value: '…',
      expected: 'nothing: there is no setting of this name',
    }));
  const isKey = issue.code === 'invalid_key';
  const value = isKey ? issue.path.at(-1) : valueAt(raw, issue.path);
  const expected = isKey ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [{ variable: place(file, issue.path), value: showAny(value), expected }];
}

function showAny(value: unknown): string {
  return showValue(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = new Map<PropertyKey, unknown>(Object.entries(value)).get(String(key));
  }
  return value;
}

/** Names a place in a file: `registries.yaml: hosts["docker.io"].mirrors[0].host`. */
export function place(file: string, path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z]\w*$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
    })
    .join('')
    .replace(/^\./, '');
  return text === '' ? file : `${file}: ${text}`;
}
