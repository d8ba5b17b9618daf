import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Source } from './config.ts';

const Package = z.object({ version: z.string() });
const Epoch = z.coerce.number().int().nonnegative();

/**
 * What is built: the version of package.json, and the commit with its time. SOURCE_DATE_EPOCH goes before that time
 * (https://reproducible-builds.org/specs/source-date-epoch/), HEADWIND_REVISION before that commit, for places without
 * the repository. Where files differ from the commit, the revision ends with `-dirty`.
 */
export async function readSource(root: string, env: NodeJS.ProcessEnv): Promise<Source> {
  const { version } = Package.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const git = async (...words: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', ['-C', root, ...words])).stdout.trim();
  const [commit, time] = await git('log', '-1', '--format=%H %ct').then(
    (line) => line.split(' '),
    () => [],
  );
  const changed = commit === undefined ? '' : await git('status', '--porcelain', '--untracked-files=no');
  const revision = commit === undefined || changed === '' ? commit : `${commit}-dirty`;
  return {
    version,
    revision: given(env['HEADWIND_REVISION']) ?? revision,
    epoch: epochOf(given(env['SOURCE_DATE_EPOCH']) ?? time ?? '0'),
  };
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function epochOf(text: string): number {
  const epoch = Epoch.safeParse(text);
  if (!epoch.success)
    throw new Error(
      `SOURCE_DATE_EPOCH is ${JSON.stringify(text)}; it must be whole seconds since 1970, such as 1767225600`,
    );
  return epoch.data;
}
