import { describe, expect, it } from 'vitest';
import { parseImageReference, type ImageReference } from './image-reference.ts';
import { findMalformedEntry, selectsArtifact } from './selection.ts';

function reference(text: string): ImageReference {
  const parsed = parseImageReference(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('selectsArtifact', () => {
  it.each<[string, string[], string, string, boolean]>([
    ['no entries select everything', [], 'web', 'nginx:1', true],
    ['a container name', ['web'], 'web', 'ghcr.io/acme/shop:1', true],
    ['another container name', ['api'], 'web', 'ghcr.io/acme/shop:1', false],
    ['part of a name', ['we'], 'web', 'ghcr.io/acme/web-x:1', false],
    ['a short image name', ['nginx'], 'web', 'nginx:1', true],
    ['a short name against the long one', ['nginx'], 'web', 'docker.io/library/nginx:1', true],
    ['a long name against the short one', ['index.docker.io/library/nginx'], 'web', 'nginx:1', true],
    ['an image of somebody else', ['nginx'], 'web', 'acme/nginx:1', false],
    ['the same path on another host', ['ghcr.io/acme/shop'], 'web', 'quay.io/acme/shop:1', false],
    ['a host in capitals', ['GHCR.io/acme/shop'], 'web', 'ghcr.io/acme/shop:1', true],
    ['a port', ['reg:5000/x/y'], 'web', 'reg:5000/x/y:1', true],
    ['another port', ['reg:5000/x/y'], 'web', 'reg:5001/x/y:1', false],
    ['a pinned image', ['acme/shop'], 'web', `acme/shop:1@sha256:${'a'.repeat(64)}`, true],
    ['a glob over container names', ['web-*'], 'web-1', 'nginx:1', true],
    ['a glob over images', ['ghcr.io/acme/*'], 'web', 'ghcr.io/acme/shop:1', true],
    ['a glob over images of another host', ['ghcr.io/acme/*'], 'web', 'quay.io/acme/shop:1', false],
    ['a glob over all Docker Hub spellings', ['index.docker.io/library/*'], 'web', 'nginx:1', true],
    ['a glob without host on Docker Hub', ['ngin?'], 'web', 'docker.io/library/nginx:1', true],
    ['a glob without host elsewhere', ['acme/*'], 'web', 'ghcr.io/acme/shop:1', false],
    ['a glob over hosts', ['*/acme/shop'], 'web', 'ghcr.io/acme/shop:1', true],
    ['one of several', ['api', 'web'], 'web', 'nginx:1', true],
    ['a glob that cannot be read selects nothing', ['web['], 'web', 'nginx:1', false],
  ])('%s', (...[, images, name, image, expected]) => {
    expect(selectsArtifact(images, name, reference(image))).toBe(expected);
  });
});

describe('findMalformedEntry', () => {
  it.each([
    [['nginx', 'ghcr.io/acme/*', 'reg:5000/x'], undefined],
    [['nginx:1.25'], 'has a tag or digest'],
    [['Shop'], 'not an image reference'],
    [['shop['], '"shop["'],
    [Array.from({ length: 101 }, () => 'a'), 'at most 100'],
  ])('%j: %s', (entries, why) => {
    const found = findMalformedEntry(entries);
    expect(why === undefined ? found : found?.includes(why)).toBe(why === undefined ? undefined : true);
  });
});
