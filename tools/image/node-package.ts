import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ARCHITECTURES, NODE_VERSION, type Architecture } from './config.ts';
import { MissingInputError, reasonOf } from './missing-input.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 300_000;

/** What the image takes from Node's package. */
export interface NodePackage {
  readonly program: Buffer;
  readonly license: Buffer;
}

/**
 * Downloads Node's package for an architecture, which need not be that of this machine, with npm, unless the cache holds
 * it. Throws a MissingInputError where it cannot be had, or is not the one whose sum is written down.
 */
export async function downloadNode(
  architecture: Architecture,
  { cache, say }: { readonly cache: string; readonly say: (line: string) => void },
): Promise<NodePackage> {
  const { package: name, integrity } = ARCHITECTURES[architecture].node;
  const directory = join(cache, 'node');
  const archive = join(directory, `${name}-${NODE_VERSION}.tgz`);
  await mkdir(directory, { recursive: true });
  if ((await integrityOf(archive)) !== integrity) {
    say(`fetches Node.js ${NODE_VERSION} for ${architecture}`);
    const words = ['pack', '--loglevel=error', `--pack-destination=${directory}`, `${name}@${NODE_VERSION}`];
    await run('npm', words, { timeout: TIMEOUT_MS }).catch((cause: unknown) => {
      const reason = reasonOf(cause);
      throw new MissingInputError(`npm could not fetch ${name}@${NODE_VERSION} for the image: ${reason}`, {
        cause,
      });
    });
    const found = await integrityOf(archive);
    if (found !== integrity) {
      await rm(archive, { force: true });
      throw new MissingInputError(
        `${name}@${NODE_VERSION} has the sum ${found ?? '(none)'}, and tools/image/config.ts says ${integrity}`,
      );
    }
  }
  const [program, license] = await Promise.all(
    ['package/bin/node', 'package/LICENSE'].map(async (path) => extract(archive, path)),
  );
  if (program === undefined || license === undefined) throw new Error(`${archive} is not as expected`);
  return { program, license };
}

async function integrityOf(path: string): Promise<string | undefined> {
  const content = await readFile(path).catch(() => undefined);
  return content === undefined
    ? undefined
    : `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

async function extract(archive: string, path: string): Promise<Buffer> {
  const { stdout } = await run('tar', ['--extract', '--gzip', '--file', archive, '--to-stdout', path], {
    encoding: 'buffer',
    maxBuffer: 512 * 1024 * 1024,
    timeout: TIMEOUT_MS,
  });
  return stdout;
}
