import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { fetchArchive, fetchIndex, sha256 } from './published.ts';

const run = promisify(execFile);

export interface ChartsOptions {
  /** The program. */
  readonly helm: string;
  /** A packaged chart, as `helm package` names it. */
  readonly archive: string;
  /** Where archives and index go; made here. */
  readonly directory: string;
  /** What the address of that directory will be. */
  readonly url: string;
  /** The address of a repository whose versions are kept; none are unless told. */
  readonly published?: string | undefined;
}

/** Packages the chart in `source` into `directory`, and answers the path of the archive. */
export async function packageChart(helm: string, source: string, directory: string): Promise<string> {
  const { stdout } = await run(helm, ['package', source, '--destination', directory]);
  const path = /saved it to: (.+)$/m.exec(stdout)?.[1];
  if (path === undefined) throw new Error(`helm package says nothing of an archive: ${stdout}`);
  return path;
}

/**
 * Makes a chart repository of one archive and of all that is published: `index.yaml` and the archives that it names.
 * Answers their names, the new one first. Throws where a published version would be replaced by another of the same name, or
 * what is published cannot be had.
 */
export async function buildCharts(options: ChartsOptions): Promise<readonly string[]> {
  const { helm, archive, directory, url, published } = options;
  const file = basename(archive);
  const index = published === undefined ? undefined : await fetchIndex(published);
  const same = index?.charts.find((chart) => chart.file === file);
  const digest = sha256(await readFile(archive));
  if (same !== undefined && same.digest !== digest)
    throw new Error(
      `${published}/${file} is published with the SHA-256 sum ${same.digest}, and this one has ${digest}`,
    );

  await mkdir(directory, { recursive: true });
  await copyFile(archive, join(directory, file));
  const scratch = await mkdtemp(join(tmpdir(), 'headwind-pages-'));
  try {
    const merged = join(scratch, 'index.yaml');
    if (index !== undefined) await writeFile(merged, index.text);
    const merge = index === undefined ? [] : ['--merge', merged];
    await run(helm, ['repo', 'index', directory, '--url', url, ...merge]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }

  const earlier = (index?.charts ?? []).filter((chart) => chart.file !== file);
  // One after the other: it is a handful of small files.
  for (const chart of earlier)
    await writeFile(join(directory, chart.file), await fetchArchive(published ?? url, chart));
  return [file, ...earlier.map((chart) => chart.file)];
}
