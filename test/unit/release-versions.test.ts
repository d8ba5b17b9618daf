import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { versionProblems, type VersionedFiles } from '../../tools/release/versions.ts';

const files: VersionedFiles = {
  'package.json': '{"name": "headwind", "version": "1.2.3"}',
  'charts/headwind/Chart.yaml': 'name: headwind\nversion: 1.2.3\nappVersion: "1.2.3"\n',
  'deploy/install.yaml': '      containers:\n        - image: ghcr.io/headwind-sh/headwind:1.2.3\n',
  'CHANGELOG.md': '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-02\n',
};
const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

describe('the tag of a release', () => {
  it('is that of all files', () => {
    expect(versionProblems('v1.2.3', files)).toEqual([]);
  });

  it.each([
    ['has no v', '1.2.3', files, 'the tag "1.2.3" is no version'],
    ['is empty', '', files, 'the tag "" is no version'],
    [
      'is not that of the package',
      'v1.2.3',
      { ...files, 'package.json': '{"version": "1.2.4"}' },
      'package.json: version is 1.2.4, and the tag is v1.2.3',
    ],
    [
      'is not that of the chart',
      'v1.2.3',
      { ...files, 'charts/headwind/Chart.yaml': 'version: 1.2.2\nappVersion: 1.2.3\n' },
      'charts/headwind/Chart.yaml: version is 1.2.2, and the tag is v1.2.3',
    ],
    [
      'is not that of the program in the chart',
      'v1.2.3',
      { ...files, 'charts/headwind/Chart.yaml': 'version: 1.2.3\nappVersion: 1.2.2\n' },
      'charts/headwind/Chart.yaml: appVersion is 1.2.2, and the tag is v1.2.3',
    ],
    [
      'is not that of the image in the manifests',
      'v1.2.3',
      { ...files, 'deploy/install.yaml': 'kind: List\n' },
      'deploy/install.yaml: the image is not there, and the tag is v1.2.3',
    ],
    [
      'is not in the changelog',
      'v1.2.3',
      { ...files, 'CHANGELOG.md': '# Changelog\n\n## [Unreleased]\n' },
      'CHANGELOG.md has no section [1.2.3]',
    ],
  ])('that %s is refused', (_, tag, wrong, problem) => {
    expect(versionProblems(tag, wrong)).toEqual([expect.stringContaining(problem)]);
  });

  it('can be that of the files as they are, once the changelog has its section', () => {
    const { version } = JSON.parse(read('package.json'));
    const real = {
      'package.json': read('package.json'),
      'charts/headwind/Chart.yaml': read('charts/headwind/Chart.yaml'),
      'deploy/install.yaml': read('deploy/install.yaml'),
      'CHANGELOG.md': `\n## [${version}]`,
    };
    expect(versionProblems(`v${version}`, real)).toEqual([]);
  });
});
