import { fail, ok, type Result } from './result.ts';

/** From silent to talkative; a record is written if its level is not above the one allowed. */
const LEVELS = ['off', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LEVELS)[number];

/** One part of a filter: how much the targets that start with `target` may say. The empty target is the default. */
export interface LogDirective {
  readonly target: string;
  readonly level: LogLevel;
}

export type LogFilter = readonly LogDirective[];

/** The target of audit records. They are written whatever the general level is, unless they are named themselves. */
export const AUDIT_TARGET = 'headwind::audit';

const TARGET = /^[A-Za-z_][A-Za-z0-9_-]*(?:::[A-Za-z_][A-Za-z0-9_-]*)*$/;
const AUDIT: LogDirective = { target: AUDIT_TARGET, level: 'info' };

/** What is written when nobody says otherwise. */
export const DEFAULT_LOG_FILTER: LogFilter = [{ target: '', level: 'info' }, AUDIT];

/**
 * Reads a filter in the grammar of Rust's `RUST_LOG`: directives separated by commas, each a level (`info`), a target
 * (`headwind::registry`, everything of it) or `target=level`. The failure lists every directive that cannot be read.
 * Spans and fields in brackets are not supported. Levels may be written in any case.
 * (https://docs.rs/tracing-subscriber, "EnvFilter")
 */
export function parseLogFilter(text: string): Result<LogFilter, readonly string[]> {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const directives: LogDirective[] = [];
  const unknown: string[] = [];
  for (const part of parts) {
    const directive = parseDirective(part);
    if (directive === undefined) unknown.push(part);
    else directives.push(directive);
  }
  if (unknown.length > 0) return fail(unknown);
  if (directives.length === 0) return ok(DEFAULT_LOG_FILTER);
  return ok(directives.some((one) => one.target === AUDIT_TARGET) ? directives : [...directives, AUDIT]);
}

/** How much `target` may say: the longest directive that it starts with decides, of two equal ones the later. */
export function levelFor(filter: LogFilter, target: string): LogLevel {
  let best: LogDirective = { target: '', level: 'off' };
  for (const directive of filter) {
    if (target.startsWith(directive.target) && directive.target.length >= best.target.length) {
      best = directive;
    }
  }
  return best.level;
}

/** Whether a record of `level` is written where `allowed` is the most that may be said. */
export function isLevelEnabled(allowed: LogLevel, level: LogLevel): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(allowed);
}

function parseDirective(text: string): LogDirective | undefined {
  const level = parseLevel(text);
  if (level !== undefined) return { target: '', level };
  const equals = text.indexOf('=');
  if (equals < 0) {
    // A lone word that is none of our targets is a misspelt level more often than another program's target.
    const ours = TARGET.test(text) && (text === 'headwind' || text.startsWith('headwind::'));
    return ours ? { target: text, level: 'trace' } : undefined;
  }
  const target = text.slice(0, equals).trim();
  const named = parseLevel(text.slice(equals + 1).trim());
  return named !== undefined && TARGET.test(target) ? { target, level: named } : undefined;
}

function parseLevel(text: string): LogLevel | undefined {
  const lower = text.toLowerCase();
  return LEVELS.find((level) => level === lower);
}
