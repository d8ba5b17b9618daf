import { fail, ok, type Result } from '../core/result.ts';
import type { ConfigProblem } from './problem.ts';
import type { Reader } from './values.ts';
import { codeOf } from './yaml-document.ts';

const SHORTEST = 32;
const LONGEST = 1024;
const MAX_KEYS = 5;
const EXPECTED = `a random text of ${SHORTEST} to ${LONGEST} characters without spaces, such as openssl rand -base64 32 prints`;

/** What the sessions of the dashboard are sealed with. */
export const readSessionKey: Reader<string> = (text) => (isKey(text) ? ok(text) : fail(EXPECTED));

/**
 * The keys for sessions: that of the variable, or those in the file, one a line, of which the first seals and all open.
 * None where neither is given.
 */
export async function readSessionKeys({
  key,
  file,
  readFile,
}: {
  readonly key: string | undefined;
  readonly file: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<Result<readonly string[], readonly ConfigProblem[]>> {
  const own = key === undefined ? [] : [key];
  if (file === undefined) return ok(own);
  const bad = (expected: string): Result<never, readonly ConfigProblem[]> =>
    fail([{ variable: 'HEADWIND_SESSION_KEY_FILE', value: file, expected }]);
  try {
    const lines = (await readFile(file)).split('\n').map((line) => line.trim());
    const keys = lines.filter((line) => line !== '');
    if (keys.length === 0 || keys.length > MAX_KEYS || !keys.every(isKey))
      return bad(`a file with 1 to ${MAX_KEYS} keys, one a line, each ${EXPECTED}`);
    return ok([...keys, ...own]);
  } catch (error) {
    return bad(`a file that can be read${codeOf(error)}`);
  }
}

function isKey(text: string): boolean {
  return text.length >= SHORTEST && text.length <= LONGEST && /^[\x21-\x7e]+$/.test(text);
}
