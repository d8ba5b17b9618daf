import { redactText } from '../core/redact.ts';

/** The environment, as an argument. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable that cannot be used as it is. */
export interface ConfigProblem {
  readonly variable: string;
  /** As given, shortened and without what looks like a secret. */
  readonly value: string;
  /** What would be right. */
  readonly expected: string;
}

const MAX_SHOWN = 120;

/** A value as it may be shown: short and without secrets. */
export function showValue(text: string): string {
  const clean = redactText(text);
  return clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean;
}

/** The problems as lines for a person. */
export function formatProblems(problems: readonly ConfigProblem[]): readonly string[] {
  return problems.map(
    ({ variable, value, expected }) => `${variable}=${JSON.stringify(value)}: expected ${expected}`,
  );
}
