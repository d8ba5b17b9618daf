/** Calls `onRow` for each row; `table` is another object for each table of the answer. */
export type OnFluxRow = (cells: readonly string[], table: FluxTable) => void;

/** The columns of rows that follow one another, and where each stands. */
export interface FluxTable {
  readonly columns: readonly string[];
  readonly index: ReadonlyMap<string, number>;
}

/**
 * Reads annotated CSV (https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv): tables with columns of
 * their own, a header each, with or without annotations. Columns count by their names, since their order is not promised.
 * What breaks off is read as far as it goes.
 */
export function readFluxCsv(text: string, onRow: OnFluxRow): void {
  let table: FluxTable | undefined;
  for (const cells of recordsOf(text)) {
    const isBlank = cells.length === 1 && cells[0] === '';
    if (isBlank || cells[0]?.startsWith('#') === true) {
      // Annotations stand before a header; a blank line ends a table.
      table = undefined;
    } else if (table === undefined) {
      table = { columns: cells, index: new Map(cells.map((column, index) => [column, index])) };
    } else {
      onRow(cells, table);
    }
  }
}

/** The records of a CSV (RFC 4180); an empty line is a record with one empty cell. */
function* recordsOf(text: string): Generator<readonly string[]> {
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, text[end - 1] === '\r' ? Math.max(at, end - 1) : end);
    if (!line.includes('"')) {
      at = end + 1;
      yield line.split(',');
    } else {
      const read = quotedRecord(text, at);
      at = read.next;
      yield read.cells;
    }
  }
}

/** One record with quoted cells, in which quotes are doubled and ends of lines are content. */
function quotedRecord(
  text: string,
  from: number,
): { readonly cells: readonly string[]; readonly next: number } {
  const cells: string[] = [];
  let at = from;
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    cells.push(cell.value);
    if (text[cell.next] !== ',') return { cells, next: afterLine(text, cell.next) };
    at = cell.next + 1;
  }
}

function plainCell(text: string, from: number): { readonly value: string; readonly next: number } {
  let next = from;
  while (next < text.length && !',\r\n'.includes(text[next] ?? '')) next += 1;
  return { value: text.slice(from, next), next };
}

function quotedCell(text: string, from: number): { readonly value: string; readonly next: number } {
  let value = '';
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { value: value + text.slice(at), next: text.length };
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, next: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}

function afterLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end + 1;
}
