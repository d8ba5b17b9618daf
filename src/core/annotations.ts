import { DURATION_EXPECTED, parseDuration } from './duration.ts';
import { editDistanceUpTo } from './edit-distance.ts';
import { compilePattern } from './pattern.ts';
import { POLICIES, type Policy } from './policy.ts';
import { fail, ok, type Result } from './result.ts';
import { findMalformedEntry } from './selection.ts';
import type { Workload, WorkloadKind } from './workload.ts';

export type { Policy } from './policy.ts';
export { selectsArtifact } from './selection.ts';

/** Which triggers may move a workload. */
export const EVENT_SOURCES = ['webhook', 'polling', 'both', 'none'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** The annotations of a workload; `lastUpdate` and `updateHistory` are written by Headwind itself. */
export const ANNOTATION = {
  policy: 'headwind.sh/policy',
  pattern: 'headwind.sh/pattern',
  requireApproval: 'headwind.sh/require-approval',
  minUpdateInterval: 'headwind.sh/min-update-interval',
  images: 'headwind.sh/images',
  eventSource: 'headwind.sh/event-source',
  pollingInterval: 'headwind.sh/polling-interval',
  autoRollback: 'headwind.sh/auto-rollback',
  rollbackTimeout: 'headwind.sh/rollback-timeout',
  healthCheckRetries: 'headwind.sh/health-check-retries',
  prerelease: 'headwind.sh/prerelease',
  trackDigest: 'headwind.sh/track-digest',
  paused: 'headwind.sh/paused',
  lastUpdate: 'headwind.sh/last-update',
  updateHistory: 'headwind.sh/update-history',
} as const;

export interface WorkloadSettings {
  readonly policy: Policy;
  /** Valid when `parseAnnotations` lists no problem. */
  readonly pattern?: string | undefined;
  readonly requireApproval: boolean;
  readonly minUpdateIntervalMs: number;
  /** Container names or image repositories, globs allowed; empty selects everything. */
  readonly images: readonly string[];
  readonly eventSource: EventSource;
  /** Absent where the global interval holds. */
  readonly pollingIntervalMs?: number | undefined;
  readonly autoRollback: boolean;
  readonly rollbackTimeoutMs: number;
  /** Consecutive failed checks that roll back, at least 1. */
  readonly healthCheckRetries: number;
  readonly prerelease: boolean;
  readonly trackDigest: boolean;
  readonly paused: boolean;
  /** When Headwind last changed the workload, in milliseconds since the epoch. */
  readonly lastUpdateMs?: number | undefined;
}

/** A value that cannot be understood: it blocks the artifact instead of becoming a default in silence. */
export interface AnnotationProblem {
  readonly key: string;
  /** As written, cut to 100 characters. */
  readonly value: string;
  /** What would be right. */
  readonly expected: string;
}

/** What holds where a workload of this kind does not say. */
const DEFAULT_EVENT_SOURCE: Readonly<Partial<Record<WorkloadKind, EventSource>>> = {
  // Discovery works out of the box: a chart's source need not be able to send webhooks.
  HelmRelease: 'both',
};

/** `parseAnnotations` of a workload. */
export function settingsOf(
  workload: Pick<Workload, 'annotations' | 'kind'>,
): ReturnType<typeof parseAnnotations> {
  return parseAnnotations(workload.annotations, workload.kind);
}

/**
 * Reads the annotations of a workload of any kind; of `kind`, where a default differs. Values are trimmed; names of policies, sources and truth values
 * are case-insensitive. Where a problem is listed the setting holds the value that changes least.
 */
export function parseAnnotations(
  annotations: Readonly<Record<string, string>>,
  kind?: WorkloadKind,
): {
  readonly settings: WorkloadSettings;
  readonly problems: readonly AnnotationProblem[];
} {
  const problems: AnnotationProblem[] = [];
  const read = <T>(key: string, parse: (text: string) => Result<T>, values: Values<T>): T => {
    const raw = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    if (raw === undefined) return values.absent;
    const parsed = parse(raw.trim());
    if (parsed.ok) return parsed.value;
    problems.push(problem(key, raw, parsed.error));
    return values.wrong;
  };

  const policy = read<Policy>(ANNOTATION.policy, oneOf(POLICIES), { absent: 'none', wrong: 'none' });
  const settings: WorkloadSettings = {
    policy,
    pattern: read(ANNOTATION.pattern, parsePattern, NOTHING),
    requireApproval: read(ANNOTATION.requireApproval, parseBoolean, { absent: true, wrong: true }),
    minUpdateIntervalMs: read(ANNOTATION.minUpdateInterval, durationFrom(0), FIVE_MINUTES),
    images: read(ANNOTATION.images, parseImages, { absent: [], wrong: [] }),
    eventSource: read<EventSource>(ANNOTATION.eventSource, oneOf(EVENT_SOURCES), {
      absent: (kind === undefined ? undefined : DEFAULT_EVENT_SOURCE[kind]) ?? 'webhook',
      wrong: 'none',
    }),
    pollingIntervalMs: read<number | undefined>(ANNOTATION.pollingInterval, durationFrom(1), NOTHING),
    autoRollback: read(ANNOTATION.autoRollback, parseBoolean, { absent: false, wrong: false }),
    rollbackTimeoutMs: read(ANNOTATION.rollbackTimeout, durationFrom(1), FIVE_MINUTES),
    healthCheckRetries: read(ANNOTATION.healthCheckRetries, parseRetries, { absent: 3, wrong: 3 }),
    prerelease: read(ANNOTATION.prerelease, parseBoolean, { absent: false, wrong: false }),
    trackDigest: read(ANNOTATION.trackDigest, parseBoolean, { absent: policy === 'force', wrong: false }),
    paused: read(ANNOTATION.paused, parseBoolean, { absent: false, wrong: true }),
    lastUpdateMs: read<number | undefined>(ANNOTATION.lastUpdate, parseLastUpdate, NOTHING),
  };
  if (policy === 'glob' && !Object.hasOwn(annotations, ANNOTATION.pattern)) {
    problems.push(problem(ANNOTATION.pattern, '', `${PATTERN_FORM}, because the policy is glob`));
  }
  problems.push(...findMisspelledKeys(annotations));
  return { settings, problems };
}

/** Whether the annotation `key` cannot be read: then its setting is a stand-in, and not what the workload says. */
export function isUnclear(problems: readonly AnnotationProblem[], key: string): boolean {
  return problems.some((problem) => problem.key === key);
}

interface Values<T> {
  readonly absent: T;
  readonly wrong: T;
}

const NOTHING = { absent: undefined, wrong: undefined } as const;
const FIVE_MINUTES = { absent: 300_000, wrong: 300_000 } as const;
const MAX_SHOWN_LENGTH = 100;
const MAX_RETRIES = 1_000;
const PREFIX = 'headwind.sh/';
const KNOWN_KEYS: ReadonlySet<string> = new Set(Object.values(ANNOTATION));
const PATTERN_FORM = 'a glob such as v1.*, or regex: and an RE2 expression';
const TRUE_WORDS: ReadonlySet<string> = new Set(['true', 'yes', '1', 'on']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['false', 'no', '0', 'off']);

function problem(key: string, value: string, expected: string): AnnotationProblem {
  const shown = value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}…` : value;
  return { key, value: shown, expected };
}

function oneOf<T extends string>(allowed: readonly T[]): (text: string) => Result<T> {
  return (text) => {
    const found = allowed.find((value) => value === text.toLowerCase());
    return found === undefined ? fail(`one of ${allowed.join(', ')}`) : ok(found);
  };
}

function parseBoolean(text: string): Result<boolean> {
  const lower = text.toLowerCase();
  if (TRUE_WORDS.has(lower)) return ok(true);
  return FALSE_WORDS.has(lower) ? ok(false) : fail('true or false (also yes, no, on, off, 1, 0)');
}

function durationFrom(minSeconds: number): (text: string) => Result<number> {
  return (text) => {
    const duration = parseDuration(text);
    const atLeast = minSeconds === 0 ? '' : ` and at least ${minSeconds}s`;
    return duration.ok && duration.value >= minSeconds * 1_000
      ? duration
      : fail(`${DURATION_EXPECTED}${atLeast}`);
  };
}

function parseRetries(text: string): Result<number> {
  const retries = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return retries >= 1 && retries <= MAX_RETRIES
    ? ok(retries)
    : fail(`a whole number from 1 to ${MAX_RETRIES}`);
}

function parsePattern(text: string): Result<string> {
  const pattern = compilePattern(text);
  return pattern.ok ? ok(text) : fail(`${PATTERN_FORM} (${pattern.error})`);
}

function parseImages(text: string): Result<readonly string[]> {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const wrong = findMalformedEntry(entries);
  return wrong === undefined
    ? ok(entries)
    : fail(`container names or image repositories without tag, separated by commas (${wrong})`);
}

const LAST_UPDATE =
  /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{1,12})?(Z|[+-]\d{2}:\d{2})(?: \(approved by .*\))?$/i;

/** Headwind 0.1 wrote `<time> (approved by <name>)` for some kinds, with up to nine decimals. */
function parseLastUpdate(text: string): Result<number> {
  const [, time = '', fraction = '', zone = ''] = LAST_UPDATE.exec(text) ?? [];
  const ms = Date.parse(`${time}${fraction.slice(0, 4)}${zone}`.toUpperCase());
  return Number.isNaN(ms) ? fail('an RFC 3339 time such as 2025-11-06T10:30:00Z') : ok(ms);
}

/** An unknown key far from every known one may belong to a newer Headwind, so it is left alone. */
function findMisspelledKeys(annotations: Readonly<Record<string, string>>): readonly AnnotationProblem[] {
  return Object.entries(annotations).flatMap(([key, value]) => {
    if (!key.startsWith(PREFIX) || KNOWN_KEYS.has(key)) return [];
    const near = [...KNOWN_KEYS].find((known) => editDistanceUpTo(2, known, key.toLowerCase()) !== undefined);
    return near === undefined ? [] : [problem(key, value, `the key ${near} (did you mean that?)`)];
  });
}
