import { describe, expect, it } from 'vitest';
import { aChart, aContainer } from '../../test/builders.ts';
import {
  isSameArtifact,
  parseArtifact,
  parseRequested,
  repositoryKeyOf,
  requestedTag,
} from './artifact-reference.ts';

const REPOSITORY = { host: 'reg.example.com', path: 'charts/nginx' };

describe('reading what an artifact runs', () => {
  it.each([
    ['a version', 'nginx:1.2.3', { name: 'nginx', tag: '1.2.3' }],
    ['build metadata', 'nginx:1.2.3+up1.2', { name: 'nginx', tag: '1.2.3+up1.2' }],
    ['a v in front', 'nginx:v1.2.3', { name: 'nginx', tag: 'v1.2.3' }],
    ['a range, as it is written', 'nginx:>=1.0.0 <2', { name: 'nginx', tag: '>=1.0.0 <2' }],
    ['any version', 'nginx:*', { name: 'nginx', tag: '*' }],
    ['no version', 'nginx', { name: 'nginx', tag: undefined }],
    ['capitals and dots in the name', 'My.Chart:1.0.0', { name: 'My.Chart', tag: '1.0.0' }],
    ['a path in a repository', 'team/nginx:1.0.0', { name: 'team/nginx', tag: '1.0.0' }],
    ['a path in a directory', './charts/web:1.0.0', { name: './charts/web', tag: '1.0.0' }],
  ])('a chart with %s', (_, image, expected) => {
    expect(parseArtifact(aChart({ image }))).toMatchObject({
      ok: true,
      value: { type: 'chart', ...expected },
    });
  });

  it.each([
    ['nothing at all', ''],
    ['no name', ':1.0.0'],
    ['no version behind the colon', 'nginx:'],
    ['a version without an end', `nginx:${'1'.repeat(300)}`],
    ['blanks in the name', 'ng inx:1.0.0'],
  ])('refuses a chart with %s', (_, image) => {
    expect(parseArtifact(aChart({ image }))).toMatchObject({ ok: false });
  });

  it('reads the same text as an image where it is one', () => {
    const image = parseArtifact(aContainer({ image: 'nginx:1.2.3' }));
    expect(image).toMatchObject({ ok: true, value: { repository: { host: 'docker.io' } } });
    expect(parseRequested({ updateType: 'image' }, 'nginx:1.2.3')).toEqual(image);
  });

  it.each<[string, 'image' | 'helmChart', string, string | undefined]>([
    ['of a chart', 'helmChart', 'nginx:1.2.3+b', '1.2.3+b'],
    ['of an image', 'image', 'nginx:1.2.3', '1.2.3'],
    ['of what is none, which has none', 'image', 'nginx:1.2.3+b', undefined],
  ])('knows the version %s that is asked for', (_, updateType, newImage, expected) => {
    expect(requestedTag({ updateType, newImage })).toBe(expected);
  });
});

describe('isSameArtifact', () => {
  it.each<['image' | 'helmChart', string, string, boolean]>([
    ['helmChart', 'nginx:1.0.0', 'nginx:2.0.0', true],
    ['helmChart', 'nginx:1.0.0', 'redis:1.0.0', false],
    ['image', 'nginx:1', 'docker.io/library/nginx:2', true],
    ['image', 'nginx:1', 'reg.example.com/nginx:1', false],
  ])('of a %s: %s and %s', (updateType, a, b, expected) => {
    const [left, right] = [parseRequested({ updateType }, a), parseRequested({ updateType }, b)];
    expect(left.ok && right.ok && isSameArtifact(left.value, right.value)).toBe(expected);
  });

  it('a chart is no image of the same name', () => {
    const chart = parseRequested({ updateType: 'helmChart' }, 'nginx:1.0.0');
    const image = parseRequested({ updateType: 'image' }, 'nginx:1.0.0');
    expect(chart.ok && image.ok && isSameArtifact(chart.value, image.value)).toBe(false);
  });
});

describe('repositoryKeyOf', () => {
  it.each([
    ['an image', aContainer({ image: 'nginx:1' }), 'docker.io/library/nginx'],
    ['what is no image', aContainer({ image: 'NGINX' }), undefined],
    [
      'a chart in a registry',
      aChart({ release: { repository: REPOSITORY } }),
      'reg.example.com/charts/nginx',
    ],
    [
      'a chart in a registry whose version is a range',
      aChart({ image: 'nginx:1.x', release: { repository: REPOSITORY } }),
      'reg.example.com/charts/nginx',
    ],
    ['a chart in an index', aChart(), undefined],
  ])('of %s', (_, artifact, expected) => {
    expect(repositoryKeyOf(artifact)).toBe(expected);
  });
});
