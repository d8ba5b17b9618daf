import type { Log, LogRoot } from './log.ts';

/** A record as it was given, before redaction. */
export interface RecordedEntry {
  readonly level: keyof Log;
  readonly target: string;
  readonly fields: object;
  readonly message: string;
}

export interface RecordingLog extends LogRoot {
  /** In the order in which they were written. */
  readonly entries: readonly RecordedEntry[];
}

/** A log for tests: keeps what it is told instead of writing it. */
export function createRecordingLog(): RecordingLog {
  const entries: RecordedEntry[] = [];
  return {
    entries,
    setFilter: () => {},
    target: (target) => {
      const keep = (level: keyof Log) => (fields: object, message: string) => {
        entries.push({ level, target, fields, message });
      };
      return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
    },
  };
}
