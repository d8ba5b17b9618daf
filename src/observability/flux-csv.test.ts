import { describe, expect, it } from 'vitest';
import { readFluxCsv } from './flux-csv.ts';

function rowsOf(text: string): readonly Readonly<Record<string, string>>[] {
  const rows: Record<string, string>[] = [];
  readFluxCsv(text, (cells, { columns }) => {
    rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])));
  });
  return rows;
}

const PLAIN = ',result,table,_time,_value,_field\r\n,_result,0,2026-01-01T00:00:00Z,4,gauge\r\n';
const ANNOTATED = `#group,false,false,true,false,true\r\n#datatype,string,long,dateTime:RFC3339,double,string\r\n#default,_result,,,,\r\n${PLAIN}\r\n`;

describe('annotated CSV', () => {
  it.each([
    ['without annotations', PLAIN],
    ['with annotations', ANNOTATED],
    ['with bare ends of lines', PLAIN.replaceAll('\r', '')],
    ['without an end of the last line', PLAIN.trimEnd()],
  ])('%s is read by the names of its columns', (_, text) => {
    expect(rowsOf(text)).toEqual([
      { '': '', result: '_result', table: '0', _time: '2026-01-01T00:00:00Z', _value: '4', _field: 'gauge' },
    ]);
  });

  it('may hold tables with columns of their own, in an order of their own', () => {
    const text = `${ANNOTATED}#group,false\r\n,result,table,_value,_time,url\r\n,,1,7,2026-01-01T00:00:01Z,a\r\n`;
    expect(rowsOf(text).map(({ _value }) => _value)).toEqual(['4', '7']);
  });

  it('may hold commas, quotes and ends of lines in cells', () => {
    const text = ',result,tag,_value\n,,"a,""b""\nc",5\n,,plain,6\n';
    expect(rowsOf(text).map(({ tag, _value }) => [tag, _value])).toEqual([
      ['a,"b"\nc', '5'],
      ['plain', '6'],
    ]);
  });

  it.each(['', '\r\n', '\r\n\r\n', ',result,table\r\n', ',result,"unended', '"'])(
    'may be empty: %j',
    (text) => {
      expect(rowsOf(text)).toEqual([]);
    },
  );
});
