import { REDACTED } from '../core/redact.ts';
import { showValue, type Environment } from './problem.ts';
import { textOf } from './settings.ts';
import { VARIABLES, type Variable } from './variables.ts';

/** One row of the list of settings. */
export interface SettingRow {
  readonly variable: string;
  /** As it would be written; empty for "not set". */
  readonly fallback: string;
  readonly description: string;
}

/** All variables with their defaults and what they are for, in the table's order. */
export function listSettings(): readonly SettingRow[] {
  return Object.entries(VARIABLES).map(([variable, { shown, description }]) => ({
    variable,
    fallback: shown,
    description,
  }));
}

/** The same list as a Markdown table, for README.md. */
export function settingsMarkdown(): string {
  const rows = listSettings().map(
    ({ variable, fallback, description }) =>
      `| \`${variable}\` | ${fallback === '' ? 'not set' : `\`${fallback}\``} | ${description} |`,
  );
  return ['| Variable | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** What each variable is in `env`: as set there (without secrets), or by default. */
export function describeEnvironment(
  env: Environment,
): readonly (SettingRow & { readonly value: string; readonly isSet: boolean })[] {
  return listSettings().map((row) => {
    const text = textOf(env, row.variable);
    const shown = text === undefined ? row.fallback : isSecret(row.variable) ? REDACTED : showValue(text);
    return { ...row, isSet: text !== undefined, value: shown };
  });
}

function isSecret(name: string): boolean {
  return Object.entries<Variable<unknown>>(VARIABLES).some(
    ([variable, { isSecret: hidden }]) => variable === name && hidden === true,
  );
}
