import { load } from 'js-yaml';
import { z } from 'zod';

const Package = z.object({ version: z.string() });
const Chart = z.object({ version: z.string(), appVersion: z.string() });

/** The files that name the version, by what they hold. */
export interface VersionedFiles {
  readonly 'package.json': string;
  readonly 'charts/headwind/Chart.yaml': string;
  readonly 'deploy/install.yaml': string;
  readonly 'CHANGELOG.md': string;
}

/** Why `tag`, such as `v1.2.3`, is not the version of these files, one sentence each; none where all is well. */
export function versionProblems(tag: string, files: VersionedFiles): readonly string[] {
  const version = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1];
  if (version === undefined) return [`the tag "${tag}" is no version: expected one such as v1.2.3`];
  const chart = Chart.parse(load(files['charts/headwind/Chart.yaml']));
  const image = /image: ghcr\.io\/headwind-sh\/headwind:(\S+)/.exec(files['deploy/install.yaml'])?.[1];
  const found: readonly (readonly [string, string | undefined])[] = [
    ['package.json: version', Package.parse(JSON.parse(files['package.json'])).version],
    ['charts/headwind/Chart.yaml: version', chart.version],
    ['charts/headwind/Chart.yaml: appVersion', chart.appVersion],
    ['deploy/install.yaml: the image', image],
  ];
  const problems = found
    .filter(([, is]) => is !== version)
    .map(([where, is]) => `${where} is ${is ?? 'not there'}, and the tag is ${tag}`);
  return files['CHANGELOG.md'].includes(`\n## [${version}]`)
    ? problems
    : [...problems, `CHANGELOG.md has no section [${version}]`];
}
