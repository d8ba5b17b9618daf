import { isatty } from 'node:tty';
import { createLineWriter } from '../telemetry/line-writer.ts';

/** Where a program writes to. Lines come without their end. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  /** Whether a person reads `out` directly. */
  readonly isInteractive: boolean;
  /** Whether colours are wanted there. */
  readonly colours: boolean;
  /** Gives a slow reader a last chance before the process exits. */
  flush(): void;
}

/** The process's own standard streams. Colours need a terminal and no `NO_COLOR` (https://no-color.org). */
export function createTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const out = createLineWriter(1);
  const err = createLineWriter(2);
  const isInteractive = isatty(1);
  return {
    out: (line) => out.write(line),
    err: (line) => err.write(line),
    isInteractive,
    colours: isInteractive && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
    flush: () => {
      out.flush();
      err.flush();
    },
  };
}
