import type { Clock } from '../../core/clock.ts';

export type Tone = 'plain' | 'good' | 'wait' | 'bad' | 'quiet';

/** One thing to tell. */
export interface Told {
  /** For programs, e.g. `request-created`. */
  readonly event: string;
  /** For people: one line. */
  readonly message: string;
  readonly tone?: Tone;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface Teller {
  tell(told: Told): void;
  /** Lines for people only: headings, hints, tables. */
  explain(lines: readonly string[]): void;
}

export interface TellerOptions {
  /** Takes one line without its end. */
  readonly write: (line: string) => void;
  readonly format: 'text' | 'json';
  readonly colours: boolean;
  readonly clock: Pick<Clock, 'now'>;
}

const COLOURS: Readonly<Record<Tone, string>> = { plain: '', good: '32', wait: '33', bad: '31', quiet: '2' };

/** Tells as text or as JSON lines. */
export function createTeller({ write, format, colours, clock }: TellerOptions): Teller {
  const paint = (text: string, tone: Tone): string =>
    colours && COLOURS[tone] !== '' ? `\u001B[${COLOURS[tone]}m${text}\u001B[0m` : text;
  if (format === 'json')
    return {
      tell: ({ event, message, fields = {} }) =>
        write(JSON.stringify({ timestamp: new Date(clock.now()).toISOString(), event, message, ...fields })),
      explain: () => {},
    };
  return {
    tell: ({ message, tone = 'plain' }) =>
      write(`${paint(timeOfDay(clock.now()), 'quiet')}  ${paint(message, tone)}`),
    explain: (lines) => {
      for (const line of lines) write(line);
    },
  };
}

function timeOfDay(nowMs: number): string {
  const date = new Date(nowMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** Rows as columns of equal width, two spaces between them. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<readonly number[]>(
    (wide, row) => row.map((cell, index) => Math.max(cell.length, wide[index] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
