import { toErrorFields, toLogValue } from './log-value.ts';
import type { Clock } from '../core/clock.ts';
import { isLevelEnabled, levelFor, type LogFilter, type LogLevel } from '../core/log-filter.ts';
import { redactText } from '../core/redact.ts';
import { formatPretty, type LogRecord } from './pretty.ts';

/** Writes records of one target. Messages are constant texts; what varies goes into the fields. */
export interface Log {
  /** What helps to find a fault. */
  debug(fields: object, message: string): void;
  /** What an operator wants to know; also mistakes of users. */
  info(fields: object, message: string): void;
  /** What somebody should look at, while work goes on. */
  warn(fields: object, message: string): void;
  /** Our own fault, or the end. */
  error(fields: object, message: string): void;
}

export interface LogRoot {
  /** The log of one part of the program, e.g. `headwind::webhook`. */
  target(name: string): Log;
  /** From now on another filter counts, also for the logs handed out before. */
  setFilter(filter: LogFilter): void;
}

export interface LogRootOptions {
  readonly filter: LogFilter;
  readonly format: 'json' | 'pretty';
  /** Takes one line without its end. Must not throw. */
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, 'now'>;
  /** Whether the pretty format may use colours. */
  readonly colours?: boolean;
  /** Fields that every record gets at the moment that it is written, such as the trace that it belongs to. */
  readonly ambient?: () => Readonly<Record<string, string>> | undefined;
}

const LABELS = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
type Severity = keyof typeof LABELS;

/**
 * The origin of all logs. In the format `json` each record is one line
 * `{"timestamp","level","target","fields":{"message",…}}`, the shape of Rust's tracing. Fields are copied at once,
 * bounded in depth and size, and secrets are taken out; errors become `{name, message, code?, cause?}`.
 */
export function createLogRoot(options: LogRootOptions): LogRoot {
  const { clock, write, ambient } = options;
  const format = options.format === 'json' ? formatJson : formatPretty(options.colours ?? false);
  const allowed = new Map<string, LogLevel>();
  let filter = options.filter;

  const allowedFor = (target: string): LogLevel => {
    const known = allowed.get(target);
    if (known !== undefined) return known;
    const level = levelFor(filter, target);
    allowed.set(target, level);
    return level;
  };

  const writer =
    (target: string, severity: Severity) =>
    (fields: object, message: string): void => {
      if (!isLevelEnabled(allowedFor(target), severity)) return;
      const timestamp = new Date(clock.now()).toISOString();
      const all = { ...toFields(fields), ...ambient?.() };
      write(format({ timestamp, level: LABELS[severity], target, message, fields: all }));
    };

  return {
    target: (name) => ({
      debug: writer(name, 'debug'),
      info: writer(name, 'info'),
      warn: writer(name, 'warn'),
      error: writer(name, 'error'),
    }),
    setFilter: (next) => {
      filter = next;
      allowed.clear();
    },
  };
}

/** The fields of a record; an error given in their place counts as the field `error`. */
function toFields(fields: object): Readonly<Record<string, unknown>> {
  if (fields instanceof Error) return { error: toErrorFields(fields) };
  const value = toLogValue(fields);
  return typeof value === 'object' && value != null && !Array.isArray(value) ? { ...value } : { value };
}

function formatJson(record: LogRecord): string {
  const { timestamp, level, target, message, fields } = record;
  return JSON.stringify({
    timestamp,
    level,
    target,
    fields: { ...fields, message: redactText(message) },
  });
}
