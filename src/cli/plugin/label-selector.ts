import { UsageError } from '../exit.ts';

/** What `-l` asks for: all of its parts have to hold. */
export interface Selector {
  /** As given. */
  readonly text: string;
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

const KEY = String.raw`(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?`;
const VALUE = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?`;
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTENCE = new RegExp(`^(!?)\\s*(${KEY})$`);
const ONE_VALUE = new RegExp(`^${VALUE}$`);
const MAX_LENGTH = 4096;

/**
 * Reads a label selector (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors),
 * with the meaning that the API server gives it. Throws UsageError.
 */
export function readSelector(text: string): Selector {
  if (text.length > MAX_LENGTH) throw new UsageError(`--selector: expected at most ${MAX_LENGTH} characters`);
  // Commas between parentheses belong to a set.
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const requirements = parts.map((part) => {
    const requirement = readRequirement(part);
    if (requirement !== undefined) return requirement;
    throw new UsageError(
      `--selector "${text}": expected parts such as app=web, tier!=db, env in (a,b), canary or !canary`,
    );
  });
  return { text, matches: (labels = {}) => requirements.every((holds) => holds(labels)) };
}

function readRequirement(part: string): Requirement | undefined {
  return readEquality(part) ?? readSet(part) ?? readExistence(part);
}

function readEquality(part: string): Requirement | undefined {
  const [whole, key = '', operator, value = ''] = EQUALITY.exec(part) ?? [];
  if (whole === undefined) return undefined;
  return (labels) => (valueOf(labels, key) === value) === (operator !== '!=');
}

/** An object without the key is in no set. */
function readSet(part: string): Requirement | undefined {
  const [whole, key = '', operator, list = ''] = SET.exec(part) ?? [];
  const values = list.split(',').map((value) => value.trim());
  if (whole === undefined || !values.every((value) => ONE_VALUE.test(value))) return undefined;
  return (labels) => {
    const own = valueOf(labels, key);
    return (own !== undefined && values.includes(own)) === (operator === 'in');
  };
}

function readExistence(part: string): Requirement | undefined {
  const [whole, not, key = ''] = EXISTENCE.exec(part) ?? [];
  if (whole === undefined) return undefined;
  return (labels) => (valueOf(labels, key) === undefined) === (not === '!');
}

function valueOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
