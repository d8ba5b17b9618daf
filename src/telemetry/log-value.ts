import { isSecretKey, REDACTED, redactText } from '../core/redact.ts';

const MAX_DEPTH = 5;
const MAX_ITEMS = 50;
const MAX_TEXT = 4096;
const MAX_CAUSES = 5;

/**
 * A copy of `value` that can be written as JSON: bounded in depth, items and text, without secrets, and without the
 * things that JSON cannot say (cycles end at the greatest depth).
 */
export function toLogValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return toText(value);
    case 'bigint':
    case 'symbol':
      return value.toString();
    case 'function':
      return `[function ${value.name}]`;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'object':
      return value == null ? null : toLogObject(value, depth);
    case 'boolean':
    case 'undefined':
    default:
      return value;
  }
}

/** An error as fields: name, message, code and the chain of causes, without secrets and without the stack. */
export function toErrorFields(error: Error, depth = 0): Readonly<Record<string, unknown>> {
  const code: unknown = 'code' in error ? error.code : undefined;
  const cause: unknown = error.cause;
  return {
    name: error.name,
    message: toText(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause === undefined || depth >= MAX_CAUSES
      ? {}
      : {
          cause: cause instanceof Error ? toErrorFields(cause, depth + 1) : toLogValue(cause, MAX_DEPTH - 1),
        }),
  };
}

function toLogObject(value: object, depth: number): unknown {
  if (value instanceof Error) return toErrorFields(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof URL) return toText(value.href);
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return toLogValue(Object.fromEntries(value), depth);
  const items = value instanceof Set ? [...value] : value;
  if (Array.isArray(items)) return toLogArray(items, depth);
  return toLogRecord(value, depth);
}

function toLogArray(items: readonly unknown[], depth: number): unknown[] {
  const copy = items.slice(0, MAX_ITEMS).map((item) => toLogValue(item, depth + 1));
  if (items.length > MAX_ITEMS) copy.push(`[${items.length - MAX_ITEMS} more]`);
  return copy;
}

function toLogRecord(value: object, depth: number): Readonly<Record<string, unknown>> {
  const entries = Object.entries(value);
  const copy = entries
    .slice(0, MAX_ITEMS)
    .map(([key, item]: [string, unknown]): [string, unknown] => [
      key,
      isSecretKey(key) && item != null ? REDACTED : toLogValue(item, depth + 1),
    ]);
  if (entries.length > MAX_ITEMS) copy.push(['…', `[${entries.length - MAX_ITEMS} more]`]);
  return Object.fromEntries(copy);
}

function toText(text: string): string {
  return text.length <= MAX_TEXT
    ? redactText(text)
    : `${redactText(text.slice(0, MAX_TEXT))}… [${text.length - MAX_TEXT} more characters]`;
}
