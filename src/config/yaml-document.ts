import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { fail, ok, type Result } from '../core/result.ts';
import type { ConfigProblem } from './problem.ts';

/** A file of the configuration, and how files are read. */
export interface ConfigFile {
  readonly file: string;
  readonly readFile: (path: string) => Promise<string>;
}

const MAX_LENGTH = 1024 * 1024;

/** The one YAML document in a file; `variable` is the setting that names the file. */
export async function readYamlDocument(
  variable: string,
  { file, readFile }: ConfigFile,
): Promise<Result<unknown, ConfigProblem>> {
  const bad = (expected: string): Result<never, ConfigProblem> => fail({ variable, value: file, expected });
  let text;
  try {
    text = await readFile(file);
  } catch (error) {
    return bad(`a file that can be read${codeOf(error)}`);
  }
  const parsed = parseYamlDocument(text);
  return parsed.ok ? parsed : bad(parsed.error);
}

/** The one YAML document that a text is; the failure says what would be right. */
export function parseYamlDocument(text: string): Result<unknown> {
  if (text.length > MAX_LENGTH) return fail('a file of at most 1 MiB');
  try {
    const [document, second] = loadAll(text);
    return second === undefined ? ok(document) : fail('one YAML document');
  } catch (error) {
    return fail(`a YAML file${placeOf(error)}`);
  }
}

/** What the system says about a failure, for the end of a message; empty where it says nothing. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}

const Marked = z.object({ mark: z.object({ line: z.number() }) });

function placeOf(error: unknown): string {
  const parsed = Marked.safeParse(error);
  return parsed.success ? ` (line ${parsed.data.mark.line + 1} is none)` : '';
}
