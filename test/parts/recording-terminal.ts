import type { Terminal } from '../../src/cli/terminal.ts';

export interface RecordingTerminal extends Terminal {
  readonly outLines: readonly string[];
  readonly errLines: readonly string[];
}

/** A terminal for tests: keeps what it is told instead of showing it. */
export function createRecordingTerminal(kind: { readonly colours?: boolean } = {}): RecordingTerminal {
  const outLines: string[] = [];
  const errLines: string[] = [];
  return {
    outLines,
    errLines,
    out: (line) => outLines.push(line),
    err: (line) => errLines.push(line),
    isInteractive: kind.colours ?? false,
    colours: kind.colours ?? false,
    flush: () => {},
  };
}
