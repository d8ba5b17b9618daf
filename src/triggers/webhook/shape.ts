import { z } from 'zod';

/** A string that only helps: anything else counts as absent. */
export const optionalText = z.string().nullish().catch(undefined);

/** Whether `value` is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of a JSON object at `path`; undefined where there is none. What only a prototype has is none. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (!isRecord(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** The string at `path` of a JSON object; undefined where there is none, or an empty one. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = member(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** JSON inside a string is read up to this many characters: hundreds of times what registries send so. */
export const MAX_INNER_LENGTH = 64 * 1024;

/** The JSON in a string, as some senders nest it; undefined where it is none or too long. */
export function parseInner(text: string): unknown {
  if (text.length > MAX_INNER_LENGTH) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The JSON in base64; undefined where it is none or too long. */
export function parseBase64(text: string): unknown {
  if (text.length > MAX_INNER_LENGTH) return undefined;
  return parseInner(Buffer.from(text, 'base64').toString('utf8'));
}
