import { redactText } from '../core/redact.ts';
import { visible } from '../core/visible.ts';

/** One record before it is written. */
export interface LogRecord {
  readonly timestamp: string;
  readonly level: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly target: string;
  readonly message: string;
  /** Redacted and bounded. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const COLOURS = { DEBUG: 90, INFO: 32, WARN: 33, ERROR: 31 } as const;
const DIM = 2;
const PLAIN_VALUE = /^[\w./:@+=-]+$/;
/** Writes records for people at a terminal: time, level, target, message, fields. Control characters are escaped. */
export function formatPretty(colours: boolean): (record: LogRecord) => string {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  return ({ timestamp, level, target, message, fields }) => {
    const time = timestamp.slice(11, 23);
    const place = target.replace(/^headwind::/, '');
    const data = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${paint(DIM, `${visible(key)}=`)}${formatValue(value)}`);
    const head = `${paint(DIM, time)} ${paint(COLOURS[level], level.padStart(5))} ${paint(DIM, place)}`;
    return [head, visible(redactText(message)), ...data].join(' ');
  };
}

function formatValue(value: unknown): string {
  if (typeof value === 'string') return PLAIN_VALUE.test(value) ? value : visible(JSON.stringify(value));
  return visible(JSON.stringify(value) ?? 'undefined');
}
