import { copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCharts, packageChart } from './charts.ts';

export interface PagesOptions {
  /** The project's. */
  readonly root: string;
  /** The documentation site, as it was built. */
  readonly site: string;
  /** Where everything goes; what is there is removed first. */
  readonly directory: string;
  readonly helm: string;
  /** What the address of the site will be, without a slash at its end. */
  readonly url: string;
  /** The chart's archive; packaged here unless told. */
  readonly archive?: string | undefined;
  /** The address of the chart repository whose versions are kept. */
  readonly published?: string | undefined;
}

/**
 * Puts together what is served at `url`: the documentation, the chart repository in `charts`, `install.yaml`, and what
 * GitHub Pages wants to be told. Answers the names of the chart's archives. Throws as buildCharts does.
 */
export async function assemblePages(options: PagesOptions): Promise<readonly string[]> {
  const { root, site, directory, helm, url, published } = options;
  await rm(directory, { recursive: true, force: true });
  await cp(site, directory, { recursive: true });
  await copyFile(join(root, 'deploy/install.yaml'), join(directory, 'install.yaml'));
  await writeFile(join(directory, 'CNAME'), `${new URL(url).hostname}\n`);
  // The files are served as they are, those whose names begin with an underscore too.
  await writeFile(join(directory, '.nojekyll'), '');

  const scratch = await mkdtemp(join(tmpdir(), 'headwind-chart-'));
  try {
    const archive = options.archive ?? (await packageChart(helm, join(root, 'charts/headwind'), scratch));
    return await buildCharts({
      helm,
      archive,
      directory: join(directory, 'charts'),
      url: `${url}/charts`,
      published,
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
