import { expect, it } from 'vitest';
import { describeChange } from './version-change.ts';

const image = (currentImage: string, newImage: string): Parameters<typeof describeChange>[0] => ({
  updateType: 'image',
  currentImage,
  newImage,
});
const DIGEST = `sha256:${'a'.repeat(64)}`;

it.each([
  ['1.2.3', '1.2.4', 'patch'],
  ['1.2.3', '1.3.0', 'minor'],
  ['v1.2.3', '2.0.0', 'major'],
  ['1.2.3-rc1', '1.2.3', 'prerelease'],
  ['1.2.3-alpine3.18', '1.2.3-alpine3.19', 'minor'],
  ['1.2.3', '1.2.2', 'downgrade'],
  ['latest', 'stable', 'unordered'],
  ['1.2.3', '1.2.4-alpine', 'unordered'],
])('%s -> %s is a change of kind %s', (from, to, kind) => {
  expect(describeChange(image(`nginx:${from}`, `nginx:${to}`))).toMatchObject({
    kind,
    name: 'nginx',
    from: { version: from },
    to: { version: to },
  });
});

it('tells a new digest under the same tag', () => {
  expect(describeChange(image('nginx:1', `nginx:1@${DIGEST}`))).toMatchObject({
    kind: 'digest',
    to: { version: '1', digest: DIGEST },
  });
});

it('shows the digest that the registry confirmed where the image names none', () => {
  const change = describeChange({ ...image('nginx:1.0', 'nginx:1.1'), newDigest: DIGEST });
  expect(change.to.digest).toBe(DIGEST);
});

it('reads charts', () => {
  const change = describeChange({
    updateType: 'helmChart',
    currentImage: 'podinfo:6.5.0',
    newImage: 'podinfo:6.5.1+build.7',
  });
  expect(change).toMatchObject({ kind: 'patch', name: 'podinfo', to: { version: '6.5.1+build.7' } });
});

it('shows what cannot be read as it stands', () => {
  expect(describeChange(image('NOT AN IMAGE', 'nginx:2'))).toMatchObject({
    kind: 'unordered',
    from: { version: 'NOT AN IMAGE' },
    to: { version: 'nginx:2' },
  });
});
