import { fail, ok, type Result } from '../core/result.ts';
import type { ConfigProblem } from './problem.ts';
import { readToken } from './values.ts';
import { codeOf } from './yaml-document.ts';

/** The token for InfluxDB: that of the variable, else the content of the file. None where neither is given. */
export async function readInfluxTokenOf({
  token,
  file,
  readFile,
}: {
  readonly token: string | undefined;
  readonly file: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<Result<string | undefined, readonly ConfigProblem[]>> {
  if (file === undefined || token !== undefined) return ok(token);
  const bad = (expected: string): Result<never, readonly ConfigProblem[]> =>
    fail([{ variable: 'HEADWIND_INFLUXDB_TOKEN_FILE', value: file, expected }]);
  try {
    const read = readToken((await readFile(file)).trim());
    return read.ok ? read : bad(`a file that holds ${read.error}`);
  } catch (error) {
    return bad(`a file that can be read${codeOf(error)}`);
  }
}
